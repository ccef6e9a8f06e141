//! One micro-batch: load, think, commit. Thinking goes in rounds with at most one event of each person, so that every
//! decision sees what the one before it left behind, while each plugin is called once per round for all people.

use std::collections::{HashMap, HashSet};

use guanxi_app::{Ambient, AppError};
use guanxi_domain::Millis;
use guanxi_domain::event::order::{self, OrderLine};
use guanxi_domain::event::{Event, TIMER};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::wants;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{HistoryQuery, Scope as Rows, Work};

use super::memory::{Known, Memory};
use super::recall::Bookmark;
use super::{commit, decide, facts, people, score};
use crate::Engine;
use crate::fleet::{Unit, Units};

/// An event with its person and what it says about an order.
pub(crate) struct Item {
    pub(crate) event: Event,
    pub(crate) person: PersonId,
    order: Option<OrderLine>,
}

/// What thinking needs besides memory.
pub(crate) struct Mind {
    pub(crate) tenant: TenantId,
    pub(crate) units: Units,
    pub(crate) ambient: Ambient,
    pub(crate) limits: CallLimits,
    pub(crate) now: Millis,
}

/// Processes `events`, which follow position `from`, as a whole or not at all.
pub(crate) async fn run(
    engine: &Engine,
    tenant: TenantId,
    bookmark: &mut Bookmark,
    from: i64,
    events: &[Event],
) -> Result<(), AppError> {
    let ambient = engine.app.ambient().clone();
    let mind = Mind {
        tenant,
        units: engine.fleet.units(tenant).await?,
        now: ambient.now(),
        ambient,
        limits: engine.options.limits,
    };
    engine.recall.open(bookmark, from);
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let mut memory = recall(engine, bookmark, events);
    load(&mut read, tenant, events, &mut memory).await?;
    let mut items = Vec::with_capacity(events.len());
    for event in events {
        let person = people::resolve(&mut memory, event, &mind.ambient).map_err(AppError::internal)?;
        let order =
            order::read(&event.event.kind, &event.event.body.properties).transpose().map_err(AppError::internal)?;
        items.push(Item { event: event.clone(), person, order });
    }
    remember(&mut read, &mut memory, &mind, &items).await?;
    drop(read);
    // Plugin calls compute for up to their time limit each: not on a thread that serves others.
    let thought = tokio::task::spawn_blocking(move || {
        think(&mut memory, &mind, &items);
        (memory, mind, items)
    });
    let (memory, mind, items) = thought.await.map_err(AppError::internal)?;
    let to = items.last().map_or(from, |item| item.event.position);
    commit::write(engine, &mind, &memory, &items, from, to).await?;
    engine.recall.keep(bookmark, memory, to);
    Ok(())
}

/// What is known already of those whom the events name.
fn recall(engine: &Engine, bookmark: &Bookmark, events: &[Event]) -> Memory {
    let mut memory = Memory::default();
    for identity in events.iter().flat_map(|event| &event.event.body.identities) {
        if !memory.owners.contains_key(identity)
            && let Some(owner) = engine.recall.owner(bookmark, identity)
        {
            memory.owners.insert(identity.clone(), owner);
        }
    }
    let direct = events.iter().filter_map(|event| event.event.body.person);
    let ids: HashSet<PersonId> = memory.owners.values().copied().chain(direct).collect();
    let known = ids.into_iter().filter_map(|id| Some((id, engine.recall.person(bookmark, id)?)));
    memory.people = known.collect();
    memory
}

/// Reads the rest of them, and the orders.
async fn load(read: &mut Work, tenant: TenantId, events: &[Event], memory: &mut Memory) -> Result<(), AppError> {
    let named: HashSet<&Identity> = events.iter().flat_map(|event| &event.event.body.identities).collect();
    let named = named.into_iter().filter(|identity| !memory.owners.contains_key(identity));
    memory.owners.extend(read.owners(tenant, &named.cloned().collect::<Vec<_>>()).await?);
    let direct = events.iter().filter_map(|event| event.event.body.person);
    let ids: HashSet<PersonId> = memory.owners.values().copied().chain(direct).collect();
    let ids: Vec<PersonId> = ids.into_iter().filter(|id| !memory.people.contains_key(id)).collect();
    let orders: HashSet<String> = events
        .iter()
        .filter_map(|event| order::read(&event.event.kind, &event.event.body.properties)?.ok())
        .map(|line| line.order_id)
        .collect();
    let orders: Vec<String> = orders.into_iter().collect();
    let mut identities = read.identities(tenant, &ids).await?;
    let mut tags = read.tags(tenant, &ids).await?;
    let mut scores = read.scores(tenant, &ids).await?;
    for (id, person) in read.people(tenant, &ids).await? {
        let mut known = Known {
            person,
            identities: identities.remove(&id).unwrap_or_default(),
            tags: tags.remove(&id).unwrap_or_default(),
            scores: scores.remove(&id).unwrap_or_default(),
        };
        known.sort();
        memory.people.insert(id, known);
    }
    memory.orders = read.orders(tenant, &orders).await?;
    Ok(())
}

