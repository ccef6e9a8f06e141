//! The sum of many people: each is looked at once and forgotten.

use std::collections::{BTreeMap, HashMap};

use super::band::{Band, BandShare, Seen};
use super::hours::{Clock, Hours};
use super::reach::{AddressShare, Answers, Channel, ChannelShare, Unreachable};
use super::tally::{Amount, Tally, fixed};
use super::traits::{AgeBand, Gender, Traits};
use super::{Concern, DIMENSIONS_MAX, DimensionShare, Portrait, Purchases, SHOWN, TagShare, share};
use crate::Millis;
use crate::consent::Refusal;
use crate::person::{Role, Stage};
use crate::segment::bounds::today;

/// The most kinds of identity and channels that are told apart.
const KINDS_MAX: usize = 200;

/// What a portrait wants to know of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// How far the person has come.
    pub stage: Stage,
    /// What the person is to the brand, besides a consumer.
    pub roles: Vec<Role>,
    /// Age, gender, place.
    pub traits: Traits,
    /// The channel of the first contact.
    pub first_channel: Option<String>,
    /// When the person was seen.
    pub seen: Seen,
    /// Orders that were not wholly refunded.
    pub orders: i64,
    /// Minor units, refunds taken off.
    pub revenue: i64,
    /// Kinds of the person's identities, and whether the link delivers.
    pub addresses: Vec<(String, bool)>,
    /// Whether the person allows marketing.
    pub marketing: Result<(), Refusal>,
}

/// People with a tag, and the sum of its weights.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Held {
    people: u64,
    weight: f64,
}

/// Ordered by people.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct ByPeople(Held);

/// Ordered by weight.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct ByWeight(Held);

impl Held {
    fn add(&mut self, other: Self) {
        self.people += other.people;
        self.weight += other.weight;
    }
}

impl Amount for ByPeople {
    fn add(&mut self, other: Self) {
        self.0.add(other.0);
    }

    fn rank(&self) -> f64 {
        self.0.people as f64
    }

    fn people(&self) -> u64 {
        self.0.people
    }
}

impl Amount for ByWeight {
    fn add(&mut self, other: Self) {
        self.0.add(other.0);
    }

    fn rank(&self) -> f64 {
        self.0.weight
    }

    fn people(&self) -> u64 {
        self.0.people
    }
}

/// One kind of place, or another attribute of many values.
#[derive(Debug, Clone, Default)]
struct Free {
    tally: Tally<String>,
    unknown: u64,
}

impl Free {
    fn add(&mut self, value: Option<String>) {
        match value {
            Some(value) => self.tally.add(value, 1),
            None => self.unknown += 1,
        }
    }

    fn distribution(self) -> super::Distribution {
        self.tally.distribution(self.unknown)
    }
}

/// A portrait in the making.
#[derive(Debug, Clone)]
pub struct Count {
    now: Millis,
    today: jiff::civil::Date,
    people: u64,
    stages: HashMap<Stage, u64>,
    roles: HashMap<Role, u64>,
    genders: HashMap<Gender, u64>,
    ages: HashMap<AgeBand, u64>,
    cities: Free,
    provinces: Free,
    countries: Free,
    first_channels: Free,
    dimensions: HashMap<String, Tally<String, ByPeople>>,
    concerns: Tally<String, ByWeight>,
    purchases: Purchases,
    hours: Hours,
    bands: BTreeMap<Band, (u64, u64, u64)>,
    channels: Vec<(Channel, ChannelShare)>,
    addresses: BTreeMap<String, (u64, u64)>,
}

impl Count {
    /// Of nobody yet, as of `now`, for a brand with these channels.
    pub fn new(now: Millis, channels: &[Channel]) -> Self {
        let channel = |channel: &Channel| {
            let share = ChannelShare { channel: channel.name.clone(), connected: true, ..ChannelShare::default() };
            (channel.clone(), share)
        };
        Self {
            now,
            today: today(now),
            people: 0,
            stages: HashMap::new(),
            roles: HashMap::new(),
            genders: HashMap::new(),
            ages: HashMap::new(),
            cities: Free::default(),
            provinces: Free::default(),
            countries: Free::default(),
            first_channels: Free::default(),
            dimensions: HashMap::new(),
            concerns: Tally::default(),
            purchases: Purchases::default(),
            hours: Hours::default(),
            bands: BTreeMap::new(),
            channels: channels.iter().map(channel).collect(),
            addresses: BTreeMap::new(),
        }
    }

    /// Adds one person.
    pub fn person(&mut self, person: Sighting) {
        self.people += 1;
        *self.stages.entry(person.stage).or_default() += 1;
        for role in &person.roles {
            *self.roles.entry(*role).or_default() += 1;
        }
        if person.roles.is_empty() {
            *self.roles.entry(Role::Consumer).or_default() += 1;
        }
        self.traits(&person.traits);
        self.purchases.add(person.orders, person.revenue);
        self.band(&person.seen);
        self.reach(&person.addresses, person.marketing.as_ref().copied());
        self.first_channels.add(person.first_channel);
    }

    fn traits(&mut self, traits: &Traits) {
        if let Some(gender) = traits.gender() {
            *self.genders.entry(gender).or_default() += 1;
        }
        if let Some(years) = traits.age(self.today) {
            *self.ages.entry(AgeBand::of(years)).or_default() += 1;
        }
        self.cities.add(traits.city());
        self.provinces.add(traits.province());
        self.countries.add(traits.country());
    }

    fn band(&mut self, seen: &Seen) {
        self.bands.entry(Band::of(seen.last, self.now)).or_default().0 += 1;
        if let Some((band, active)) = seen.measured(self.now) {
            let (_, before, since) = self.bands.entry(band).or_default();
            *before += 1;
            *since += u64::from(active);
        }
    }

