//! One micro-batch: load, think, commit. Thinking goes in rounds with at most one event of each person, so that every
//! decision sees what the one before it left behind, while each plugin is called once per round for all people.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use guanxi_app::{Ambient, AppError, Contents};
use guanxi_domain::Millis;
use guanxi_domain::consent;
use guanxi_domain::delivery_receipt::DeliveryReceipt;
use guanxi_domain::event::order::{self, OrderLine};
use guanxi_domain::event::{Event, IDENTITY, IMPORT, TIMER};
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::limits::{CallLimits, SCORED_MAX};
use guanxi_domain::manifest::wants;
use guanxi_domain::person::Consent;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{HistoryQuery, LogCursor, Newcomers, Scope as Rows, Work};

use super::bulk::{self, Part};
use super::decide::Pair;
use super::load;
use super::memory::Memory;
use super::named::Named;
use super::people::Subject;
use super::recall::{Bookmark, Recall};
use super::{actions, commit, consents, decide, erase, facts, groups, limits, people, relations, score, standings};
use crate::Engine;
use crate::fleet::{Squad, Trial, Trials, Unit, Units};
use crate::usage::Budget;

/// An event with whom it is about and what it says about an order.
pub(crate) struct Item {
    pub(crate) event: Arc<Event>,
    /// Whose it is: never a group.
    pub(crate) leaf: PersonId,
    /// Who is seen by plugins: the outermost group around the leaf, else the same.
    pub(crate) root: PersonId,
    /// What of the event is theirs.
    pub(crate) part: Part,
    order: Option<OrderLine>,
    consent: Option<Consent>,
}

/// What thinking needs besides memory.
pub(crate) struct Mind {
    pub(crate) tenant: TenantId,
    pub(crate) settings: Arc<TenantSettings>,
    /// What the tenant says more than once.
    pub(crate) contents: Arc<Contents>,
    pub(crate) units: Units,
    /// What stands beside the installations, whether they are live or not.
    pub(crate) trials: Trials,
    /// What the tenant's plugins may burn.
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: CallLimits,
    pub(crate) receipt_bytes: usize,
    pub(crate) now: Millis,
}

impl Mind {
    /// Everybody who may decide: what the installations run, and what stands beside them.
    pub(crate) fn deciders(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().map(Arc::as_ref).chain(self.trials.iter().map(|trial| trial.unit.as_ref()))
    }

    /// Each campaign that is live with what stands beside it, then what stands beside those that are off.
    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let campaigns = self.units.iter().filter(|unit| unit.manifest().campaign.is_some());
        let beside = |id| self.trials.iter().find(|trial| trial.unit.installation.id == id).map(Arc::as_ref);
        let is_off = |trial: &&Arc<Trial>| {
            let id = trial.unit.installation.id;
            !self.units.iter().any(|unit| unit.installation.id == id)
        };
        let live = campaigns.map(move |unit| Pair { live: Some(unit.as_ref()), trial: beside(unit.installation.id) });
        live.chain(self.trials.iter().filter(is_off).map(|trial| Pair { live: None, trial: Some(trial.as_ref()) }))
    }
}

/// How far a batch came.
pub(crate) struct Done {
    /// Where the log stands now.
    pub(crate) cursor: LogCursor,
    /// How many of the events that took; at least one.
    pub(crate) events: usize,
}

/// A micro-batch that was thought about and is not written yet.
pub(crate) struct Batch {
    mind: Mind,
    memory: Memory,
    items: Vec<Item>,
    newcomers: Newcomers,
    /// Where the log stands before it and after it.
    from: LogCursor,
    to: LogCursor,
    /// How many events it took.
    taken: usize,
    /// Whether it changes many people at once.
    many: bool,
    /// How long an event took to think about, for a tenant of weight 1.
    pace: Duration,
}

