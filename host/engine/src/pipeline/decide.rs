//! Lets one campaign decide about the moments of one round, and keeps a receipt of each decision.

use guanxi_domain::campaign::{Decision, Failure, Moment};
use guanxi_domain::event;
use guanxi_domain::ids::{DecisionId, derived_uuid};
use guanxi_runtime::{Call, LogLine};
use guanxi_store::DecisionRow;

use super::memory::Memory;
use super::operations::{self, Done};
use super::profile;
use super::rounds::{Item, Mind};
use crate::fleet::Unit;

/// The most moments of one call.
const CALL_MAX: usize = 256;

/// What a call (or its part) said about one moment.
struct Verdict {
    decision: Result<Decision, String>,
    /// The call's fuel, shared equally by its moments.
    fuel: u64,
    log: Vec<LogLine>,
}

/// Decides about `items`, each of another person.
pub(crate) fn run(memory: &mut Memory, mind: &Mind, unit: &Unit, items: &[&Item]) {
    for items in items.chunks(CALL_MAX) {
        let moments: Vec<Moment> = items.iter().filter_map(|item| moment(memory, mind, unit, item)).collect();
        let mut verdicts = Vec::with_capacity(moments.len());
        ask(memory, mind, unit, &moments, &mut verdicts);
        for ((item, moment), verdict) in items.iter().zip(&moments).zip(verdicts) {
            settle(memory, mind, unit, item, moment, verdict);
        }
    }
}

fn moment(memory: &Memory, mind: &Mind, unit: &Unit, item: &Item) -> Option<Moment> {
    let known = memory.people.get(&item.root)?;
    let key = (unit.installation.id, item.root);
    let history = memory.history.get(&key).map(Vec::as_slice).unwrap_or_default();
    Some(Moment {
        event: profile::seen(&item.event),
        person: profile::of(known, unit, mind),
        history: history.iter().map(profile::seen).collect(),
        state: memory.states.get(&key).cloned(),
        now: mind.now,
        seed: event::seed(item.event.event.id, unit.installation.id),
    })
}

/// Calls the plugin. When it crashes the batch is halved until the moment it crashes on stands alone, so that one bad
/// moment costs only itself; each such moment is paid from the crash budget, and quarantine ends the search.
fn ask(memory: &mut Memory, mind: &Mind, unit: &Unit, moments: &[Moment], verdicts: &mut Vec<Verdict>) {
    if moments.is_empty() {
        return;
    }
    if !unit.is_well(mind.now) {
        let refused = || Verdict { decision: Err("the plugin is in quarantine".to_owned()), fuel: 0, log: Vec::new() };
        verdicts.extend(moments.iter().map(|_| refused()));
        return;
    }
    let call = unit.plugin.decide(&unit.config, moments, &mind.limits);
    let crashed = call.result.is_err() && moments.len() > 1;
    if crashed {
        let (first, second) = moments.split_at(moments.len() / 2);
        ask(memory, mind, unit, first, verdicts);
        ask(memory, mind, unit, second, verdicts);
        return;
    }
    if let Some(health) = unit.note(call.result.as_ref().map(|_| ()), mind.now) {
        memory.changes.health.insert(unit.installation.id, health);
    }
    shares(call, moments.len(), verdicts);
}

fn shares(call: Call<Vec<Result<Decision, Failure>>>, moments: usize, verdicts: &mut Vec<Verdict>) {
    let fuel = call.fuel / (moments.max(1) as u64);
    match call.result {
        Ok(decisions) => verdicts.extend(decisions.into_iter().map(|decision| Verdict {
            decision: decision.map_err(|failure| failure.to_string()),
            fuel,
            // Lines of a call for many cannot be told apart; they stand with each of them.
            log: call.log.clone(),
        })),
        Err(error) => verdicts.push(Verdict { decision: Err(error.to_string()), fuel, log: call.log }),
    }
}

fn settle(memory: &mut Memory, mind: &Mind, unit: &Unit, item: &Item, moment: &Moment, verdict: Verdict) {
    let position = item.event.position;
    let seed =
        [mind.tenant.0.to_be_bytes().as_slice(), &position.to_be_bytes(), unit.installation.id.as_bytes()].concat();
    let id = DecisionId::from_uuid(derived_uuid(item.event.event.received_at, &[&seed]));
    let (outcome, operations, reasons) = match verdict.decision {
        Ok(decision) => {
            let state_key = (unit.installation.id, item.root);
            if decision.state.as_ref() != memory.states.get(&state_key) {
                match &decision.state {
                    Some(state) => drop(memory.states.insert(state_key, state.clone())),
                    None => drop(memory.states.remove(&state_key)),
                }
                memory.changes.states.insert(state_key, decision.state);
            }
            let done = operations::perform(memory, mind, unit, item, id, decision.operations);
            let outcome = match done.as_slice() {
                [] => "skipped",
                all if all.iter().all(Done::is_refused) => "refused",
                _ => "acted",
            };
            (outcome, done, decision.reasons)
        }
        Err(reason) => ("failed", Vec::new(), vec![reason]),
    };
    memory.changes.decisions.push(DecisionRow {
        id,
        installation: unit.installation.id,
        person: item.leaf,
        position,
        at: mind.now,
        digest: unit.installation.digest.clone(),
        config_hash: unit.config_hash.clone(),
        outcome: outcome.to_owned(),
        operations: json::<[Done]>(&operations),
        reasons: json(&reasons),
        log: json(&verdict.log),
        input: json(moment),
        seed: moment.seed,
        fuel: verdict.fuel,
    });
}

/// JSON of what always has one.
fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
