//! Moves people into and out of segments within a transaction, and tells who moved.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_app::AppError;
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::ids::{EventId, PersonId, SegmentId, derived_uuid};
use guanxi_domain::segment::{ENTERED, LEFT};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{CHUNK_BITS, HeldSegment, SegmentRow, Work};
use serde_json::Value;

use super::members::Open;
use super::{Segment, Shelf};

/// How often one event may lead to another, as for what plugins ask for.
const DEPTH_MAX: u8 = 4;

/// What is found of one person.
pub(super) struct Turn {
    pub(super) number: u32,
    /// Who is told of; nobody for those who are part of somebody else or no more.
    pub(super) person: Option<PersonId>,
    /// For each segment whether the person belongs in it.
    pub(super) holds: Vec<bool>,
}

/// A person who entered a segment or left it.
pub(super) struct Shift {
    /// The segment's place.
    pub(super) segment: usize,
    pub(super) number: u32,
    pub(super) person: Option<PersonId>,
    pub(super) entered: bool,
}

/// What made people move.
#[derive(Clone)]
pub(super) struct Cause {
    /// Tells apart what could happen twice: the event's id, or the time of a sweep.
    pub(super) key: String,
    /// How many events led to it through plugins.
    pub(super) depth: u8,
}

/// Who moved, and what to remember of it once that is committed.
pub(crate) struct Moves {
    pub(super) shifts: Vec<Shift>,
    open: Open,
}

impl Moves {
    /// Who moved into or out of which segment, told of or not.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (SegmentId, u32)> {
        self.shifts.iter().filter_map(|shift| Some((self.open.segment(shift.segment)?, shift.number)))
    }

    /// The transaction was committed.
    pub(crate) fn committed(self, shelf: &Shelf) {
        shelf.members.committed(self.open);
    }
}

/// Brings the memberships of these people in line; `held` are the segments that are held, of which `segments` are some.
pub(super) async fn shift(
    shelf: &Shelf,
    work: &mut Work,
    tenant: TenantId,
    segments: &[Segment],
    held: &[HeldSegment],
    turns: &[Turn],
) -> Result<Moves, AppError> {
    let chunks: BTreeSet<u32> = turns.iter().map(|turn| turn.number >> CHUNK_BITS).collect();
    // One that is gone meanwhile has nobody.
    let gone = |id: SegmentId| HeldSegment { id, revision: 0, moves: 0 };
    let named = segments.iter().map(|segment| {
        held.iter().find(|held| held.id == segment.row.id).copied().unwrap_or_else(|| gone(segment.row.id))
    });
    let mut open = shelf.members.open(work, tenant, named.collect(), &chunks).await?;
    let mut shifts = Vec::new();
    let mut growth: BTreeMap<usize, i64> = BTreeMap::new();
    for turn in turns {
        for (place, holds) in turn.holds.iter().copied().enumerate() {
            if open.set(place, turn.number >> CHUNK_BITS, turn.number, holds) {
                *growth.entry(place).or_insert(0) += if holds { 1 } else { -1 };
                shifts.push(Shift { segment: place, number: turn.number, person: turn.person, entered: holds });
            }
        }
    }
    open.write(work).await?;
    let growth = growth.into_iter().filter_map(|(place, by)| Some((segments.get(place)?.row.id, by)));
    work.grow_segments(tenant, &growth.collect::<Vec<_>>()).await?;
    Ok(Moves { shifts, open })
}

/// The events that tell of it: one of all segments that somebody entered, one of all that they left. None for those who
/// are not told of, and where events led to events too often.
pub(super) fn events<'s>(
    segments: &[Segment],
    shifts: impl Iterator<Item = &'s Shift>,
    cause: impl Fn(PersonId) -> Cause,
    now: Millis,
) -> Vec<NewEvent> {
    let mut told: BTreeMap<(PersonId, bool), Vec<&SegmentRow>> = BTreeMap::new();
    for shift in shifts {
        if let (Some(person), Some(segment)) = (shift.person, segments.get(shift.segment)) {
            told.entry((person, !shift.entered)).or_default().push(&segment.row);
        }
    }
    told.into_iter().filter_map(|((person, left), rows)| event(person, left, &rows, &cause(person), now)).collect()
}

fn event(person: PersonId, left: bool, rows: &[&SegmentRow], cause: &Cause, now: Millis) -> Option<NewEvent> {
    let first = rows.first()?;
    let depth = cause.depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
    let kind = if left { LEFT } else { ENTERED };
    // What a cause does to one segment is told once; so the first of them tells apart what is told in several commits.
    let message_id = format!("{kind}/{}/{person}/{}", first.id, cause.key);
    let names: Vec<Value> = rows.iter().map(|row| row.name.as_str().into()).collect();
    Some(NewEvent {
        id: EventId::from_uuid(derived_uuid(now, &[message_id.as_bytes()])),
        message_id,
        kind: kind.to_owned(),
        occurred_at: now,
        received_at: now,
        body: EventBody {
            person: Some(person),
            properties: JsonMap::from_iter([("segments".to_owned(), names.into())]),
            depth,
            ..EventBody::default()
        },
    })
}
