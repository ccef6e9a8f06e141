//! One condition of a filter: what is looked at and what is asked of it.

use serde_json::{Map, Value, json};

use crate::identity::Identity;
use crate::person::{LinkState, Role, Stage};
use crate::{JsonMap, Millis};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Equal.
    Eq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

impl Op {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Eq, Self::Gt, Self::Gte, Self::Lt, Self::Lte];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
        }
    }

    /// As mathematics and SQL write it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Gt => ">",
            Self::Gte => ">=",
            Self::Lt => "<",
            Self::Lte => "<=",
        }
    }

    /// Whether `value` stands so to `bound`.
    pub fn holds<T: PartialOrd>(self, value: T, bound: T) -> bool {
        match self {
            Self::Eq => value == bound,
            Self::Gt => value > bound,
            Self::Gte => value >= bound,
            Self::Lt => value < bound,
            Self::Lte => value <= bound,
        }
    }
}

/// A comparison with a number, always finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number {
    /// How.
    pub op: Op,
    /// With what.
    pub to: f64,
}

/// A comparison with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeTest {
    /// No longer ago than so many milliseconds.
    Within(Millis),
    /// Longer ago than so many milliseconds.
    Before(Millis),
    /// At this time or later.
    Since(Millis),
    /// Earlier than this time.
    Until(Millis),
}

/// A comparison with a day, such as a birthday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateTest {
    /// In the last so many days, today included.
    Within(u32),
    /// Earlier than that.
    Before(u32),
    /// In the next so many days, today included.
    Ahead(u32),
    /// Its day and month come in the next so many days, today included.
    Anniversary(u32),
    /// So many whole years ago.
    Age(Op, u32),
    /// On this day or later.
    Since(String),
    /// Earlier than this day.
    Until(String),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// What is asked of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeTest {
    /// Whether it has a value.
    Exists(bool),
    /// Is one of these.
    In(Vec<Scalar>),
    /// Is a number that compares so.
    Numbers(Vec<Number>),
    /// Contains this text, or is a list with this entry.
    Contains(String),
    /// Starts with this text.
    Prefix(String),
    /// Is a day that compares so.
    Date(Vec<DateTest>),
}

/// Sums over a person's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Minor units over all orders, refunds taken off.
    Revenue,
    /// Orders completed and not fully refunded.
    OrderCount,
    /// Events that the person caused.
    EventCount,
}

/// Times that are kept of a person; none is later than the others' absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFact {
    /// First event.
    FirstSeen,
    /// Latest event.
    LastSeen,
    /// Latest order.
    LastOrderAt,
    /// When the person was stored.
    CreatedAt,
}

/// What of orders is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderMeasure {
    /// How many were paid and not paid back.
    Count,
    /// What was paid and not paid back, in minor units.
    Sum,
}

/// Whether a person allows a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consented {
    /// Given, and neither expired nor withdrawn.
    Granted,
    /// Taken back.
    Withdrawn,
    /// Given once, and expired.
    Expired,
    /// Never asked or never answered.
    Unknown,
}

/// Which end of a relation the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the person to others.
    Out,
    /// From others to the person.
    In,
    /// Both.
    Any,
}

/// Which contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The latest.
    Last,
}

/// What is looked at, and what is asked of it. A test without a value to look at does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Is in one of these stages.
    Stage(Vec<Stage>),
    /// Has one of these roles; everybody is a consumer.
    Role(Vec<Role>),
    /// A sum compares so.
    Total(Total, Vec<Number>),
    /// A time compares so; never is no time.
    Time(TimeFact, Vec<TimeTest>),
    /// An attribute.
    Attribute(String, AttributeTest),
    /// Has a tag of this dimension, of this name if said, whose present weight compares so.
    Tag {
        /// Its dimension.
        dimension: String,
        /// Its name; any of the dimension if not said.
        name: Option<String>,
        /// What is left of its weight; more than nothing if not said.
        weight: Vec<Number>,
    },
    /// Has this score, and it compares so.
    Score(String, Vec<Number>),
    /// Orders in a window; ever if there is none.
    Orders(OrderMeasure, Vec<Number>, Vec<TimeTest>),
    /// Events of a kind in a window; ever if there is none.
    Events(String, Vec<Number>, Vec<TimeTest>),
    /// The latest event of a kind.
    LastEvent(String, Vec<TimeTest>),
    /// Has such an identity.
    Identity {
        /// Of this kind; any if not said.
        kind: Option<String>,
        /// In one of these states; any if empty.
        states: Vec<LinkState>,
        /// Whether messages may be sent there, if that matters.
        deliverable: Option<bool>,
    },
    /// What the person said about a purpose.
    Consent(String, Consented),
    /// Relations of a kind (any if not said), counted.
    Relations(Option<String>, Direction, Vec<Number>),
    /// Influence among relations, mean 1.
    Influence(Vec<Number>),
    /// Steps to the nearest opinion leader or employee; who reaches none has no distance.
    Distance(Vec<Number>),
    /// A contact came through one of these channels.
    Touch(Which, Vec<String>),
    /// Is in another segment.
    Segment(String),
}

impl Total {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Revenue, Self::OrderCount, Self::EventCount];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::OrderCount => "order-count",
            Self::EventCount => "event-count",
        }
    }
}

impl TimeFact {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::FirstSeen, Self::LastSeen, Self::LastOrderAt, Self::CreatedAt];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstSeen => "first-seen",
            Self::LastSeen => "last-seen",
            Self::LastOrderAt => "last-order-at",
            Self::CreatedAt => "created-at",
        }
    }
}

impl Consented {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Granted, Self::Withdrawn, Self::Expired, Self::Unknown];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Out, Self::In, Self::Any];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
            Self::Any => "any",
        }
    }
}

