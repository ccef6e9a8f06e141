//! Lets one campaign decide about the moments of one round, and keeps a receipt of each decision.

use guanxi_domain::campaign::{Decision, Failure, Moment};
use guanxi_domain::event;
use guanxi_domain::ids::{DecisionId, derived_uuid};
use guanxi_domain::limits::MOMENTS_MAX;
use guanxi_domain::receipt::{Answer, CallReceipt, answer_hash, keep_input};
use guanxi_runtime::{Call, LogLine};
use guanxi_store::DecisionRow;

use super::memory::Memory;
use super::operations::{self, Done};
use super::profile;
use super::rounds::{Item, Mind};
use crate::fleet::Unit;

/// One moment, and where it comes from.
struct Case<'i> {
    item: &'i Item,
    id: DecisionId,
}

/// What a call (or its part) said about one moment.
struct Verdict {
    answer: Answer,
    /// The call's fuel, shared equally by its moments.
    fuel: u64,
    log: Vec<LogLine>,
    /// Nothing if there was no call.
    call: Option<CallReceipt>,
}

/// Decides about `items`, each of another person.
pub(crate) fn run(memory: &mut Memory, mind: &Mind, unit: &Unit, items: &[&Item]) {
    for items in items.chunks(MOMENTS_MAX) {
        let known = items.iter().filter_map(|item| {
            let moment = moment(memory, mind, unit, item)?;
            Some((Case { item, id: decision_id(mind, unit, item) }, moment))
        });
        let (cases, moments): (Vec<Case<'_>>, Vec<Moment>) = known.unzip();
        let mut verdicts = Vec::with_capacity(moments.len());
        ask(memory, mind, unit, &cases, &moments, &mut verdicts);
        for ((case, moment), verdict) in cases.iter().zip(&moments).zip(verdicts) {
            settle(memory, mind, unit, case, moment, verdict);
        }
    }
}

/// Follows from event and installation.
fn decision_id(mind: &Mind, unit: &Unit, item: &Item) -> DecisionId {
    let (tenant, position) = (mind.tenant.0.to_be_bytes(), item.event.position.to_be_bytes());
    let seed = [tenant.as_slice(), &position, unit.installation.id.as_bytes()].concat();
    DecisionId::from_uuid(derived_uuid(item.event.event.received_at, &[&seed]))
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
fn ask(
    memory: &mut Memory,
    mind: &Mind,
    unit: &Unit,
    cases: &[Case<'_>],
    moments: &[Moment],
    verdicts: &mut Vec<Verdict>,
) {
    if moments.is_empty() {
        return;
    }
    if !unit.is_well(mind.now) {
        let answer = || Err("the plugin is in quarantine".to_owned());
        verdicts.extend(moments.iter().map(|_| Verdict { answer: answer(), fuel: 0, log: Vec::new(), call: None }));
        return;
    }
    let call = unit.plugin.decide(&unit.config, moments, &mind.limits);
    let crashed = call.result.is_err() && moments.len() > 1;
    if crashed {
        let half = moments.len() / 2;
        let (moments, cases) = (moments.split_at(half), cases.split_at(half));
        ask(memory, mind, unit, cases.0, moments.0, verdicts);
        ask(memory, mind, unit, cases.1, moments.1, verdicts);
        return;
    }
    if let Some(health) = unit.note(call.result.as_ref().map(|_| ()), mind.now) {
        memory.changes.health.insert(unit.installation.id, health);
    }
    shares(call, cases, verdicts);
}

fn shares(mut call: Call<Vec<Result<Decision, Failure>>>, cases: &[Case<'_>], verdicts: &mut Vec<Verdict>) {
    let fuel = call.fuel / (cases.len().max(1) as u64);
    let answers = call.answers(cases.len());
    let ids: Vec<DecisionId> = cases.iter().map(|case| case.id).collect();
    let hashes: Vec<[u8; 32]> = answers.iter().map(answer_hash).collect();
    let receipts = CallReceipt::of_each(&ids, &hashes, call.fuel);
    verdicts.extend(answers.into_iter().zip(receipts).map(|(answer, receipt)| Verdict {
        answer,
        fuel,
        // Lines of a call for many cannot be told apart; they stand with each of them.
        log: call.log.clone(),
        call: Some(receipt),
    }));
}

fn settle(memory: &mut Memory, mind: &Mind, unit: &Unit, case: &Case<'_>, moment: &Moment, verdict: Verdict) {
    let Case { item, id } = *case;
    let (outcome, operations, reasons) = match verdict.answer {
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
        position: item.event.position,
        at: mind.now,
        digest: unit.installation.digest.clone(),
        config_hash: unit.config_hash.clone(),
        outcome: outcome.to_owned(),
        operations: json::<[Done]>(&operations),
        reasons: json(&reasons),
        log: json(&verdict.log),
        input: keep_input(moment, mind.receipt_bytes),
        seed: moment.seed,
        fuel: verdict.fuel,
        call: verdict.call,
    });
}

/// JSON of what always has one.
fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
