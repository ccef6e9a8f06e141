//! Writes what a micro-batch came to, together with the log's new position, in one transaction; then tells onlookers.

use std::collections::BTreeSet;
use std::time::Duration;

use guanxi_app::{AppError, GraphChanges, Live, LiveKind, dead_letter_notice};
use guanxi_domain::event::CANDIDATE;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::linking::ActionKind;
use guanxi_domain::person::{Person, Score, Signal};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Notice, NoticeKind};
use guanxi_store::{
    Dialect, LinkRow, LogCursor, Newcomers, OrderRow, Scope as Rows, Settlement, SignalRow, StoreError, TagRow, Timer,
    Work,
};

use super::bulk::Part;
use super::memory::{Changes, Memory};
use super::rounds::{Item, Mind};
use super::{consents, limits, rates, receipts, relations, segments};
use crate::{Engine, audiences, notices};

/// Whom and what nobody knew before the batch, which follows `from`.
pub(crate) fn newcomers(
    dialect: Dialect,
    tenant: TenantId,
    memory: &Memory,
    from: LogCursor,
) -> Result<Newcomers, StoreError> {
    let (people, _) = written(memory, from);
    let links = memory.changes.links.values().filter(|put| put.is_new).map(|put| &put.row);
    Newcomers::of(dialect, tenant, &people, &links.collect::<Vec<_>>())
}

/// The people who are written: new ones, and those who are changed.
fn written(memory: &Memory, from: LogCursor) -> (Vec<&Person>, Vec<&Person>) {
    let touched = memory.changes.touched.iter().filter_map(|id| memory.people.get(id));
    touched.map(|known| &known.person).partition(|person| person.number > from.people)
}

/// Writes everything or nothing; how long another tenant who wants to write was kept waiting.
pub(crate) async fn write(
    engine: &Engine,
    mind: &Mind,
    memory: &Memory,
    items: &[Item],
    newcomers: Newcomers,
    from: LogCursor,
    to: LogCursor,
) -> Result<Duration, AppError> {
    let tenant = mind.tenant;
    // After a power cut the log decides again; what leaves the house waits for the disk first, see `delivery`.
    let mut work = engine.app.store().begin_unhurried(Rows::Tenant(tenant)).await?;
    work.advance(tenant, from, to).await?;
    let gone = segments::numbers_of(&mut work, tenant, &memory.changes.dissolved).await?;
    work.add_newcomers(newcomers).await?;
    write_people(&mut work, tenant, memory, from).await?;
    let mut notices = write_plugins(&mut work, tenant, memory).await?;
    rates::count(&mut work, mind, memory, items).await?;
    if let Some(outcomes) = &memory.changes.imported {
        notices.extend(notices::of_outcomes(&mut work, tenant, outcomes, mind.now).await?);
    }
    notices.extend(fallen(memory));
    work.append(tenant, &memory.changes.events).await?;
    let receipts = receipts::write(engine, &mut work, tenant, &memory.changes.receipts, mind.now).await?;
    let followed = segments::follow(engine, &mut work, mind, memory, items, &gone).await?;
    let changed = otherwise_changed(memory, from);
    let gone = gone.iter().copied().collect();
    let marked = audiences::mark(engine, &mut work, tenant, &followed.moved(), &changed, &gone).await?;
    work.append(tenant, &followed.events).await?;
    let noticed = engine.app.announce(&mut work, tenant, &notices).await?;
    let waited = work.commit_in_turn().await?;
    let moved_people = !followed.events.is_empty();
    followed.committed(engine);
    let moved = relations::changes(memory, items);
    follow(engine, tenant, from.position, to.position, moved).await;

    let changes = &memory.changes;
    for message in &changes.messages {
        engine.app.signals().queued.ring((tenant, message.connector, message.class));
    }
    if changes.timers.values().any(Option::is_some) {
        engine.app.signals().timed.notify_one();
    }
    if noticed {
        engine.app.signals().noticed.notify_one();
    }
    if marked {
        engine.app.signals().gathered.notify_one();
    }
    if !changes.events.is_empty() || moved_people || receipts.is_told {
        engine.app.signals().appended.ring(tenant);
    }
    if engine.app.is_watched() {
        tell(engine, mind, memory, items);
        receipts.tell(engine, tenant, mind.now);
    }
    Ok(waited)
}

