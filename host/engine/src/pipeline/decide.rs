//! Lets one campaign decide about the moments of one round, and what stands beside it, and keeps a receipt of each decision.

use guanxi_domain::backtest;
use guanxi_domain::campaign::{Decision, Failure, Moment};
use guanxi_domain::candidate::{Candidate, CandidateStatus, Seen, Side};
use guanxi_domain::event::{self, CANDIDATE, EventBody, NewEvent};
use guanxi_domain::ids::{CallId, DecisionId, EventId, derived_uuid};
use guanxi_domain::installation::Installation;
use guanxi_domain::limits::MOMENTS_MAX;
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::receipt::{Answer, CallReceipt, answer_hash, keep_input};
use guanxi_domain::usage::WorkKind;
use guanxi_runtime::Call;
use guanxi_store::{DecisionRow, LoggedCall};

use super::memory::Memory;
use super::operations::{self, Done};
use super::profile;
use super::rounds::{Item, Mind, decides};
use crate::fleet::{Trial, Unit};

/// A campaign with what stands beside it; at least one of them.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'m> {
    /// Nothing if the installation is off.
    pub(crate) live: Option<&'m Unit>,
    pub(crate) trial: Option<&'m Trial>,
}

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
    /// Nothing if there was no call.
    call: Option<CallReceipt>,
    /// Whether there was no call, or it came to nothing as a whole.
    crashed: bool,
}

/// A moment with what was said about it.
struct Said<'i> {
    case: Case<'i>,
    moment: Moment,
    verdict: Verdict,
}

impl<'m> Pair<'m> {
    /// Whether one of them decides about it.
    pub(crate) fn decides(&self, item: &Item) -> bool {
        let units = [self.live, self.trial.map(|trial| trial.unit.as_ref())];
        units.into_iter().flatten().any(|unit| is_asked(unit, item))
    }

    /// What stands beside it, if it still does. Nothing is tried on fuel that the tenant does not have.
    fn running(&self, memory: &Memory, mind: &Mind) -> Option<&'m Trial> {
        self.trial.filter(|_| !mind.budget.is_used_up(mind.now)).filter(|trial| {
            let candidate = memory.candidates.get(&trial.unit.installation.id);
            candidate.is_some_and(|candidate| runs(candidate, trial))
        })
    }
}

fn is_asked(unit: &Unit, item: &Item) -> bool {
    unit.manifest().campaign.as_ref().is_some_and(|spec| decides(unit, &spec.events, item))
}

fn runs(candidate: &Candidate, trial: &Trial) -> bool {
    candidate.id == trial.candidate && candidate.status == CandidateStatus::Running
}

/// Decides about `items`, each of another person.
pub(crate) fn run(memory: &mut Memory, mind: &Mind, pair: Pair<'_>, items: &[&Item]) {
    for items in items.chunks(MOMENTS_MAX) {
        let trial = pair.running(memory, mind);
        let beside = trial.map(|trial| trial.unit.as_ref());
        // Both say what they want before anything is done, so that both see the same.
        let [said, said_beside] = [pair.live, beside].map(|unit| hear(memory, mind, unit, items));
        for ((item, said), said_beside) in items.iter().zip(said).zip(said_beside) {
            let sides = [said.as_ref(), said_beside.as_ref()];
            let wins = trial.is_some_and(|trial| compare(memory, mind, pair.live.is_some(), trial, item, sides));
            for (unit, said, effective) in [(pair.live, said, !wins), (beside, said_beside, wins)] {
                if let Some((unit, said)) = unit.zip(said) {
                    settle(memory, mind, unit, said, effective);
                }
            }
        }
    }
}

