//! Scores people again after events that their scorers want: one call for many of them, columns in and out.

use guanxi_domain::Millis;
use guanxi_domain::campaign::Value;
use guanxi_domain::ids::{CallId, PersonId, derived_uuid};
use guanxi_domain::manifest::{Input, InputType, ScorerSpec};
use guanxi_domain::person::Score;
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::scoring::{Column, Scored};
use guanxi_domain::usage::WorkKind;
use guanxi_store::LoggedCall;

use super::memory::{Known, Memory};
use super::profile::{field, may_see};
use super::rounds::Mind;
use crate::fleet::Unit;

/// The most people of one call.
pub(crate) const CALL_MAX: usize = 512;

/// Scores `people`; a scorer that fails leaves the old scores and pays with its health.
pub(crate) fn run(memory: &mut Memory, unit: &Unit, spec: &ScorerSpec, people: &[PersonId], mind: &Mind) {
    let (now, limits) = (mind.now, &mind.limits);
    let rows: Vec<&Known> = people.iter().filter_map(|id| memory.people.get(id)).collect();
    let granted = |input: &Input| unit.installation.grants.allows_field(&input.name);
    let columns: Vec<Column> = spec.inputs.iter().map(|input| column(input, granted(input), &rows, mind)).collect();
    let ids: Vec<PersonId> = rows.iter().map(|known| known.person.id).collect();
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let mut call = unit.plugin.score(&unit.config, &columns, count, now, true, limits);
    unit.count(WorkKind::Pipeline, &call, ids.len(), now);
    let failure = call.result.as_ref().ok().and_then(|answer| answer.as_ref().err()).map(ToString::to_string);
    let lines = unit.said(&mut call, failure, ids.len(), now);
    log(memory, unit, &ids, lines, mind);
    if let Some(health) = unit.note(call.result.as_ref().map(|_| ()), now) {
        memory.changes.health.insert(unit.installation.id, health);
    }
    match call.result {
        Ok(Ok(scored)) => keep(memory, unit, spec, &ids, &scored, now),
        Ok(Err(failure)) => tracing::warn!(installation = %unit.installation.name, %failure, "a scorer gave no scores"),
        Err(error) => tracing::warn!(installation = %unit.installation.name, %error, "a scorer crashed"),
    }
}

/// Keeps what a call said.
fn log(memory: &mut Memory, unit: &Unit, people: &[PersonId], lines: Vec<(Level, String)>, mind: &Mind) {
    if lines.is_empty() {
        return;
    }
    // Told apart by what was kept before in the same batch.
    let number = memory.changes.logs.len().to_be_bytes();
    let first = people.first().map(|person| person.as_bytes().as_slice()).unwrap_or_default();
    let seed = [mind.tenant.0.to_be_bytes().as_slice(), unit.key.as_bytes(), first, &number].concat();
    memory.changes.logs.push(LoggedCall {
        installation: unit.installation.id,
        at: mind.now,
        id: CallId::from_uuid(derived_uuid(mind.now, &[&seed])),
        digest: unit.installation.digest.clone(),
        asked: Asked::Score,
        message: None,
        people: memory.everybody_in(people.iter().copied()),
        lines,
    });
}

fn column(input: &Input, granted: bool, rows: &[&Known], mind: &Mind) -> Column {
    let default = input.default.as_ref();
    // What a person does not allow to be used for this counts as unknown.
    let allowed = |known: &Known| may_see(known, &input.name, &input.purpose, &mind.settings, mind.now);
    let of = |known: &Known| if granted && allowed(known) { field(known, &input.name, mind.now) } else { None };
    match input.kind {
        InputType::Number => {
            let default = default.and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
            Column::Numbers(rows.iter().map(|known| of(known).as_ref().and_then(number).unwrap_or(default)).collect())
        }
        InputType::Integer => {
            let default = default.and_then(serde_json::Value::as_i64).unwrap_or(0);
            Column::Integers(rows.iter().map(|known| of(known).as_ref().and_then(integer).unwrap_or(default)).collect())
        }
        InputType::Text => {
            let default = default.and_then(serde_json::Value::as_str).unwrap_or_default();
            let text = |known: &&Known| match of(known) {
                Some(Value::Text(text)) => text,
                _ => default.to_owned(),
            };
            Column::Texts(rows.iter().map(text).collect())
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

/// The runtime has checked that every column is declared and as long as the rows.
fn keep(memory: &mut Memory, unit: &Unit, spec: &ScorerSpec, ids: &[PersonId], scored: &Scored, now: Millis) {
    for column in &scored.scores {
        let order = spec.scores.iter().find(|score| score.name == column.score);
        let named = order.into_iter().flat_map(|score| &score.terms);
        let terms: Vec<_> = named
            .filter_map(|term| scored.terms.iter().find(|t| t.score == column.score && t.term == term.name))
            .collect();
        for (row, (id, value)) in ids.iter().zip(&column.values).enumerate() {
            if !value.is_finite() {
                continue;
            }
            let term = |t: &&guanxi_domain::scoring::ResultColumn| {
                let value = t.values.get(row).copied().filter(|v| v.is_finite())?;
                Some((t.term.clone(), value))
            };
            let score = Score {
                name: column.score.clone(),
                value: *value,
                terms: terms.iter().filter_map(term).collect(),
                installation: unit.installation.id,
                at: now,
            };
            memory.set_score(*id, score);
        }
    }
}
