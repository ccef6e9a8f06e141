//! Segments: who is meant, in a small language of JSON documents that people, programs and the console write alike.
//!
//! A [`Filter`] is read once, with the place of whatever is wrong in it. After that it is answered in three ways that
//! agree: for one person ([`Filter::holds`]), with reasons ([`Filter::explain`]), and for everybody at once in SQL, which
//! the store makes of it. Times that are said in relation to now are worked out by [`bounds`] for all three.

pub mod bounds;
mod condition;
mod evaluate;
mod expand;
mod needs;
mod read;
mod say;
pub mod schema;
mod subject;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use condition::{
    AttributeTest, Condition, Consented, DateTest, Direction, Number, Op, OrderMeasure, Scalar, TimeFact, TimeTest,
    Total, Which,
};
pub use evaluate::Finding;
pub use expand::{Known, expand};
pub use needs::{Counted, Needs, Tick, Window};
pub use say::Tongue;
pub use subject::{Degree, Subject};

/// Kind of the events that the host makes when a person enters segments: `properties.segments` names all that were entered
/// by one commit.
pub const ENTERED: &str = "guanxi.segment.entered";
/// Kind of the events that the host makes when a person leaves segments, likewise.
pub const LEFT: &str = "guanxi.segment.left";

/// The deepest nesting of `all`, `any` and `not`.
pub const DEPTH_MAX: usize = 12;
/// The most conditions and groups of one filter.
pub const NODES_MAX: usize = 200;
/// The most of them once the segments it names are put in.
pub const EXPANDED_NODES_MAX: usize = 1_000;
/// The most entries of a list of values.
pub const LIST_MAX: usize = 500;
/// The most characters of a text.
pub const TEXT_MAX: usize = 256;
/// The most bytes of a filter.
pub const FILTER_BYTES_MAX: usize = 64 * 1024;
/// The most segments of one tenant.
pub const SEGMENTS_MAX: usize = 500;

/// Who is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// For whom all of them hold; everybody if there are none.
    All(Vec<Filter>),
    /// For whom one of them holds; nobody if there are none.
    Any(Vec<Filter>),
    /// For whom it does not hold.
    Not(Box<Filter>),
    /// One condition.
    Is(Condition),
}

/// The document cannot be a filter: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadFilter {
    /// `filter.all[2].gte` …
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl BadFilter {
    pub(crate) fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}

impl Filter {
    /// Reads a document.
    pub fn read(document: &Value) -> Result<Self, BadFilter> {
        read::filter(document)
    }

    /// Reads a document from its text; one that is nested too deep is refused before it costs anything.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(BadFilter::new("filter", format!("has at most {FILTER_BYTES_MAX} bytes")));
        }
        let document = serde_json::from_str(text).map_err(|error| BadFilter::new("filter", error.to_string()))?;
        Self::read(&document)
    }

    /// The document, in its usual spelling.
    pub fn to_json(&self) -> Value {
        let list = |filters: &[Self]| filters.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::All(filters) => json!({ "all": list(filters) }),
            Self::Any(filters) => json!({ "any": list(filters) }),
            Self::Not(filter) => json!({ "not": filter.to_json() }),
            Self::Is(condition) => Value::Object(condition.to_json()),
        }
    }

    /// Every condition, in the order of the document.
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().flat_map(Self::conditions).collect(),
            Self::Not(filter) => filter.conditions(),
            Self::Is(condition) => vec![condition],
        }
    }

    /// How many conditions and groups it has.
    pub fn nodes(&self) -> usize {
        match self {
            Self::All(filters) | Self::Any(filters) => 1 + filters.iter().map(Self::nodes).sum::<usize>(),
            Self::Not(filter) => 1 + filter.nodes(),
            Self::Is(_) => 1,
        }
    }

    /// The names of other segments in it.
    pub fn segments(&self) -> Vec<&str> {
        let named = self.conditions().into_iter().filter_map(|condition| match condition {
            Condition::Segment(name) => Some(name.as_str()),
            _ => None,
        });
        named.collect()
    }
}

/// Whether the text can name a segment: 2 to 64 of `a-z 0-9 - _`, starting with a letter.
pub fn is_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
