//! What events say of relations between people. An end that nobody has yet makes a person, as any other event does;
//! each end stays with whom the event named, so that parting people gives each their own relations back.

use std::collections::{BTreeMap, HashSet};

use guanxi_app::{AppError, GraphChanges};
use guanxi_domain::event::{EDIT, Event};
use guanxi_domain::ids::PersonId;
use guanxi_domain::relations::{RELATIONS_PER_EVENT_MAX, Relation, STRENGTH_DEFAULT, Who, carried, told};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{EdgeRemoval, EdgeRow, Work};

use super::memory::Memory;
use super::people::{self, Naming, Subject};
use super::rounds::Item;

/// What a batch changes of the relations.
#[derive(Default)]
pub(crate) struct Edges {
    /// Taken away before the others are stored.
    removals: Vec<EdgeRemoval>,
    /// By both ends and kind.
    put: BTreeMap<(u32, u32, String), EdgeRow>,
}

impl Edges {
    fn put(&mut self, row: EdgeRow) {
        self.put.insert((row.from, row.to, row.kind.clone()), row);
    }

    fn remove(&mut self, removal: EdgeRemoval) {
        let EdgeRemoval { from, to, kind } = &removal;
        self.put.retain(|(a, b, k), _| k != kind || !from.contains(a) || !to.contains(b));
        self.removals.push(removal);
    }

    /// The numbers of everybody at an end of them.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let put = self.put.keys().flat_map(|(from, to, _)| [*from, *to]);
        let removed = self.removals.iter().flat_map(|removal| removal.from.iter().chain(&removal.to).copied());
        put.chain(removed).collect::<HashSet<u32>>().into_iter().collect()
    }

    /// Writes them.
    pub(crate) async fn write(&self, work: &mut Work, tenant: TenantId) -> Result<(), AppError> {
        work.remove_edges(tenant, &self.removals).await?;
        let rows: Vec<EdgeRow> = self.put.values().cloned().collect();
        Ok(work.put_edges(tenant, &rows).await?)
    }
}

/// Carries out an event that tells of nothing but relations. It is nobody's: it stands on no timeline.
pub(crate) fn carry_out(memory: &mut Memory, event: &Event) -> Result<(), String> {
    let body = &event.event.body;
    let relations = carried(&event.event.kind, &body.properties).ok_or("the relations cannot be read")?;
    if relations.edges.len() > RELATIONS_PER_EVENT_MAX {
        return Err(format!("has more than {RELATIONS_PER_EVENT_MAX} relations"));
    }
    for (index, relation) in (0u32..).zip(&relations.edges) {
        relation.check().map_err(|problem| format!("edges[{index}]: {problem}"))?;
        let make = !relation.remove;
        let from = end(memory, event, &relations.source, &relation.from, (index, b"from"), make);
        let to = end(memory, event, &relations.source, &relation.to, (index, b"to"), make);
        let (Some(from), Some(to)) = (from, to) else { continue };
        apply(memory, event, relation, &relations.source, from, to);
    }
    Ok(())
}

/// Notes the relation that an ordinary event tells of besides.
pub(crate) fn note(memory: &mut Memory, event: &Event, leaf: PersonId) {
    let body = &event.event.body;
    let Some(told) = told(&event.event.kind, &body.properties) else { return };
    let source = body.channel.clone().unwrap_or_else(|| "api".to_owned());
    let relation = Relation {
        from: Who::Person(leaf),
        to: Who::Identity(told.to),
        kind: told.kind.to_owned(),
        strength: None,
        at: None,
        mutual: false,
        remove: told.remove,
    };
    let Some(to) = end(memory, event, &source, &relation.to, (0, b"to"), !told.remove) else { return };
    apply(memory, event, &relation, &source, leaf, to);
}

/// What the graph has to know of a batch.
pub(crate) fn changes(memory: &Memory, items: &[Item]) -> GraphChanges {
    let edges = &memory.changes.edges;
    let number = |id: PersonId| memory.people.get(&id).map(|known| known.person.number);
    let root = |id: PersonId| {
        let root = memory.root_of(id);
        Some((number(id)?, if root == id { None } else { number(root) }))
    };
    let joined = !memory.changes.restructured.is_empty();
    GraphChanges {
        removals: edges.removals.clone(),
        edges: edges.put.values().cloned().collect(),
        roots: memory.changes.touched.iter().filter(|_| joined).filter_map(|id| root(*id)).collect(),
        roles: items.iter().any(|item| item.event.event.kind == EDIT),
    }
}

/// Who is at an end of a relation, made if need be: never a group.
fn end(
    memory: &mut Memory,
    event: &Event,
    source: &str,
    who: &Who,
    (index, side): (u32, &[u8]),
    make: bool,
) -> Option<PersonId> {
    let identity = match who {
        Who::Person(id) => return memory.people.contains_key(id).then(|| memory.leaf_of(*id)),
        Who::Identity(identity) => identity,
    };
    if !make {
        return memory.owners.get(identity).copied();
    }
    let naming = Naming {
        identities: std::slice::from_ref(identity),
        vouched: false,
        heard: false,
        source,
        position: event.position,
        now: event.event.received_at,
        seed: &[event.event.id.as_bytes(), &index.to_be_bytes(), side],
    };
    // One identity alone joins nobody, so that there is nothing to wait for.
    match people::name(memory, &naming, &HashSet::new()) {
        Ok(Subject::Person(id)) => Some(id),
        Ok(Subject::Later | Subject::Nobody) | Err(_) => None,
    }
}

fn apply(memory: &mut Memory, event: &Event, relation: &Relation, source: &str, from: PersonId, to: PersonId) {
    if relation.remove {
        let (from, to) = (numbers(memory, from), numbers(memory, to));
        if relation.mutual {
            let removal = EdgeRemoval { from: to.clone(), to: from.clone(), kind: relation.kind.clone() };
            memory.changes.edges.remove(removal);
        }
        return memory.changes.edges.remove(EdgeRemoval { from, to, kind: relation.kind.clone() });
    }
    let number = |id: PersonId| memory.people.get(&id).map(|known| known.person.number);
    let (Some(from), Some(to)) = (number(from), number(to)) else { return };
    if from == to {
        return;
    }
    let row = EdgeRow {
        from,
        to,
        kind: relation.kind.clone(),
        strength: relation.strength.unwrap_or(STRENGTH_DEFAULT),
        source: source.to_owned(),
        at: relation.at.unwrap_or(event.event.occurred_at),
    };
    if relation.mutual {
        memory.changes.edges.put(EdgeRow { from: to, to: from, ..row.clone() });
    }
    memory.changes.edges.put(row);
}

/// The numbers of everybody who was joined with a person.
fn numbers(memory: &Memory, id: PersonId) -> Vec<u32> {
    let leaves = memory.people.get(&memory.root_of(id)).map(|known| known.leaves.clone()).unwrap_or_default();
    leaves.iter().filter_map(|leaf| memory.people.get(leaf)).map(|known| known.person.number).collect()
}
