//! Tenants that look like a brand's, at any size: people with identities, tags and consents, their orders, relations
//! and events, as the files that Guanxi takes.
//!
//! Nothing is kept: everything about person `n` follows from the seed and `n`, so ten million people take no more memory
//! than ten, and two runs write the same bytes. Names, numbers and addresses are made up; emails lie in domains that
//! never deliver, but a phone number may be somebody's, so switch no channel on.

mod calendar;
mod dice;
mod events;
mod files;
mod names;
mod numbers;
mod orders;
mod people;
mod person;
mod places;
mod relations;

use std::ops::Range;

use guanxi_domain::Millis;

pub use files::{Files, Subject};
pub use orders::Order;
pub use person::Person;
pub use relations::Relation;

use dice::{Dice, Stream};

/// People that are made, sorted and written together.
pub(crate) const BLOCK: u32 = 10_000;

/// A tenant's people and what they did, up to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    people: u32,
    seed: u64,
    /// The first day that has not happened yet, counted from 1970 in China's time.
    until: i64,
}

impl Crowd {
    /// `people` of them; the same seed and day give the same crowd.
    pub fn new(people: u32, seed: u64, until: jiff::civil::Date) -> Self {
        Self { people, seed, until: calendar::number(until) }
    }

    /// How many people it has.
    pub fn size(&self) -> u32 {
        self.people
    }

    /// Everything that is known of a person.
    pub fn person(&self, n: u32) -> Person {
        person::person(self, n)
    }

    /// The moment up to which it reaches.
    pub fn end(&self) -> Millis {
        calendar::moment(self.until, 0)
    }

    /// The account that orders, relations and events name.
    pub fn account(n: u32) -> String {
        format!("u{n:08}")
    }

    fn dice(&self, stream: Stream, n: u32) -> Dice {
        Dice::new(self.seed, stream, u64::from(n))
    }

    /// How eager a person is: what they buy, do and collect grows with it. Distributed normally.
    fn zeal(&self, n: u32) -> f64 {
        self.dice(Stream::Zeal, n).normal()
    }

    /// The day on which a person became a member: more come the nearer it is.
    fn joined(&self, n: u32) -> i64 {
        let mut dice = self.dice(Stream::Joined, n);
        let days = dice.unit().powf(1.6) * calendar::YEARS_OF_MEMBERS * 365.0;
        self.until - 1 - dice::floor(days)
    }

    fn blocks(numbers: Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let (first, end) = (numbers.start, numbers.end);
        numbers.step_by(BLOCK as usize).map(move |start| start.max(first)..end.min(start.saturating_add(BLOCK)))
    }
}
