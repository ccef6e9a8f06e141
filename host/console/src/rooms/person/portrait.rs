//! The portrait on a person's page: who it is in short, when they buy, what they care about, and how to reach them.

use guanxi_app::SignalView;
use guanxi_domain::insight::{OwnChannel, OwnPortrait};
use guanxi_domain::person::{Person, Touch};
use guanxi_domain::relations::Standing;

use crate::format::{Time, count, number, plain, short, time};
use crate::language::Language;
use crate::rooms::insight::best;
use crate::rooms::insight::pictures::Heat;
use crate::words::Words;

/// The concerns that are shown.
const CONCERNS: usize = 8;

/// What the card shows.
pub struct Card {
    pub(super) pairs: Vec<(&'static str, String)>,
    pub(super) touches: Vec<(&'static str, Time, String)>,
    pub(super) heat: Heat,
    pub(super) heat_text: String,
    pub(super) concerns: Vec<(String, String)>,
    pub(super) channels: Vec<ChannelRow>,
    pub(super) standing: Vec<(&'static str, String)>,
    pub(super) signals: Vec<SignalRow>,
}

pub(super) struct ChannelRow {
    pub(super) channel: String,
    pub(super) reachable: bool,
    pub(super) word: &'static str,
    pub(super) answered: Option<&'static str>,
}

pub(super) struct SignalRow {
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) at: Time,
    pub(super) counts: bool,
}

impl Card {
    /// Of a person, with what the graph and the channels say.
    pub fn of(
        portrait: OwnPortrait,
        person: &Person,
        standing: Option<&Standing>,
        signals: &[SignalView],
        language: Language,
    ) -> Self {
        let w = language.words();
        let heat_text = match (portrait.best_day, portrait.best_hour) {
            (Some(day), Some(hour)) => best(day, hour, w),
            _ => w.no_orders.to_owned(),
        };
        let touches = [(w.first_touch, &person.first_touch), (w.last_touch, &person.last_touch)];
        Self {
            pairs: pairs(&portrait, w),
            touches: touches.into_iter().filter_map(|(word, touch)| contact(word, touch.as_ref()?)).collect(),
            heat: Heat::of(&portrait.hours, &portrait.time_zone, w),
            heat_text,
            concerns: portrait
                .concerns
                .iter()
                .take(CONCERNS)
                .map(|one| (short(&one.name, 40), number(one.weight)))
                .collect(),
            channels: portrait.channels.into_iter().map(|one| channel(one, w)).collect(),
            standing: standing.map(|standing| among_others(standing, w)).unwrap_or_default(),
            signals: signals.iter().map(signal).collect(),
        }
    }
}

fn pairs(portrait: &OwnPortrait, w: &'static Words) -> Vec<(&'static str, String)> {
    let roles: Vec<&str> = portrait.roles.iter().map(|role| w.role(*role)).collect();
    let roles = if roles.is_empty() { w.role_consumer.to_owned() } else { roles.join(w.comma) };
    let age = match (portrait.age, portrait.age_band) {
        (Some(age), Some(band)) => format!("{age} ({})", band.as_str()),
        _ => "–".to_owned(),
    };
    let places = [&portrait.city, &portrait.province, &portrait.country];
    let places: Vec<&str> = places.into_iter().flatten().map(String::as_str).collect();
    let place = if places.is_empty() { "–".to_owned() } else { short(&places.join(w.comma), 120) };
    let gender = portrait.gender.map_or("–", |gender| w.gender_code(gender.as_str()));
    vec![
        (w.roles, roles),
        (w.age, age),
        (w.gender, gender.to_owned()),
        (w.place, place),
        (w.last_seen, w.band(portrait.band).to_owned()),
    ]
}

fn contact(word: &'static str, touch: &Touch) -> Option<(&'static str, Time, String)> {
    let parts = [&touch.channel, &touch.touchpoint];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    Some((word, time(touch.at)?, short(&parts.join(" · "), 120)))
}

fn channel(one: OwnChannel, w: &'static Words) -> ChannelRow {
    let word = one.reason.map_or(w.reachable, |reason| w.unreachable(reason));
    let answered = one.answered.map(|answered| if answered { w.has_answered } else { w.has_not_answered });
    ChannelRow { channel: one.channel, reachable: one.reachable, word, answered }
}

/// How much the person counts among others.
pub fn among_others(standing: &Standing, w: &'static Words) -> Vec<(&'static str, String)> {
    let distance = standing.distance.map_or_else(|| "–".to_owned(), |steps| steps.to_string());
    vec![
        (w.influence, number(standing.influence)),
        (w.path_distance, distance),
        (w.connections, count(i64::from(standing.connections))),
    ]
}

fn signal(view: &SignalView) -> SignalRow {
    SignalRow {
        kind: view.signal.kind.clone(),
        value: short(&plain(&view.signal.value), 80),
        at: Time(view.signal.observed_at),
        counts: view.counts,
    }
}