/// Processes the first of `events`, which follow `from`, as a whole or not at all. It stops before an event that joins or
/// parts people of whom the batch has something to decide, so that what is decided does not depend on where batches end.
/// While it is written, the next one may be thought about: that is left in `ahead`.
pub(crate) async fn run(
    engine: &Engine,
    tenant: TenantId,
    bookmark: &mut Bookmark,
    ahead: &mut Option<Batch>,
    from: LogCursor,
    events: &[Arc<Event>],
) -> Result<Done, AppError> {
    let first = events.get(..bulk::prefix(events).min(bookmark.affordable() as usize)).unwrap_or(events);
    if let [event] = first
        && erase::is_erasure(event)
    {
        return erase::begin(engine, tenant, bookmark, from, event).await;
    }
    engine.recall.open(bookmark, from.position);
    let mut batch = match ahead.take().filter(|batch| batch.from == from) {
        Some(batch) => batch,
        None => prepare(engine, tenant, bookmark, from, first, Named::by(first)).await?,
    };
    let rest = events.get(batch.taken..).unwrap_or_default();
    let newcomers = std::mem::take(&mut batch.newcomers);
    let write = commit::write(engine, &batch.mind, &batch.memory, &batch.items, newcomers, batch.from, batch.to);
    let (written, next, soon) =
        tokio::join!(write, think_ahead(engine, bookmark, &batch, rest), look_ahead(engine, bookmark, &batch));
    let waited = written?;
    *ahead = next;
    let Batch { memory, items, to, taken, many, pace, .. } = batch;
    if !many {
        bookmark.keep_pace(pace);
        bookmark.keep_width(taken, waited);
    }
    if many && !memory.recalled {
        Recall::pass(bookmark, to.position);
        // Even to forget so many takes longer than the next batch should wait.
        drop(tokio::task::spawn_blocking(move || drop((memory, items))));
    } else {
        engine.recall.keep(bookmark, memory, to.position, many);
    }
    if let Some((soon, events)) = soon {
        engine.recall.add(bookmark, soon);
        bookmark.follow(to.position, events);
    }
    Ok(Done { cursor: to, events: taken })
}

/// Thinks about the first of `events`, which follow `from`.
async fn prepare(
    engine: &Engine,
    tenant: TenantId,
    bookmark: &Bookmark,
    from: LogCursor,
    events: &[Arc<Event>],
    named: Named,
) -> Result<Batch, AppError> {
    let ambient: Ambient = engine.app.ambient().clone();
    let Squad { units, trials, budget, .. } = engine.fleet.squad(tenant).await?;
    let mind = Mind {
        tenant,
        settings: engine.app.settings(tenant).await?,
        contents: engine.app.kept_contents(tenant).await?,
        units,
        trials,
        budget: Arc::clone(&budget),
        now: ambient.now(),
        limits: engine.options.limits,
        receipt_bytes: engine.options.receipt_bytes,
    };
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let mut memory = load::people(engine, bookmark, &mut read, tenant, events, named).await?;
    memory.numbered = from.people;
    let many = events.first().is_some_and(|event| bulk::is_bulk(&event.event.kind));
    let found = if many {
        // On this thread the batch before is being written, which must not wait so long.
        let events = events.to_vec();
        tokio::task::spawn_blocking(move || subjects(memory, &events)).await.map_err(AppError::internal)?
    } else {
        subjects(memory, events)
    };
    let (mut memory, items, taken) = found.map_err(AppError::internal)?;
    if !mind.trials.is_empty() {
        let running = read.running_candidates(tenant).await?;
        memory.candidates = running.into_iter().map(|candidate| (candidate.installation, candidate)).collect();
    }
    remember(&mut read, &mut memory, &mind, &items).await?;
    standings::read(&mut read, &mut memory, &mind, &items).await?;
    limits::read(&mut read, &mut memory, &mind, &items).await?;
    drop(read);
    // Plugin calls compute for up to their time limit each: not on a thread that serves others, and in turn with other
    // tenants.
    let dialect = engine.app.store().dialect();
    let turn = engine.turnstile.enter(tenant, budget.weight()).await;
    let thought = tokio::task::spawn_blocking(move || {
        think(&mut memory, &mind, &items);
        let took = turn.leave();
        let newcomers = commit::newcomers(dialect, tenant, &memory, from);
        (memory, mind, items, newcomers, took)
    });
    let (memory, mind, items, newcomers, took) = thought.await.map_err(AppError::internal)?;
    let position = taken.checked_sub(1).and_then(|last| events.get(last)).map_or(from.position, |e| e.position);
    let to = LogCursor { position, people: memory.numbered };
    let pace = took / u32::try_from(taken.max(1)).unwrap_or(u32::MAX) / u32::try_from(budget.weight()).unwrap_or(1);
    Ok(Batch { mind, memory, items, newcomers: newcomers?, from, to, taken, many, pace })
}

/// Thinks about the next rows of an import while those before are written, if they are about other people: a file of a
/// million rows would else wait for the disk half of the time. What fails here fails again in its turn.
async fn think_ahead(engine: &Engine, bookmark: &Bookmark, batch: &Batch, rest: &[Arc<Event>]) -> Option<Batch> {
    let next = rest.get(..1)?;
    let is_import = |event: &Event| event.event.kind == IMPORT;
    if !batch.items.first().is_some_and(|item| is_import(&item.event)) || !next.iter().all(|event| is_import(event)) {
        return None;
    }
    let event = next.to_vec();
    let named = tokio::task::spawn_blocking(move || Named::by(&event)).await.ok()?;
    if named.identities.iter().any(|identity| batch.memory.owners.contains_key(identity)) {
        return None;
    }
    let ahead = prepare(engine, batch.mind.tenant, bookmark, batch.to, next, named).await.ok()?;
    let apart = !ahead.memory.people.keys().any(|person| batch.memory.people.contains_key(person));
    apart.then_some(ahead)
}

