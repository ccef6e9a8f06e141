//! Answers a filter for one person, plainly or with what was found.

use serde_json::Value;

use super::Filter;
use super::bounds::{self, day_of, is_on};
use super::condition::{AttributeTest, Condition, Consented, Number, Op, Scalar, TimeFact, TimeTest, Total, Which};
use super::needs::Window;
use super::subject::Subject;
use crate::person::{Consent, Person, Role};
use crate::{JsonMap, Millis};

/// Why a filter holds for a person, or why not: the answer of each of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding<'f> {
    /// The part.
    pub filter: &'f Filter,
    /// Its answer.
    pub holds: bool,
    /// For a condition: what was found, as people read it; nothing if there was nothing.
    pub found: Option<String>,
    /// For a group: the answers of its parts, each of them, whether or not they decided.
    pub parts: Vec<Finding<'f>>,
}

impl Filter {
    /// Whether the person is meant. Segments that the filter names must have been put in before; one that was not has
    /// no members.
    pub fn holds(&self, subject: &Subject, now: Millis) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(subject, now)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(subject, now)),
            Self::Not(filter) => !filter.holds(subject, now),
            Self::Is(condition) => condition.holds(subject, now),
        }
    }

    /// The same with reasons.
    pub fn explain<'f>(&'f self, subject: &Subject, now: Millis) -> Finding<'f> {
        let parts = match self {
            Self::All(filters) | Self::Any(filters) => {
                filters.iter().map(|filter| filter.explain(subject, now)).collect()
            }
            Self::Not(filter) => vec![filter.explain(subject, now)],
            Self::Is(_) => Vec::new(),
        };
        let found = match self {
            Self::Is(condition) => condition.found(subject, now),
            _ => None,
        };
        Finding { filter: self, holds: self.holds(subject, now), found, parts }
    }
}

impl Condition {
    fn holds(&self, subject: &Subject, now: Millis) -> bool {
        let person = &subject.person;
        match self {
            Self::Stage(stages) => stages.contains(&person.stage),
            Self::Role(roles) => roles.iter().any(|role| *role == Role::Consumer || person.roles.contains(role)),
            Self::Total(total, tests) => numbers(tests, total_of(person, *total) as f64),
            Self::Time(fact, tests) => times(tests, time_of(person, *fact), now),
            Self::Attribute(name, test) => attribute(&person.attributes, name, test, now),
            Self::Tag { dimension, name, weight } => {
                let here = |tag: &&crate::person::HeldTag| {
                    tag.tag.dimension == *dimension && name.as_ref().is_none_or(|name| *name == tag.tag.name)
                };
                subject.tags.iter().filter(here).any(|tag| tag.tag.weight > 0.0 && numbers(weight, tag.weight_at(now)))
            }
            Self::Score(name, tests) => {
                subject.scores.iter().any(|score| score.name == *name && numbers(tests, score.value))
            }
            Self::Orders(measure, tests, _) => numbers(tests, subject.orders(*measure, Window::of(self)) as f64),
            Self::Events(kind, tests, _) => numbers(tests, subject.events(kind, Window::of(self)) as f64),
            Self::LastEvent(kind, tests) => times(tests, last_of(person, kind), now),
            Self::Identity { kind, states, deliverable } => subject.links.iter().any(|link| {
                kind.as_ref().is_none_or(|kind| kind == link.identity.kind())
                    && (states.is_empty() || states.contains(&link.state))
                    && deliverable.is_none_or(|wanted| wanted == link.delivers())
            }),
            Self::Consent(purpose, state) => consented(&subject.consents, purpose, now) == *state,
            Self::Relations(kind, direction, tests) => {
                numbers(tests, subject.relations(kind.as_deref(), *direction) as f64)
            }
            Self::Influence(tests) => subject.influence.is_some_and(|influence| numbers(tests, influence)),
            Self::Distance(tests) => subject.distance.is_some_and(|distance| numbers(tests, distance as f64)),
            Self::Touch(which, channels) => touch(person, *which).is_some_and(|channel| channels.contains(channel)),
            Self::Segment(_) => false,
        }
    }