    fn reach(&mut self, addresses: &[(String, bool)], marketing: Result<(), &Refusal>) {
        for (channel, share) in self.channels.iter_mut().filter(|(_, share)| share.connected) {
            let reached = channel.reaches(addresses, marketing);
            share.with_address += u64::from(reached != Err(Unreachable::NoAddress));
            share.deliverable += u64::from(matches!(reached, Ok(()) | Err(Unreachable::NoConsent)));
            share.reachable += u64::from(reached.is_ok());
        }
        let mut kinds: BTreeMap<&str, bool> = BTreeMap::new();
        for (kind, delivers) in addresses {
            *kinds.entry(kind).or_default() |= delivers;
        }
        for (kind, delivers) in kinds {
            if self.addresses.len() >= KINDS_MAX && !self.addresses.contains_key(kind) {
                continue;
            }
            let (people, deliverable) = self.addresses.entry(kind.to_owned()).or_default();
            *people += 1;
            *deliverable += u64::from(delivers);
        }
    }

    /// Adds a tag of `people` with the sum of what is left of their weights; who has less than
    /// [`crate::person::WEIGHT_MIN`] is not among them.
    pub fn tag(&mut self, dimension: &str, name: &str, people: u64, weight: f64) {
        let held = Held { people, weight };
        self.concerns.add(name.to_owned(), ByWeight(held));
        if self.dimensions.len() < 2 * DIMENSIONS_MAX || self.dimensions.contains_key(dimension) {
            self.dimensions.entry(dimension.to_owned()).or_default().add(name.to_owned(), ByPeople(held));
        }
    }

    /// Adds orders of an hour of the week.
    pub fn hour(&mut self, hour: usize, orders: u64) {
        self.hours.add(hour, orders);
    }

    /// Adds how many were sent messages through a channel, and how many answered.
    pub fn answers(&mut self, answers: &Answers) {
        let Answers { channel, sent, answered } = answers;
        if self.channels.iter().all(|(known, _)| known.name != *channel) {
            if self.channels.len() >= KINDS_MAX {
                return;
            }
            let share = ChannelShare { channel: channel.clone(), ..ChannelShare::default() };
            self.channels.push((Channel { name: channel.clone(), kinds: Vec::new() }, share));
        }
        for (_, share) in self.channels.iter_mut().filter(|(known, _)| known.name == *channel) {
            share.sent += sent;
            share.answered += answered;
        }
    }

    /// The portrait of everybody who was added.
    pub fn portrait(self, clock: &Clock) -> Portrait {
        let known = |counts: u64| self.people - counts;
        let (gendered, aged) = (self.genders.values().sum(), self.ages.values().sum());
        let mut portrait = Portrait {
            people: self.people,
            stages: fixed(&[Stage::Prospect, Stage::Fan, Stage::Customer], Stage::as_str, &self.stages, 0),
            roles: fixed(&Role::ALL, Role::as_str, &self.roles, 0),
            genders: fixed(&Gender::ALL, Gender::as_str, &self.genders, known(gendered)),
            ages: fixed(&AgeBand::ALL, AgeBand::as_str, &self.ages, known(aged)),
            cities: self.cities.distribution(),
            provinces: self.provinces.distribution(),
            countries: self.countries.distribution(),
            first_channels: self.first_channels.distribution(),
            dimensions: dimensions(self.dimensions),
            concerns: concerns(&self.concerns),
            purchases: self.purchases.finished(),
            hours: self.hours,
            time_zone: clock.name().to_owned(),
            bands: Band::ALL.iter().map(|band| band_share(*band, self.bands.get(band))).collect(),
            channels: self.channels.into_iter().map(|(_, share)| share).collect(),
            addresses: addresses(self.addresses),
        };
        portrait.channels.iter_mut().for_each(|one| one.answer_rate = share(one.answered, one.sent));
        portrait.channels.sort_by(|a, b| a.channel.cmp(&b.channel));
        portrait
    }
}

fn band_share(band: Band, counts: Option<&(u64, u64, u64)>) -> BandShare {
    let (people, before, active) = counts.copied().unwrap_or_default();
    BandShare { band, people, before, active, participation: share(active, before) }
}

fn dimensions(all: HashMap<String, Tally<String, ByPeople>>) -> Vec<DimensionShare> {
    let one = |(dimension, tally): (String, Tally<String, ByPeople>)| {
        let (shown, others) = tally.shown(SHOWN);
        let names = shown.into_iter().map(|(name, ByPeople(held))| TagShare {
            name,
            people: held.people,
            weight: if held.people > 0 { held.weight / held.people as f64 } else { 0.0 },
        });
        DimensionShare { dimension, names: names.collect(), others }
    };
    let mut told: Vec<DimensionShare> = all.into_iter().map(one).collect();
    let size = |one: &DimensionShare| one.names.iter().map(|name| name.people).sum::<u64>() + one.others;
    told.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.dimension.cmp(&b.dimension)));
    told.truncate(DIMENSIONS_MAX);
    told
}

fn concerns(tally: &Tally<String, ByWeight>) -> Vec<Concern> {
    let (shown, _) = tally.shown(SHOWN);
    shown.into_iter().map(|(name, ByWeight(held))| Concern { name, people: held.people, weight: held.weight }).collect()
}

fn addresses(kinds: BTreeMap<String, (u64, u64)>) -> Vec<AddressShare> {
    let share = |(kind, (people, deliverable))| AddressShare { kind, people, deliverable };
    let mut all: Vec<AddressShare> = kinds.into_iter().map(share).collect();
    all.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.kind.cmp(&b.kind)));
    all
}
