//! What goes into a scorer and what comes out, as columns.

use crate::Millis;
use crate::campaign::Value;
use crate::grants::Grants;
use crate::manifest::{Input, InputType, ScorerSpec};
use crate::profile::Subject;
use crate::settings::TenantSettings;
use crate::usage::Usage;

/// One input of every person, in the order of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// NaN where unknown.
    Numbers(Vec<f64>),
    /// 0 where unknown.
    Integers(Vec<i64>),
    /// Empty where unknown.
    Texts(Vec<String>),
}

/// A score column, or one term of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultColumn {
    /// The score.
    pub score: String,
    /// The term; empty for the score itself.
    pub term: String,
    /// One value a row.
    pub values: Vec<f64>,
}

/// A scorer's answer; every column was checked to be as long as the rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scored {
    /// One a score.
    pub scores: Vec<ResultColumn>,
    /// One a term, if explanations were asked for.
    pub terms: Vec<ResultColumn>,
}

/// One score of an answer with its terms.
#[derive(Debug, Clone)]
pub struct ScoreColumn<'s> {
    /// The score.
    pub name: &'s str,
    values: &'s [f64],
    terms: Vec<&'s ResultColumn>,
}

/// What one call about some people came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The answer, or why there is none.
    pub answer: Result<Scored, String>,
    /// Whether the call as a whole came to nothing.
    pub crashed: bool,
    /// Fuel that the call burnt.
    pub fuel: u64,
    /// How long it ran, in microseconds.
    pub micros: u64,
}

impl Marks {
    /// Without a call: why there was none.
    pub fn none(why: impl Into<String>) -> Self {
        Self { answer: Err(why.into()), crashed: false, fuel: 0, micros: 0 }
    }

    /// What the call about so many people cost.
    pub fn usage(&self, people: usize) -> Usage {
        Usage {
            calls: 1,
            items: people as u64,
            crashes: self.crashed.into(),
            fuel: self.fuel,
            micros: self.micros,
            ..Usage::default()
        }
    }
}

/// What a scorer may see, and as of when.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'s> {
    /// What it may do.
    pub grants: &'s Grants,
    /// Say which purposes need consent.
    pub settings: &'s TenantSettings,
    /// The time.
    pub now: Millis,
}

impl Scored {
    /// The scores that the manifest declares, in the order of the answer; terms are in the order of the manifest.
    pub fn columns<'s>(&'s self, spec: &'s ScorerSpec) -> impl Iterator<Item = ScoreColumn<'s>> {
        self.scores.iter().map(|column| {
            let order = spec.scores.iter().find(|score| score.name == column.score);
            let named = order.into_iter().flat_map(|score| &score.terms);
            let terms = named.filter_map(|term| {
                self.terms.iter().find(|other| other.score == column.score && other.term == term.name)
            });
            ScoreColumn { name: &column.score, values: &column.values, terms: terms.collect() }
        })
    }
}

impl ScoreColumn<'_> {
    /// The score of the person in this row; who has none got a value that is no finite number.
    pub fn value(&self, row: usize) -> Option<f64> {
        self.values.get(row).copied().filter(|value| value.is_finite())
    }

    /// What it is made of.
    pub fn terms(&self, row: usize) -> Vec<(String, f64)> {
        let term = |column: &&ResultColumn| {
            let value = column.values.get(row).copied().filter(|value| value.is_finite())?;
            Some((column.term.clone(), value))
        };
        self.terms.iter().filter_map(term).collect()
    }
}

/// What a scorer is told of people: one column for each input. What it may not see counts as unknown.
pub fn columns(spec: &ScorerSpec, sight: &Sight<'_>, people: &[Subject<'_>]) -> Vec<Column> {
    spec.inputs.iter().map(|input| column(input, sight, people)).collect()
}

fn column(input: &Input, sight: &Sight<'_>, people: &[Subject<'_>]) -> Column {
    let default = input.default.as_ref();
    let granted = sight.grants.allows_field(&input.name);
    // What a person does not allow to be used for this counts as unknown.
    let of = |person: &Subject<'_>| {
        let seen = granted && person.may_see(&input.name, &input.purpose, sight.settings, sight.now);
        if seen { person.field(&input.name, sight.now) } else { None }
    };
    match input.kind {
        InputType::Number => {
            let default = default.and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
            Column::Numbers(people.iter().map(|one| of(one).as_ref().and_then(number).unwrap_or(default)).collect())
        }
        InputType::Integer => {
            let default = default.and_then(serde_json::Value::as_i64).unwrap_or(0);
            Column::Integers(people.iter().map(|one| of(one).as_ref().and_then(integer).unwrap_or(default)).collect())
        }
        InputType::Text => {
            let default = default.and_then(serde_json::Value::as_str).unwrap_or_default();
            let text = |one: &Subject<'_>| match of(one) {
                Some(Value::Text(text)) => text,
                _ => default.to_owned(),
            };
            Column::Texts(people.iter().map(text).collect())
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Integer(number) | Value::Time(number) => Some(*number as f64),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Flag(_) | Value::Texts(_) => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) | Value::Time(number) => Some(*number),
        Value::Number(number) if number.is_finite() => Some(*number as i64),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