/// Loads what campaigns kept and what they want to know of the past.
async fn remember(read: &mut Work, memory: &mut Memory, mind: &Mind, items: &[Item]) -> Result<(), AppError> {
    let mut pairs: Vec<(InstallationId, PersonId)> = Vec::new();
    for unit in mind.units.iter() {
        let Some(spec) = &unit.manifest().campaign else { continue };
        let wanted = items.iter().filter(|item| concerns(unit, &spec.events, item)).map(|item| item.person);
        let people: HashSet<PersonId> = wanted.collect();
        pairs.extend(people.iter().map(|person| (unit.installation.id, *person)));
        let Some(history) = &spec.history else { continue };
        let queries: Vec<HistoryQuery> =
            people.iter().map(|person| HistoryQuery { person: *person, before: (i64::MAX, i64::MAX) }).collect();
        let past = read.history(mind.tenant, &queries, &history.events, history.limit).await?;
        memory.history.extend(past.into_iter().map(|(person, events)| ((unit.installation.id, person), events)));
    }
    memory.states = read.states(mind.tenant, &pairs).await?;
    Ok(())
}

/// Whether an event is for a plugin: one of the kinds it wants, or a timer of its own.
pub(crate) fn concerns(unit: &Unit, wanted: &[String], item: &Item) -> bool {
    let event = &item.event.event;
    if event.kind != TIMER {
        return wants(wanted, &event.kind);
    }
    let owner = event.body.properties.get("installation").and_then(|v| v.as_str());
    owner.is_some_and(|owner| owner.parse() == Ok(unit.installation.id))
}

fn think(memory: &mut Memory, mind: &Mind, items: &[Item]) {
    let mut turn: HashMap<PersonId, usize> = HashMap::new();
    let mut rounds: Vec<Vec<&Item>> = Vec::new();
    for item in items {
        let round = turn.entry(item.person).or_insert(0);
        match rounds.get_mut(*round) {
            Some(items) => items.push(item),
            None => rounds.push(vec![item]),
        }
        *round += 1;
    }
    for round in rounds {
        for item in &round {
            facts::apply(memory, item.person, &item.event, item.order.as_ref());
        }
        for unit in mind.units.iter().filter(|unit| unit.is_well(mind.now)) {
            let Some(spec) = &unit.manifest().scorer else { continue };
            let wanted = round.iter().filter(|item| concerns(unit, &spec.events, item));
            let people: Vec<PersonId> = wanted.map(|item| item.person).collect();
            if !people.is_empty() {
                score::run(memory, unit, spec, &people, mind.now, &mind.limits);
            }
        }
        for unit in mind.units.iter() {
            let Some(spec) = &unit.manifest().campaign else { continue };
            let wanted: Vec<&Item> = round.iter().copied().filter(|item| concerns(unit, &spec.events, item)).collect();
            if !wanted.is_empty() {
                decide::run(memory, mind, unit, &wanted);
            }
        }
        look_back(memory, mind, &round);
    }
}

/// Adds the round's events to the past that campaigns see in the next round.
fn look_back(memory: &mut Memory, mind: &Mind, round: &[&Item]) {
    let campaigns =
        mind.units.iter().filter_map(|unit| Some((unit, unit.manifest().campaign.as_ref()?.history.as_ref()?)));
    for (unit, history) in campaigns {
        for item in round.iter().filter(|item| wants(&history.events, &item.event.event.kind)) {
            let past = memory.history.entry((unit.installation.id, item.person)).or_default();
            past.insert(0, item.event.clone());
            past.truncate(history.limit as usize);
        }
    }
}