/// What a campaign says about each item; nothing of those that it is not asked about.
fn hear<'i>(memory: &mut Memory, mind: &Mind, unit: Option<&Unit>, items: &[&'i Item]) -> Vec<Option<Said<'i>>> {
    let Some(unit) = unit else { return items.iter().map(|_| None).collect() };
    let mut places = Vec::with_capacity(items.len());
    let (mut cases, mut moments) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        let moment = if is_asked(unit, item) { moment(memory, mind, unit, item) } else { None };
        places.push(moment.is_some());
        if let Some(moment) = moment {
            cases.push(Case { item, id: decision_id(mind, unit, item) });
            moments.push(moment);
        }
    }
    let mut verdicts = Vec::with_capacity(cases.len());
    ask(memory, mind, unit, &cases, &moments, &mut verdicts);
    let mut said = cases.into_iter().zip(moments).zip(verdicts);
    let mut next = || said.next().map(|((case, moment), verdict)| Said { case, moment, verdict });
    places.into_iter().map(|is_asked| if is_asked { next() } else { None }).collect()
}

/// Counts what both say about one item; whether the candidate's decision takes effect.
fn compare(
    memory: &mut Memory,
    mind: &Mind,
    is_live: bool,
    trial: &Trial,
    item: &Item,
    [said, beside]: [Option<&Said<'_>>; 2],
) -> bool {
    let id = trial.unit.installation.id;
    // It may have fallen back in the middle of a call.
    let candidate = memory.candidates.get_mut(&id).filter(|candidate| runs(candidate, trial));
    let Some(candidate) = candidate else { return false };
    let wins = candidate.decides_for(item.root) && !beside.is_some_and(|said| said.verdict.crashed);
    let Some(decision) = beside.or(said).map(|said| said.case.id) else { return wins };
    let (before, after) = (side(said), side(beside));
    let seen = Seen { decision, before: is_live.then_some(&before), after: &after, effective: wins };
    candidate.count(&seen, mind.now);
    memory.changes.tried.insert(id);
    if let Some(reason) = candidate.reason.clone().filter(|_| candidate.status == CandidateStatus::FellBack) {
        tell_of_fall(memory, mind, trial, item, &reason);
    }
    wins
}

fn side(said: Option<&Said<'_>>) -> Side {
    said.map(|Said { verdict, .. }| Side {
        said: backtest::Said::of(verdict.answer.clone()),
        fuel: verdict.fuel,
        crashed: verdict.crashed,
        asked: true,
    })
    .unwrap_or_default()
}

/// Writes into the log that a candidate fell back, for whoever follows it.
fn tell_of_fall(memory: &mut Memory, mind: &Mind, trial: &Trial, item: &Item, reason: &str) {
    let Installation { name, version, .. } = &trial.unit.installation;
    tracing::warn!(installation = %name, %version, reason, "a candidate fell back");
    let message_id = format!("{CANDIDATE}/{}", trial.candidate);
    let properties = [
        ("installation", name.clone()),
        ("candidate", trial.candidate.to_string()),
        ("version", version.clone()),
        ("status", CandidateStatus::FellBack.as_str().to_owned()),
        ("reason", reason.to_owned()),
    ];
    let received_at = item.event.event.received_at;
    memory.changes.events.push(NewEvent {
        id: EventId::from_uuid(derived_uuid(received_at, &[&mind.tenant.0.to_be_bytes(), message_id.as_bytes()])),
        message_id,
        kind: CANDIDATE.to_owned(),
        occurred_at: mind.now,
        received_at: mind.now,
        body: EventBody {
            properties: properties.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect(),
            ..EventBody::default()
        },
    });
}

/// Follows from the event and from who decides.
fn decision_id(mind: &Mind, unit: &Unit, item: &Item) -> DecisionId {
    let (tenant, position) = (mind.tenant.0.to_be_bytes(), item.event.position.to_be_bytes());
    let seed = [tenant.as_slice(), &position, unit.key.as_bytes()].concat();
    DecisionId::from_uuid(derived_uuid(item.event.event.received_at, &[&seed]))
}

fn moment(memory: &Memory, mind: &Mind, unit: &Unit, item: &Item) -> Option<Moment> {
    let known = memory.people.get(&item.root)?;
    let history = memory.history.get(&(unit.key, item.root)).map(Vec::as_slice).unwrap_or_default();
    Some(Moment {
        event: profile::seen(&item.event),
        person: profile::of(known, unit, mind),
        history: history.iter().map(profile::seen).collect(),
        state: memory.states.get(&(unit.installation.id, item.root)).cloned(),
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
    if let Some(pause) = unit.pause(mind.now) {
        let verdict = || Verdict { answer: Err(pause.to_owned()), fuel: 0, call: None, crashed: true };
        verdicts.extend(moments.iter().map(|_| verdict()));
        return;
    }
    let mut call = unit.plugin.decide(&unit.config, moments, &mind.limits);
    unit.count(WorkKind::Pipeline, &call, moments.len(), mind.now);
    let crashed = call.result.is_err() && moments.len() > 1;
    if crashed {
        let half = moments.len() / 2;
        let (moments, cases) = (moments.split_at(half), cases.split_at(half));
        ask(memory, mind, unit, cases.0, moments.0, verdicts);
        ask(memory, mind, unit, cases.1, moments.1, verdicts);
        return;
    }
    let health = unit.note(call.result.as_ref().map(|_| ()), mind.now);
    if let Some(health) = health.filter(|_| !unit.is_candidate()) {
        memory.changes.health.insert(unit.installation.id, health);
    }
    let lines = unit.said(&mut call, None, cases.len(), mind.now);
    log(memory, mind, unit, cases, lines);
    shares(call, cases, verdicts);
}

/// Keeps what a call said, once for all of its moments.
fn log(memory: &mut Memory, mind: &Mind, unit: &Unit, cases: &[Case<'_>], lines: Vec<(Level, String)>) {
    let first = cases.first().and_then(|case| CallId::from_slice(case.id.as_bytes()));
    let Some(id) = first.filter(|_| !lines.is_empty()) else { return };
    let people = memory.everybody_in(cases.iter().flat_map(|case| [case.item.root, case.item.leaf]));
    memory.changes.logs.push(LoggedCall {
        installation: unit.installation.id,
        at: mind.now,
        id,
        digest: unit.installation.digest.clone(),
        asked: Asked::Decide,
        message: None,
        people,
        lines,
    });
}

fn shares(mut call: Call<Vec<Result<Decision, Failure>>>, cases: &[Case<'_>], verdicts: &mut Vec<Verdict>) {
    let (fuel, crashed) = (call.fuel / (cases.len().max(1) as u64), call.result.is_err());
    let answers = call.answers(cases.len());
    let ids: Vec<DecisionId> = cases.iter().map(|case| case.id).collect();
    let hashes: Vec<[u8; 32]> = answers.iter().map(answer_hash).collect();
    let receipts = CallReceipt::of_each(&ids, &hashes, call.fuel);
    verdicts.extend(answers.into_iter().zip(receipts).map(|(answer, receipt)| Verdict {
        answer,
        fuel,
        call: Some(receipt),
        crashed,
    }));
}

/// Does what was decided, unless it is another decision that takes effect, and keeps a receipt.
fn settle(memory: &mut Memory, mind: &Mind, unit: &Unit, said: Said<'_>, effective: bool) {
    let Said { case: Case { item, id }, moment, verdict } = said;
    let (outcome, operations, reasons) = match verdict.answer {
        Ok(decision) => {
            let done = match effective {
                true => {
                    keep_state(memory, unit, item, decision.state);
                    operations::perform(memory, mind, unit, item, id, decision.operations)
                }
                false => decision.operations.into_iter().map(Done::shadowed).collect(),
            };
            unit.count_refusals(done.iter().filter(|done| done.is_refused()).count());
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
        // Those of a call stand beside its receipts, once.
        log: "[]".to_owned(),
        input: keep_input(&moment, mind.receipt_bytes),
        seed: moment.seed,
        fuel: verdict.fuel,
        call: verdict.call,
        shadow: !effective,
    });
}

fn keep_state(memory: &mut Memory, unit: &Unit, item: &Item, state: Option<String>) {
    let key = (unit.installation.id, item.root);
    if state.as_ref() == memory.states.get(&key) {
        return;
    }
    match &state {
        Some(state) => drop(memory.states.insert(key, state.clone())),
        None => drop(memory.states.remove(&key)),
    }
    memory.changes.states.insert(key, state);
}

/// JSON of what always has one.
fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
