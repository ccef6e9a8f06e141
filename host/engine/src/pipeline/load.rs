//! Reads the people whom a batch names, with everybody who was joined with them: what is remembered from the last
//! batches is not read again.

use std::collections::HashSet;
use std::sync::Arc;

use guanxi_app::AppError;
use guanxi_domain::event::{Event, order};
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Work;

use super::groups;
use super::memory::{Known, Memory};
use super::named::Named;
use super::recall::Bookmark;
use crate::Engine;

/// Everybody who is `named` by the events, and their orders.
pub(crate) async fn people(
    engine: &Engine,
    bookmark: &Bookmark,
    read: &mut Work,
    tenant: TenantId,
    events: &[Arc<Event>],
    named: Named,
) -> Result<Memory, AppError> {
    let mut memory = Memory { chunk: named.chunk, ..Memory::default() };
    let mut unknown = Vec::new();
    for identity in named.identities {
        match engine.recall.owner(bookmark, &identity) {
            Some(owner) => drop(memory.owners.insert(identity, owner)),
            None => unknown.push(identity),
        }
    }
    memory.recalled = !memory.owners.is_empty();
    // Neighbours stand on the same page.
    unknown.sort_unstable();
    memory.owners.extend(read.owners(tenant, &unknown).await?);
    let mut wanted: HashSet<PersonId> = memory.owners.values().copied().chain(named.people).collect();
    // First those who are named, then the groups around them, then everybody inside these.
    loop {
        fetch(engine, bookmark, read, tenant, &mut memory, &wanted).await?;
        let known = |id: &PersonId| memory.people.contains_key(id);
        let roots = memory.people.values().filter_map(|known| known.person.membership.root);
        let missing: HashSet<PersonId> = roots.filter(|root| !known(root)).collect();
        if missing.is_empty() {
            break;
        }
        wanted = missing;
    }
    let whole = memory.people.values().map(|known| &known.person);
    let groups: Vec<PersonId> =
        whole.filter(|p| p.membership.is_group && p.membership.root.is_none()).map(|p| p.id).collect();
    if !groups.is_empty() {
        let inside = read.members(tenant, &groups).await?.into_values().flatten().collect();
        fetch(engine, bookmark, read, tenant, &mut memory, &inside).await?;
        groups::know_leaves(&mut memory.people);
        link_groups(&mut memory);
    }
    let orders: HashSet<String> = events
        .iter()
        .filter_map(|event| order::read(&event.event.kind, &event.event.body.properties)?.ok())
        .map(|line| line.order_id)
        .collect();
    memory.orders = read.orders(tenant, &orders.into_iter().collect::<Vec<_>>()).await?;
    Ok(memory)
}

/// Those of `wanted` who are not there yet: remembered, else read.
async fn fetch(
    engine: &Engine,
    bookmark: &Bookmark,
    read: &mut Work,
    tenant: TenantId,
    memory: &mut Memory,
    wanted: &HashSet<PersonId>,
) -> Result<(), AppError> {
    let mut ids = Vec::new();
    for id in wanted.iter().filter(|id| !memory.people.contains_key(id)).copied().collect::<Vec<_>>() {
        match engine.recall.person(bookmark, id) {
            Some(known) => {
                memory.people.insert(id, known);
                memory.recalled = true;
            }
            None => ids.push(id),
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let mut links = read.links(tenant, &ids).await?;
    let mut tags = read.tags(tenant, &ids).await?;
    let mut scores = read.scores(tenant, &ids).await?;
    let mut signals = read.signals(tenant, &ids).await?;
    let mut consents = read.consents(tenant, &ids).await?;
    for (id, person) in read.people(tenant, &ids).await? {
        let mut known = Known {
            links: links.remove(&id).unwrap_or_default(),
            tags: tags.remove(&id).unwrap_or_default(),
            scores: scores.remove(&id).unwrap_or_default(),
            signals: signals.remove(&id).unwrap_or_default(),
            consents: consents.remove(&id).unwrap_or_default(),
            ..Known::new(person)
        };
        known.sort();
        memory.people.insert(id, known);
    }
    Ok(())
}

/// Groups have the links of their leaves.
fn link_groups(memory: &mut Memory) {
    let groups = memory.people.values().filter(|known| known.person.membership.is_group);
    let of = |known: &Known| {
        let leaves = known.leaves.iter().filter_map(|leaf| memory.people.get(leaf));
        (known.person.id, leaves.flat_map(|leaf| leaf.links.iter().cloned()).collect::<Vec<_>>())
    };
    for (group, links) in groups.map(of).collect::<Vec<_>>() {
        if let Some(known) = memory.people.get_mut(&group) {
            known.links = links;
            known.sort();
        }
    }
}
