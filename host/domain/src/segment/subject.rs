//! One person as a filter sees them: plain words of the domain, read by whoever asks.

use std::collections::BTreeMap;

use super::condition::{Direction, OrderMeasure};
use super::needs::Window;
use crate::person::{Consent, HeldTag, Link, Person, Score};

/// How many relations of a kind a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degree {
    /// Which kind.
    pub kind: String,
    /// From the person to others.
    pub out: i64,
    /// From others to the person.
    pub into: i64,
}

/// One person, for a group with the rows of all who were joined. What the filter does not need may be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The person.
    pub person: Person,
    /// Identities.
    pub links: Vec<Link>,
    /// Tags.
    pub tags: Vec<HeldTag>,
    /// Scores.
    pub scores: Vec<Score>,
    /// Consents.
    pub consents: Vec<Consent>,
    /// Relations, counted.
    pub degrees: Vec<Degree>,
    /// Influence among relations, if it was weighed.
    pub influence: Option<f64>,
    /// Steps to the nearest opinion leader or employee.
    pub distance: Option<i64>,
    /// What was counted in each window; nothing where a window is missing.
    pub counts: BTreeMap<Window, i64>,
}

impl Subject {
    /// A person of whom nothing but their own row is known.
    pub fn new(person: Person) -> Self {
        Self {
            person,
            links: Vec::new(),
            tags: Vec::new(),
            scores: Vec::new(),
            consents: Vec::new(),
            degrees: Vec::new(),
            influence: None,
            distance: None,
            counts: BTreeMap::new(),
        }
    }

    pub(super) fn orders(&self, measure: OrderMeasure, window: Option<Window>) -> i64 {
        match (window, measure) {
            (Some(window), _) => self.count(&window),
            (None, OrderMeasure::Count) => self.person.facts.order_count,
            (None, OrderMeasure::Sum) => self.person.facts.revenue,
        }
    }

    pub(super) fn events(&self, kind: &str, window: Option<Window>) -> i64 {
        match window {
            Some(window) => self.count(&window),
            None => self.person.activity.get(kind).map_or(0, |activity| activity.count),
        }
    }

    pub(super) fn relations(&self, kind: Option<&str>, direction: Direction) -> i64 {
        let wanted = self.degrees.iter().filter(|degree| kind.is_none_or(|kind| kind == degree.kind));
        let count = |degree: &Degree| match direction {
            Direction::Out => degree.out,
            Direction::In => degree.into,
            Direction::Any => degree.out + degree.into,
        };
        wanted.map(count).sum()
    }

    fn count(&self, window: &Window) -> i64 {
        self.counts.get(window).copied().unwrap_or(0)
    }
}