impl Which {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl Scalar {
    /// As JSON; whole numbers without a fraction.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => number_json(*number),
            Self::Flag(flag) => Value::from(*flag),
        }
    }
}

impl Condition {
    pub(super) fn to_json(&self) -> JsonMap {
        let mut map = Map::new();
        match self {
            Self::Stage(stages) => put(&mut map, "stage", words(stages.iter().map(|stage| stage.as_str()))),
            Self::Role(roles) => put(&mut map, "role", words(roles.iter().map(|role| role.as_str()))),
            Self::Total(total, tests) => {
                put(&mut map, "fact", total.as_str());
                numbers(&mut map, tests);
            }
            Self::Time(fact, tests) => {
                put(&mut map, "fact", fact.as_str());
                times(&mut map, tests);
            }
            Self::Attribute(name, test) => attribute(&mut map, name, test),
            Self::Tag { dimension, name, weight } => {
                put(&mut map, "tag", dimension.as_str());
                name.iter().for_each(|name| put(&mut map, "name", name.as_str()));
                nested(&mut map, "weight", weight);
            }
            Self::Score(name, tests) => {
                put(&mut map, "score", name.as_str());
                numbers(&mut map, tests);
            }
            Self::Orders(measure, tests, window) => {
                put(&mut map, "orders", if *measure == OrderMeasure::Count { "count" } else { "sum" });
                numbers(&mut map, tests);
                times(&mut map, window);
            }
            Self::Events(kind, tests, window) => {
                put(&mut map, "events", kind.as_str());
                nested(&mut map, "count", tests);
                times(&mut map, window);
            }
            Self::LastEvent(kind, tests) => {
                put(&mut map, "last", kind.as_str());
                times(&mut map, tests);
            }
            Self::Identity { kind, states, deliverable } => {
                put(&mut map, "identity", kind.as_deref().unwrap_or("*"));
                if !states.is_empty() {
                    put(&mut map, "state", words(states.iter().map(|state| state.as_str())));
                }
                deliverable.iter().for_each(|deliverable| put(&mut map, "deliverable", *deliverable));
            }
            Self::Consent(purpose, state) => {
                put(&mut map, "consent", purpose.as_str());
                put(&mut map, "state", state.as_str());
            }
            Self::Relations(kind, direction, count) => {
                put(&mut map, "relations", kind.as_deref().unwrap_or("*"));
                put(&mut map, "direction", direction.as_str());
                nested(&mut map, "count", count);
            }
            Self::Influence(tests) => nested(&mut map, "influence", tests),
            Self::Distance(tests) => nested(&mut map, "distance", tests),
            Self::Touch(which, channels) => {
                put(&mut map, "touch", which.as_str());
                put(&mut map, "channel", words(channels.iter().map(String::as_str)));
            }
            Self::Segment(name) => put(&mut map, "segment", name.as_str()),
        }
        map
    }
}

/// Whether a text can name a kind of identity.
pub(super) fn is_identity_kind(text: &str) -> bool {
    Identity::new(text, "1234567").is_ok() || matches!(text, "email" | "phone")
}

fn put(map: &mut JsonMap, key: &str, value: impl Into<Value>) {
    map.insert(key.to_owned(), value.into());
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> Vec<Value> {
    words.map(Value::from).collect()
}

fn numbers(map: &mut JsonMap, tests: &[Number]) {
    tests.iter().for_each(|test| put(map, test.op.as_str(), number_json(test.to)));
}

fn nested(map: &mut JsonMap, key: &str, tests: &[Number]) {
    if tests.is_empty() {
        return;
    }
    let mut inner = Map::new();
    numbers(&mut inner, tests);
    put(map, key, inner);
}

fn times(map: &mut JsonMap, tests: &[TimeTest]) {
    for test in tests {
        match test {
            TimeTest::Within(span) => put(map, "within", super::bounds::span_text(*span)),
            TimeTest::Before(span) => put(map, "before", super::bounds::span_text(*span)),
            TimeTest::Since(at) => put(map, "since", super::bounds::time_text(*at)),
            TimeTest::Until(at) => put(map, "until", super::bounds::time_text(*at)),
        }
    }
}

fn attribute(map: &mut JsonMap, name: &str, test: &AttributeTest) {
    put(map, "attribute", name);
    match test {
        AttributeTest::Exists(exists) => put(map, "exists", *exists),
        AttributeTest::In(values) => match values.as_slice() {
            [one] => put(map, "eq", one.to_json()),
            many => put(map, "in", many.iter().map(Scalar::to_json).collect::<Vec<_>>()),
        },
        AttributeTest::Numbers(tests) => numbers(map, tests),
        AttributeTest::Contains(text) => put(map, "contains", text.as_str()),
        AttributeTest::Prefix(text) => put(map, "prefix", text.as_str()),
        AttributeTest::Date(tests) => dates(map, tests),
    }
}

fn dates(map: &mut JsonMap, tests: &[DateTest]) {
    let mut age = Map::new();
    for test in tests {
        match test {
            DateTest::Within(days) => put(map, "within", format!("{days}d")),
            DateTest::Before(days) => put(map, "before", format!("{days}d")),
            DateTest::Ahead(days) => put(map, "ahead", format!("{days}d")),
            DateTest::Anniversary(days) => put(map, "anniversary", format!("{days}d")),
            DateTest::Since(day) => put(map, "since", day.as_str()),
            DateTest::Until(day) => put(map, "until", day.as_str()),
            DateTest::Age(op, years) => put(&mut age, op.as_str(), *years),
        }
    }
    if !age.is_empty() {
        put(map, "age", age);
    }
}

fn number_json(number: f64) -> Value {
    let whole = number as i64;
    if number.abs() < 9e15 && whole as f64 == number { json!(whole) } else { json!(number) }
}