    fn found(&self, subject: &Subject, now: Millis) -> Option<String> {
        let person = &subject.person;
        let time = |at: Millis| (at > 0).then(|| bounds::time_text(at));
        match self {
            Self::Stage(_) => Some(person.stage.as_str().to_owned()),
            Self::Role(_) => listed(person.roles.iter().map(|role| role.as_str().to_owned())),
            Self::Total(total, _) => Some(total_of(person, *total).to_string()),
            Self::Time(fact, _) => time(time_of(person, *fact)),
            Self::Attribute(name, _) => person.attributes.get(name).map(shown),
            Self::Tag { dimension, .. } => {
                let here = subject.tags.iter().filter(|tag| tag.tag.dimension == *dimension && tag.tag.weight > 0.0);
                listed(here.map(|tag| format!("{} {:.2}", tag.tag.name, tag.weight_at(now))))
            }
            Self::Score(name, _) => {
                subject.scores.iter().find(|score| score.name == *name).map(|score| format!("{:.4}", score.value))
            }
            Self::Orders(measure, ..) => Some(subject.orders(*measure, Window::of(self)).to_string()),
            Self::Events(kind, ..) => Some(subject.events(kind, Window::of(self)).to_string()),
            Self::LastEvent(kind, _) => time(last_of(person, kind)),
            Self::Identity { kind, .. } => {
                let here = subject.links.iter().filter(|link| kind.as_ref().is_none_or(|k| k == link.identity.kind()));
                listed(here.map(|link| format!("{} {}", link.identity.kind(), link.state.as_str())))
            }
            Self::Consent(purpose, _) => Some(consented(&subject.consents, purpose, now).as_str().to_owned()),
            Self::Relations(kind, direction, _) => Some(subject.relations(kind.as_deref(), *direction).to_string()),
            Self::Influence(_) => subject.influence.map(|influence| format!("{influence:.4}")),
            Self::Distance(_) => subject.distance.map(|distance| distance.to_string()),
            Self::Touch(which, _) => touch(person, *which).cloned(),
            Self::Segment(_) => None,
        }
    }
}

/// The most of what was found that is told of one condition.
const LISTED_MAX: usize = 8;

fn listed(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.take(LISTED_MAX).collect();
    (!items.is_empty()).then(|| items.join(", "))
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().take(120).collect()
}

fn numbers(tests: &[Number], value: f64) -> bool {
    tests.iter().all(|test| test.op.holds(value, test.to))
}

fn times(tests: &[TimeTest], value: Millis, now: Millis) -> bool {
    let holds = |test: &TimeTest| {
        let (op, bound) = bounds::at(*test, now);
        op.holds(value, bound)
    };
    value > 0 && tests.iter().all(holds)
}

fn total_of(person: &Person, total: Total) -> i64 {
    match total {
        Total::Revenue => person.facts.revenue,
        Total::OrderCount => person.facts.order_count,
        Total::EventCount => person.facts.event_count,
    }
}

fn time_of(person: &Person, fact: TimeFact) -> Millis {
    match fact {
        TimeFact::FirstSeen => person.facts.first_seen,
        TimeFact::LastSeen => person.facts.last_seen,
        TimeFact::LastOrderAt => person.facts.last_order_at,
        TimeFact::CreatedAt => person.created_at,
    }
}

fn last_of(person: &Person, kind: &str) -> Millis {
    person.activity.get(kind).map_or(0, |activity| activity.last)
}

fn touch(person: &Person, which: Which) -> Option<&String> {
    let touch = match which {
        Which::First => person.first_touch.as_ref(),
        Which::Last => person.last_touch.as_ref(),
    };
    touch?.channel.as_ref()
}

fn attribute(attributes: &JsonMap, name: &str, test: &AttributeTest, now: Millis) -> bool {
    let value = attributes.get(name).filter(|value| !value.is_null());
    let Some(value) = value else { return matches!(test, AttributeTest::Exists(false)) };
    match test {
        AttributeTest::Exists(exists) => *exists,
        AttributeTest::In(values) => values.iter().any(|wanted| equals(value, wanted)),
        AttributeTest::Numbers(tests) => value.as_f64().is_some_and(|number| numbers(tests, number)),
        AttributeTest::Contains(part) => match value {
            Value::String(text) => text.contains(part.as_str()),
            Value::Array(items) => items.iter().any(|item| item.as_str() == Some(part)),
            _ => false,
        },
        AttributeTest::Prefix(start) => value.as_str().is_some_and(|text| text.starts_with(start.as_str())),
        AttributeTest::Date(tests) => value
            .as_str()
            .and_then(day_of)
            .is_some_and(|day| tests.iter().flat_map(|test| bounds::on(test, now)).all(|bound| is_on(day, &bound))),
    }
}

fn equals(value: &Value, wanted: &Scalar) -> bool {
    match wanted {
        Scalar::Text(text) => value.as_str() == Some(text),
        Scalar::Number(number) => value.as_f64().is_some_and(|value| Op::Eq.holds(value, *number)),
        Scalar::Flag(flag) => value.as_bool() == Some(*flag),
    }
}

/// What the person said last about the purpose, whichever of those who were joined said it; of two at once the refusal
/// counts.
pub(super) fn consented(consents: &[Consent], purpose: &str, now: Millis) -> Consented {
    let said = consents.iter().filter(|consent| consent.purpose == purpose);
    match said.max_by_key(|consent| (consent.at, !consent.granted)) {
        None => Consented::Unknown,
        Some(last) if !last.granted => Consented::Withdrawn,
        Some(last) if last.expires_at.is_some_and(|end| end <= now) => Consented::Expired,
        Some(_) => Consented::Granted,
    }
}