/// Whose consents or links changed, and who was joined or parted: audiences look at them again. Whoever is new enters their
/// segments, which tells audiences enough.
fn otherwise_changed(memory: &Memory, from: LogCursor) -> BTreeSet<PersonId> {
    let changes = &memory.changes;
    let is_new = |id: &PersonId| memory.people.get(id).is_some_and(|known| known.person.number > from.people);
    let consents = changes.consents.keys().map(|(id, _)| *id);
    let links = changes.links.values().map(|put| put.row.person);
    let acted = changes.actions.iter().flat_map(|done| [Some(done.person), done.other]).flatten();
    let all = consents.chain(links).chain(changes.restructured.iter().copied()).chain(acted);
    all.filter(|id| !is_new(id)).collect()
}

/// Moves past an event that cannot be processed and keeps it as a dead letter.
pub(crate) async fn bury(
    engine: &Engine,
    tenant: TenantId,
    from: LogCursor,
    at: i64,
    reason: &str,
) -> Result<(), AppError> {
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    work.advance(tenant, from, LogCursor { position: at, ..from }).await?;
    let now = engine.app.ambient().now();
    work.bury(tenant, at, reason, 1, now).await?;
    let event = work.event(tenant, at).await?;
    let mut notices = vec![dead_letter_notice(at, event.as_ref().map(|event| event.event.id))];
    if let Some(outcomes) = event.and_then(|event| super::imports::buried(&event, reason)) {
        notices.extend(notices::of_outcomes(&mut work, tenant, &outcomes, now).await?);
    }
    let noticed = engine.app.announce(&mut work, tenant, &notices).await?;
    work.commit().await?;
    if noticed {
        engine.app.signals().noticed.notify_one();
    }
    follow(engine, tenant, from.position, at, GraphChanges::default()).await;
    Ok(())
}

/// Tells the graph of relations of a commit. What is committed stays so: a graph that missed it is read again.
async fn follow(engine: &Engine, tenant: TenantId, from: i64, to: i64, changes: GraphChanges) {
    if let Err(error) = engine.app.relations_moved(tenant, from, to, changes).await {
        tracing::warn!(tenant = tenant.0, %error, "the graph of relations is read again");
        engine.app.forget_relations(tenant);
    }
}

async fn write_people(work: &mut Work, tenant: TenantId, memory: &Memory, from: LogCursor) -> Result<(), AppError> {
    let changes = &memory.changes;
    let (_, people) = written(memory, from);
    let links: Vec<&LinkRow> = changes.links.values().filter(|put| !put.is_new).map(|put| &put.row).collect();
    let orders: Vec<OrderRow> = changes.orders.iter().filter_map(|id| memory.orders.get(id)).cloned().collect();
    let scores: Vec<(PersonId, Score)> = changes.scores.iter().map(|((id, _), score)| (*id, score.clone())).collect();
    let tags: Vec<TagRow> = changes.tags.values().flatten().cloned().collect();
    let gone = changes.tags.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key.clone());
    work.put_people(tenant, &people).await?;
    work.dissolve(tenant, &changes.dissolved).await?;
    work.put_links(tenant, &links).await?;
    work.add_conflicts(tenant, &changes.conflicts).await?;
    for (identity, claimed_by, settlement) in &changes.settlements {
        work.settle_conflicts(tenant, identity, *claimed_by, settlement).await?;
    }
    for join in changes.actions.iter().filter(|done| done.action == ActionKind::Merge && done.refused.is_none()) {
        // Who is one person now has no conflict with themselves.
        let leaves = memory.people.get(&join.person).map(|known| known.leaves.as_slice()).unwrap_or_default();
        let settlement = Settlement { resolved: true, by: join.actor.clone(), at: join.at };
        work.settle_among(tenant, leaves, &settlement).await?;
    }
    work.add_actions(tenant, &changes.actions).await?;
    work.add_timeline(tenant, &changes.timeline).await?;
    work.put_orders(tenant, &orders).await?;
    work.put_scores(tenant, &scores).await?;
    write_signals(work, tenant, changes).await?;
    consents::write(work, tenant, changes).await?;
    work.empty_events(tenant, &changes.emptied).await?;
    changes.edges.write(work, tenant).await?;
    work.put_tags(tenant, &tags).await?;
    Ok(work.remove_tags(tenant, &gone.collect::<Vec<_>>()).await?)
}

async fn write_signals(work: &mut Work, tenant: TenantId, changes: &Changes) -> Result<(), AppError> {
    let put = |((person, ..), signal): (&(PersonId, String, String), &Option<Signal>)| {
        Some(SignalRow { person: *person, signal: signal.clone()? })
    };
    let rows: Vec<SignalRow> = changes.signals.iter().filter_map(put).collect();
    let gone = changes.signals.iter().filter(|(_, signal)| signal.is_none()).map(|(key, _)| key.clone());
    work.put_signals(tenant, &rows).await?;
    Ok(work.remove_signals(tenant, &gone.collect::<Vec<_>>()).await?)
}

