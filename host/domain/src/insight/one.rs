//! The same words for one person, from their own rows.

use serde::Serialize;

use super::band::Band;
use super::count::Sighting;
use super::hours::{Clock, Hours};
use super::reach::{Answers, Channel, Unreachable};
use super::traits::{AgeBand, Gender};
use super::{Concern, Purchases, SHOWN};
use crate::Millis;
use crate::person::{HeldTag, Role, Stage, WEIGHT_MIN};
use crate::segment::bounds::today;

/// What is read of one person, and of everybody who was joined in them.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnRows {
    /// What portraits count of everybody.
    pub sighting: Sighting,
    /// Orders by hour of the week.
    pub hours: Hours,
    /// Their tags.
    pub tags: Vec<HeldTag>,
    /// Messages by channel.
    pub answers: Vec<Answers>,
}

/// What one person is like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnPortrait {
    /// How far the person has come.
    pub stage: Stage,
    /// What the person is to the brand, besides a consumer.
    pub roles: Vec<Role>,
    /// As the attribute `gender` says; nothing if it says nothing known.
    pub gender: Option<Gender>,
    /// Whole years since the attribute `birthday`, else the attribute `age`; nothing if neither can be true.
    pub age: Option<u8>,
    /// The age among others of the band.
    pub age_band: Option<AgeBand>,
    /// The attribute `city`.
    pub city: Option<String>,
    /// The attribute `province`.
    pub province: Option<String>,
    /// The attribute `country`.
    pub country: Option<String>,
    /// The channel of the first contact.
    pub first_channel: Option<String>,
    /// How long ago the last own event was.
    pub band: Band,
    /// That event; nothing if there was none.
    pub last_seen: Option<Millis>,
    /// What the person bought.
    pub purchases: Purchases,
    /// When: orders that are not wholly refunded, by hour of the week in `time_zone`.
    pub hours: Hours,
    /// The day of the week with the most orders, 0 for Monday; nothing without orders.
    pub best_day: Option<usize>,
    /// The hour of the day with the most orders; nothing without orders.
    pub best_hour: Option<usize>,
    /// The brand's time zone.
    pub time_zone: String,
    /// What the person cares about: tags by what is left of their weight, at most 20.
    pub concerns: Vec<Concern>,
    /// Reachability by channel.
    pub channels: Vec<OwnChannel>,
}

/// Whether a channel reaches a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnChannel {
    /// The channel.
    pub channel: String,
    /// Whether a marketing message could be sent now.
    pub reachable: bool,
    /// Why not.
    pub reason: Option<Unreachable>,
    /// Whether a message that was decided in the last 90 days was sent.
    pub sent: bool,
    /// Whether one of these was answered within 7 days; nothing if none was sent.
    pub answered: Option<bool>,
}

impl OwnPortrait {
    /// The portrait of whoever has these rows, for a brand with these channels.
    pub fn of(rows: OwnRows, channels: &[Channel], clock: &Clock, now: Millis) -> Self {
        let OwnRows { sighting, hours, tags, answers } = rows;
        let age = sighting.traits.age(today(now));
        let mut purchases = Purchases::default();
        purchases.add(sighting.orders, sighting.revenue);
        Self {
            gender: sighting.traits.gender(),
            age,
            age_band: age.map(AgeBand::of),
            city: sighting.traits.city(),
            province: sighting.traits.province(),
            country: sighting.traits.country(),
            band: Band::of(sighting.seen.last, now),
            last_seen: (sighting.seen.last != 0).then_some(sighting.seen.last),
            purchases: purchases.finished(),
            best_day: hours.best_day(),
            best_hour: hours.best_hour(),
            hours,
            time_zone: clock.name().to_owned(),
            concerns: concerns(&tags, now),
            channels: own_channels(&sighting, channels, &answers),
            stage: sighting.stage,
            roles: sighting.roles,
            first_channel: sighting.first_channel,
        }
    }
}

fn concerns(tags: &[HeldTag], now: Millis) -> Vec<Concern> {
    let mut all: Vec<Concern> = Vec::new();
    for held in tags {
        let weight = held.weight_at(now);
        if weight < WEIGHT_MIN {
            continue;
        }
        match all.iter_mut().find(|concern| concern.name == held.tag.name) {
            Some(concern) => concern.weight += weight,
            None => all.push(Concern { name: held.tag.name.clone(), people: 1, weight }),
        }
    }
    all.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
    all.truncate(SHOWN);
    all
}

fn own_channels(sighting: &Sighting, channels: &[Channel], answers: &[Answers]) -> Vec<OwnChannel> {
    let gone = answers.iter().filter(|one| channels.iter().all(|channel| channel.name != one.channel));
    let gone = gone.map(|one| Channel { name: one.channel.clone(), kinds: Vec::new() });
    let all: Vec<Channel> = channels.iter().cloned().chain(gone).collect();
    let one = |channel: Channel| {
        let reached = channel.reaches(&sighting.addresses, sighting.marketing.as_ref().copied());
        let told = answers.iter().find(|one| one.channel == channel.name && one.sent > 0);
        OwnChannel {
            channel: channel.name,
            reachable: reached.is_ok(),
            reason: reached.err(),
            sent: told.is_some(),
            answered: told.map(|one| one.answered > 0),
        }
    };
    all.into_iter().map(one).collect()
}
