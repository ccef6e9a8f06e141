//! Memberships after a micro-batch: whoever was changed by it is looked at again, in the batch's own transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::event::NewEvent;
use guanxi_domain::ids::{PersonId, SegmentId};
use guanxi_domain::tenant::TenantId;
use guanxi_store::Work;

use super::shift::{Cause, Moves, Shift, Turn, events, shift};
use crate::Engine;
use crate::pipeline::memory::Memory;
use crate::pipeline::rounds::{Item, Mind};

/// The numbers of people who are about to go.
pub(crate) async fn numbers_of(work: &mut Work, tenant: TenantId, ids: &[PersonId]) -> Result<Vec<u32>, AppError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(work.people(tenant, ids).await?.into_values().map(|person| person.number).collect())
}

/// What a batch did to memberships.
#[derive(Default)]
pub(crate) struct Followed {
    /// Events that tell of it.
    pub(crate) events: Vec<NewEvent>,
    moves: Option<Moves>,
}

impl Followed {
    /// Who moved into or out of which segment.
    pub(crate) fn moved(&self) -> Vec<(SegmentId, u32)> {
        self.moves.iter().flat_map(Moves::moved).collect()
    }

    /// The batch was committed.
    pub(crate) fn committed(self, engine: &Engine) {
        self.moves.into_iter().for_each(|moves| moves.committed(&engine.segments));
    }
}

/// Brings memberships in line with what the batch has written, `gone` out of all segments.
/// What happens within one batch and is undone in it is not told.
pub(crate) async fn follow(
    engine: &Engine,
    work: &mut Work,
    mind: &Mind,
    memory: &Memory,
    items: &[Item],
    gone: &[u32],
) -> Result<Followed, AppError> {
    let tenant = mind.tenant;
    let held = work.hold_segments(tenant).await?;
    if held.is_empty() {
        return Ok(Followed::default());
    }
    let definitions = engine.segments.definitions(work, tenant, &held).await?;
    let ids = changed(work, tenant, memory).await?;
    let subjects = work.subjects(tenant, &mind.settings, &ids, &definitions.needs, mind.now).await?;
    let nowhere = || vec![false; definitions.segments.len()];
    let mut turns: Vec<Turn> = Vec::with_capacity(subjects.people.len());
    for subject in &subjects.people {
        let holds = definitions.segments.iter().map(|segment| segment.filter.holds(subject, mind.now));
        let (number, person) = (subject.person.number, Some(subject.person.id));
        turns.push(Turn { number, person, holds: holds.collect() });
    }
    let parts: HashSet<u32> = subjects.inside.iter().chain(gone).copied().collect();
    turns.extend(parts.iter().map(|number| Turn { number: *number, person: None, holds: nowhere() }));
    let moves = shift(&engine.segments, work, tenant, &definitions.segments, &held, &turns).await?;

    let causes = causes(items);
    let last = items.last().map(|item| item.event.event.id.to_string()).unwrap_or_default();
    let cause = |person| causes.get(&person).cloned().unwrap_or_else(|| Cause { key: last.clone(), depth: 0 });
    let untold = regrouped(&moves.shifts, memory);
    let told = moves.shifts.iter().filter(|shift| !untold.contains(&(shift.segment, shift.number)));
    let events = events(&definitions.segments, told, cause, mind.now);
    Ok(Followed { events, moves: Some(moves) })
}

/// Who may belong elsewhere now.
async fn changed(work: &mut Work, tenant: TenantId, memory: &Memory) -> Result<Vec<PersonId>, AppError> {
    let changes = &memory.changes;
    let mut ids: BTreeSet<PersonId> = changes.touched.iter().copied().collect();
    ids.extend(changes.restructured.iter().copied());
    ids.extend(changes.tags.keys().map(|(id, ..)| *id));
    ids.extend(changes.scores.keys().map(|(id, _)| *id));
    ids.extend(changes.consents.keys().map(|(id, _)| *id));
    ids.extend(changes.links.values().map(|put| put.row.person));
    ids.extend(changes.orders.iter().filter_map(|id| memory.orders.get(id)).map(|order| order.person));
    let numbers = changes.edges.numbers();
    if !numbers.is_empty() {
        ids.extend(work.people_numbered(tenant, &numbers).await?.into_values().map(|person| person.id));
    }
    Ok(ids.into_iter().collect())
}

/// The last event about each person.
fn causes(items: &[Item]) -> HashMap<PersonId, Cause> {
    let mut causes: HashMap<PersonId, Cause> = HashMap::new();
    for item in items {
        let event = &item.event.event;
        let deepest = causes.get(&item.root).map_or(0, |cause| cause.depth);
        let cause = Cause { key: event.id.to_string(), depth: deepest.max(event.body.depth) };
        causes.insert(item.root, cause);
    }
    causes
}

/// Whoever was in a segment is not told to have entered it as part of a group, or as one who was parted from it.
fn regrouped(shifts: &[Shift], memory: &Memory) -> HashSet<(usize, u32)> {
    let restructured = &memory.changes.restructured;
    let left: HashSet<usize> =
        shifts.iter().filter(|shift| shift.person.is_none() && !shift.entered).map(|shift| shift.segment).collect();
    let same = shifts.iter().filter(|shift| {
        let made = shift.person.is_some_and(|person| restructured.contains(&person));
        shift.entered && made && left.contains(&shift.segment)
    });
    same.map(|shift| (shift.segment, shift.number)).collect()
}