/// What subscribers are told of candidates that fell back: what the log is told.
fn fallen(memory: &Memory) -> impl Iterator<Item = Notice> {
    let events = memory.changes.events.iter().filter(|event| event.kind == CANDIDATE);
    events.map(|event| Notice { kind: NoticeKind::Candidate, data: event.body.properties.clone() })
}

/// Returns what subscribers are told of the plugins' health.
async fn write_plugins(work: &mut Work, tenant: TenantId, memory: &Memory) -> Result<Vec<Notice>, AppError> {
    let changes = &memory.changes;
    let states: Vec<(InstallationId, PersonId, Option<String>)> =
        changes.states.iter().map(|((unit, person), state)| (*unit, *person, state.clone())).collect();
    let timers: Vec<Timer> = changes.timers.values().flatten().cloned().collect();
    let cancelled = changes.timers.iter().filter(|(_, timer)| timer.is_none()).map(|(key, _)| key.clone());
    work.inherit_states(tenant, &changes.inherited).await?;
    work.put_states(tenant, &states).await?;
    work.put_timers(tenant, &timers).await?;
    work.delete_timers(tenant, &cancelled.collect::<Vec<_>>()).await?;
    work.insert_decisions(tenant, &changes.decisions).await?;
    work.insert_logs(tenant, &changes.logs).await?;
    work.insert_messages(tenant, &changes.messages).await?;
    work.note_message_contents(tenant, &changes.message_contents).await?;
    limits::write(work, tenant, memory).await?;
    let mut told = Vec::new();
    for (installation, health) in &changes.health {
        told.extend(notices::put_health(work, tenant, *installation, health).await?);
    }
    for candidate in changes.tried.iter().filter_map(|id| memory.candidates.get(id)) {
        work.note_candidate(tenant, candidate).await?;
    }
    Ok(told)
}

fn tell(engine: &Engine, mind: &Mind, memory: &Memory, items: &[Item]) {
    let name = |person: PersonId| memory.people.get(&person).and_then(|known| known.person.display_name());
    let unit = |id: InstallationId| mind.units.iter().find(|unit| unit.installation.id == id);
    let live = |kind, id: String, person: Option<PersonId>, what: String, detail: String| Live {
        tenant: mind.tenant,
        kind,
        at: mind.now,
        id,
        name: person.and_then(name),
        person: person.map(|person| person.to_string()),
        what,
        detail,
    };
    // Whoever looks on wants to see what happens, not every row of an old record.
    for item in items.iter().filter(|item| !item.event.event.body.past && !matches!(item.part, Part::Import(_))) {
        let event = &item.event.event;
        let detail = event.body.touchpoint.clone().unwrap_or_default();
        engine.app.tell(live(LiveKind::Event, event.id.to_string(), Some(item.root), event.kind.clone(), detail));
    }
    for decision in memory.changes.decisions.iter().filter(|decision| !decision.shadow) {
        let what = unit(decision.installation).map(|unit| unit.installation.name.clone()).unwrap_or_default();
        let reasons: Vec<String> = serde_json::from_str(&decision.reasons).unwrap_or_default();
        let detail = format!("{}: {}", decision.outcome, reasons.join("; "));
        engine.app.tell(live(LiveKind::Decision, decision.id.to_string(), Some(decision.person), what, detail));
    }
    for message in &memory.changes.messages {
        let detail = message.status.as_str().to_owned();
        let (id, person) = (message.id.to_string(), Some(message.person));
        engine.app.tell(live(LiveKind::Message, id, person, message.channel.clone(), detail));
    }
    for (id, health) in &memory.changes.health {
        let what = unit(*id).map(|unit| unit.installation.name.clone()).unwrap_or_default();
        let detail = health.last_error.clone().unwrap_or_default();
        engine.app.tell(live(LiveKind::Plugin, id.to_string(), None, what, detail));
    }
    let fallen = memory.changes.tried.iter().filter_map(|id| Some((id, memory.candidates.get(id)?.reason.clone()?)));
    for (id, reason) in fallen {
        let trial = mind.trials.iter().find(|trial| trial.unit.installation.id == *id);
        let what = trial.map(|trial| trial.unit.installation.name.clone()).unwrap_or_default();
        engine.app.tell(live(LiveKind::Plugin, id.to_string(), None, what, format!("a candidate fell back: {reason}")));
    }
}
