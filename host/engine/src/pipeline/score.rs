//! Scores people again after events that their scorers want: one call for many of them, columns in and out.

use guanxi_domain::Millis;
use guanxi_domain::ids::{CallId, PersonId, derived_uuid};
use guanxi_domain::manifest::ScorerSpec;
use guanxi_domain::person::Score;
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::profile::Subject;
use guanxi_domain::scoring::{Scored, Sight, columns};
use guanxi_domain::usage::WorkKind;
use guanxi_store::LoggedCall;

use super::memory::{Known, Memory};
use super::rounds::Mind;
use crate::fleet::Unit;

/// Scores `people`; a scorer that fails leaves the old scores and pays with its health.
pub(crate) fn run(memory: &mut Memory, unit: &Unit, spec: &ScorerSpec, people: &[PersonId], mind: &Mind) {
    let (now, limits) = (mind.now, &mind.limits);
    let rows: Vec<Subject<'_>> = people.iter().filter_map(|id| memory.people.get(id)).map(Known::subject).collect();
    let sight = Sight { grants: &unit.installation.grants, settings: &mind.settings, now };
    let columns = columns(spec, &sight, &rows);
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person.id).collect();
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

/// The runtime has checked that every column is declared and as long as the rows.
fn keep(memory: &mut Memory, unit: &Unit, spec: &ScorerSpec, ids: &[PersonId], scored: &Scored, now: Millis) {
    for column in scored.columns(spec) {
        for (row, id) in ids.iter().enumerate() {
            let Some(value) = column.value(row) else { continue };
            let score = Score {
                name: column.name.to_owned(),
                value,
                terms: column.terms(row),
                installation: unit.installation.id,
                at: now,
            };
            memory.set_score(*id, score);
        }
    }
}