/// Reads the log on while the batch is written, and whom it names next, but for those whom the batch may change: it knows
/// everybody whom it changes, with all who were joined with them. What fails here is read in its turn.
async fn look_ahead(engine: &Engine, bookmark: &Bookmark, batch: &Batch) -> Option<(Memory, Vec<Arc<Event>>)> {
    if batch.many {
        return None;
    }
    let tenant = batch.mind.tenant;
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await.ok()?;
    let next = read.read_log(tenant, batch.to.position, engine.options.batch.min(bookmark.affordable())).await.ok()?;
    let next: Vec<Arc<Event>> = next.into_iter().map(Arc::new).collect();
    let events = next.get(..bulk::prefix(&next)).unwrap_or_default();
    if events.first().is_none_or(|event| bulk::is_bulk(&event.event.kind)) {
        return None;
    }
    let mut soon = load::people(engine, bookmark, &mut read, tenant, events, Named::by(events)).await.ok()?;
    let Memory { people, owners, .. } = &batch.memory;
    soon.people.retain(|id, _| !people.contains_key(id));
    soon.owners.retain(|identity, owner| !owners.contains_key(identity) && soon.people.contains_key(owner));
    Some((soon, next))
}

/// Who the events are about, and how many of them can be decided now.
fn subjects(mut memory: Memory, events: &[Arc<Event>]) -> Result<(Memory, Vec<Item>, usize), String> {
    let mut items: Vec<Item> = Vec::with_capacity(events.len());
    let mut busy: HashSet<PersonId> = HashSet::new();
    for (index, event) in events.iter().enumerate() {
        if bulk::is_bulk(&event.event.kind) {
            items.extend(bulk::items(&mut memory, event)?);
            continue;
        }
        let subject = match event.event.kind.as_str() {
            IDENTITY => actions::carry_out(&mut memory, event, &busy)?,
            _ => people::resolve(&mut memory, event, &busy)?,
        };
        if subject != Subject::Later {
            memory.changes.receipts.extend(DeliveryReceipt::of(&event.event));
        }
        let leaf = match subject {
            Subject::Later => return Ok((memory, items, index)),
            Subject::Nobody => continue,
            Subject::Person(leaf) => leaf,
        };
        relations::note(&mut memory, event, leaf);
        busy.insert(memory.root_of(leaf));
        busy.extend(memory.changes.restructured.iter().copied());
        let order = order::read(&event.event.kind, &event.event.body.properties).transpose()?;
        if let Some(line) = &order {
            memory.claims.entry(line.order_id.clone()).or_insert(leaf);
        }
        let consent = consent::read(&event.event).transpose().map_err(|bad| bad.to_string())?;
        items.push(Item { order, consent, ..Item::new(&memory, Arc::clone(event), leaf, Part::Whole) });
    }
    Ok((memory, items, events.len()))
}

impl Item {
    pub(crate) fn new(memory: &Memory, event: Arc<Event>, leaf: PersonId, part: Part) -> Self {
        Self { event, leaf, root: memory.root_of(leaf), part, order: None, consent: None }
    }
}

/// Loads what campaigns kept and what they want to know of the past.
async fn remember(read: &mut Work, memory: &mut Memory, mind: &Mind, items: &[Item]) -> Result<(), AppError> {
    let mut pairs: Vec<(InstallationId, PersonId)> = Vec::new();
    for unit in mind.deciders() {
        let Some(spec) = &unit.manifest().campaign else { continue };
        let wanted = items.iter().filter(|item| decides(unit, &spec.events, item)).map(|item| item.root);
        let roots: HashSet<PersonId> = wanted.collect();
        let heirs = memory.changes.inherited.iter().filter(|(_, to)| roots.contains(to)).map(|(from, _)| *from);
        pairs.extend(roots.iter().copied().chain(heirs).map(|person| (unit.installation.id, person)));
        let Some(history) = &unit.history else { continue };
        let leaves_of = |root: &PersonId| memory.people.get(root).map(|known| (*root, known.leaves.clone()));
        let leaves: HashMap<PersonId, Vec<PersonId>> = roots.iter().filter_map(leaves_of).collect();
        let queries = leaves.values().flatten();
        let queries: Vec<HistoryQuery> =
            queries.map(|person| HistoryQuery { person: *person, before: (i64::MAX, i64::MAX) }).collect();
        let mut past = read.history(mind.tenant, &queries, &history.events, history.limit).await?;
        for (root, leaves) in leaves {
            let mut events: Vec<Event> = leaves.iter().filter_map(|leaf| past.remove(leaf)).flatten().collect();
            if leaves.len() > 1 {
                events.sort_by_key(|event| std::cmp::Reverse((event.event.occurred_at, event.position)));
                events.truncate(history.limit as usize);
            }
            memory.history.insert((unit.key, root), events);
        }
    }
    memory.states = read.states(mind.tenant, &pairs).await?;
    inherit(memory);
    Ok(())
}

