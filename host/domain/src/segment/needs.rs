//! What a filter depends on: the parts of a person that it looks at, the windows that have to be counted for it, and the
//! ways in which time alone changes its answer.

use std::collections::BTreeSet;

use super::Filter;
use super::condition::{AttributeTest, Condition, DateTest, OrderMeasure, TimeFact, TimeTest};
use crate::Millis;

/// What is counted in a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// Events of a kind.
    Events(String),
    /// Orders.
    Orders(OrderMeasure),
}

/// A count between times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Of what.
    pub counted: Counted,
    /// Between which times.
    pub times: Vec<TimeTest>,
}

/// What has to be known of a person besides the person's own row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Identities.
    pub links: bool,
    /// Tags.
    pub tags: bool,
    /// Scores.
    pub scores: bool,
    /// Consents.
    pub consents: bool,
    /// Relations, counted.
    pub relations: bool,
    /// Influence and distance.
    pub standings: bool,
    /// Counts.
    pub windows: BTreeSet<Window>,
}

/// A way in which the answer changes by time alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tick {
    /// So long after an event, of this kind if said.
    Event(Option<String>, Millis),
    /// So long after an order.
    Order(Millis),
    /// So long after the person was stored.
    Created(Millis),
    /// As a tag of this dimension, of this name if said, loses weight.
    Tag(String, Option<String>),
    /// As a consent to this purpose expires.
    Consent(String),
    /// As a new day begins.
    Day,
    /// As the relations of all people are weighed anew.
    Standing,
}

impl Needs {
    /// What the filter needs; segments that it names must have been put in before.
    pub fn of(filter: &Filter) -> Self {
        let mut needs = Self::default();
        filter.conditions().into_iter().for_each(|condition| needs.note(condition));
        needs
    }

    /// What both need.
    pub fn join(&mut self, other: &Self) {
        self.links |= other.links;
        self.tags |= other.tags;
        self.scores |= other.scores;
        self.consents |= other.consents;
        self.relations |= other.relations;
        self.standings |= other.standings;
        self.windows.extend(other.windows.iter().cloned());
    }

    fn note(&mut self, condition: &Condition) {
        match condition {
            Condition::Identity { .. } => self.links = true,
            Condition::Tag { .. } => self.tags = true,
            Condition::Score(..) => self.scores = true,
            Condition::Consent(..) => self.consents = true,
            Condition::Relations(..) => self.relations = true,
            Condition::Influence(_) | Condition::Distance(_) => self.standings = true,
            _ => self.windows.extend(Window::of(condition)),
        }
    }
}

impl Window {
    /// The window that the condition counts in, if it does.
    pub fn of(condition: &Condition) -> Option<Self> {
        match condition {
            Condition::Orders(measure, _, times) if !times.is_empty() => {
                Some(Self { counted: Counted::Orders(*measure), times: times.clone() })
            }
            Condition::Events(kind, _, times) if !times.is_empty() => {
                Some(Self { counted: Counted::Events(kind.clone()), times: times.clone() })
            }
            _ => None,
        }
    }
}

impl Filter {
    /// How time alone changes the answer; never if empty.
    pub fn ticks(&self) -> Vec<Tick> {
        let mut ticks: Vec<Tick> = Vec::new();
        for tick in self.conditions().into_iter().flat_map(ticks_of) {
            if !ticks.contains(&tick) {
                ticks.push(tick);
            }
        }
        ticks
    }
}

fn ticks_of(condition: &Condition) -> Vec<Tick> {
    let spans = |times: &[TimeTest], tick: &dyn Fn(Millis) -> Tick| -> Vec<Tick> {
        let relative = times.iter().filter_map(|test| match test {
            TimeTest::Within(span) | TimeTest::Before(span) => Some(tick(*span)),
            TimeTest::Since(_) | TimeTest::Until(_) => None,
        });
        relative.collect()
    };
    match condition {
        Condition::Time(TimeFact::CreatedAt, times) => spans(times, &Tick::Created),
        Condition::Time(TimeFact::LastOrderAt, times) | Condition::Orders(_, _, times) => spans(times, &Tick::Order),
        Condition::Time(TimeFact::FirstSeen | TimeFact::LastSeen, times) => {
            spans(times, &|span| Tick::Event(None, span))
        }
        Condition::Events(kind, _, times) | Condition::LastEvent(kind, times) => {
            spans(times, &|span| Tick::Event(Some(kind.clone()), span))
        }
        Condition::Tag { dimension, name, weight } if !weight.is_empty() => {
            vec![Tick::Tag(dimension.clone(), name.clone())]
        }
        Condition::Consent(purpose, _) => vec![Tick::Consent(purpose.clone())],
        Condition::Influence(_) | Condition::Distance(_) => vec![Tick::Standing],
        Condition::Attribute(_, AttributeTest::Date(tests)) => {
            let absolute = |test: &DateTest| matches!(test, DateTest::Since(_) | DateTest::Until(_));
            if tests.iter().all(absolute) { Vec::new() } else { vec![Tick::Day] }
        }
        _ => Vec::new(),
    }
}