/// A new root takes over the states of those who were joined, where it has none; the commit does the same.
fn inherit(memory: &mut Memory) {
    for (from, to) in &memory.changes.inherited {
        let theirs: Vec<(InstallationId, String)> = memory
            .states
            .iter()
            .filter(|((_, person), _)| person == from)
            .map(|((unit, _), state)| (*unit, state.clone()))
            .collect();
        for (unit, state) in theirs {
            memory.states.entry((unit, *to)).or_insert(state);
        }
    }
}

/// Whether a campaign decides about an event: one that concerns it and is not history.
pub(crate) fn decides(unit: &Unit, wanted: &[String], item: &Item) -> bool {
    !item.event.event.body.past && concerns(unit, wanted, item)
}

/// Whether an event is for a plugin: one of the kinds it wants and may be told of, or a timer of its own. What changes many
/// at once is for nobody.
pub(crate) fn concerns(unit: &Unit, wanted: &[String], item: &Item) -> bool {
    let event = &item.event.event;
    if !matches!(item.part, Part::Whole) {
        return false;
    }
    if event.kind != TIMER {
        return wants(wanted, &event.kind) && unit.installation.grants.allows_event(&event.kind);
    }
    let owner = event.body.properties.get("installation").and_then(|v| v.as_str());
    owner.is_some_and(|owner| owner.parse() == Ok(unit.installation.id))
}

fn think(memory: &mut Memory, mind: &Mind, items: &[Item]) {
    let made = memory.changes.restructured.iter().copied();
    let groups = made.filter(|id| memory.people.get(id).is_some_and(|known| known.person.membership.is_group));
    let groups: Vec<PersonId> = groups.filter(|id| memory.root_of(*id) == *id).collect();
    score_all(memory, mind, |_, _| groups.clone());

    let mut turn: HashMap<PersonId, usize> = HashMap::new();
    let mut rounds: Vec<Vec<&Item>> = Vec::new();
    for item in items {
        let round = turn.entry(item.root).or_insert(0);
        match rounds.get_mut(*round) {
            Some(items) => items.push(item),
            None => rounds.push(vec![item]),
        }
        *round += 1;
    }
    for round in rounds {
        for item in &round {
            match &item.part {
                Part::Whole => {
                    facts::apply(memory, item.leaf, &item.event, item.order.as_ref());
                    if let Some(word) = &item.consent {
                        consents::note(memory, item.leaf, word, item.event.position);
                    }
                }
                part => bulk::apply(memory, mind, item, part),
            }
            groups::refresh(memory, item.leaf);
        }
        score_all(memory, mind, |unit, wanted| {
            let concerned = round.iter().filter(|item| item.part.is_scored() || concerns(unit, wanted, item));
            concerned.map(|item| item.root).collect()
        });
        for pair in mind.pairs() {
            let wanted: Vec<&Item> = round.iter().copied().filter(|item| pair.decides(item)).collect();
            if !wanted.is_empty() {
                decide::run(memory, mind, pair, &wanted);
            }
        }
        look_back(memory, mind, &round);
    }
}

/// Lets every scorer that is well score those of whom `whom` says so.
fn score_all(memory: &mut Memory, mind: &Mind, whom: impl Fn(&Unit, &[String]) -> Vec<PersonId>) {
    for unit in mind.units.iter() {
        let Some(spec) = &unit.manifest().scorer else { continue };
        for people in whom(unit, &spec.events).chunks(SCORED_MAX) {
            if unit.is_well(mind.now) {
                score::run(memory, unit, spec, people, mind);
            }
        }
    }
}

/// Adds the round's events to the past that campaigns see in the next round.
fn look_back(memory: &mut Memory, mind: &Mind, round: &[&Item]) {
    for (unit, history) in mind.deciders().filter_map(|unit| Some((unit, unit.history.as_ref()?))) {
        for item in round.iter().filter(|item| wants(&history.events, &item.event.event.kind)) {
            let past = memory.history.entry((unit.key, item.root)).or_default();
            past.insert(0, Event::clone(&item.event));
            past.truncate(history.limit as usize);
        }
    }
}
