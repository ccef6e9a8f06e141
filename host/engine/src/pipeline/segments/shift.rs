//! Moves people into and out of segments within a transaction, and tells who moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_app::AppError;
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::ids::{EventId, PersonId, SegmentId, derived_uuid};
use guanxi_domain::segment::{ENTERED, LEFT};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{CHUNK_BITS, ChunkRow, Work};

use super::Segment;

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
pub(super) struct Cause {
    /// Tells apart what could happen twice: the event's id, or the time of a sweep.
    pub(super) key: String,
    /// How many events led to it through plugins.
    pub(super) depth: u8,
}

/// Brings the memberships of these people in line.
pub(super) async fn shift(
    work: &mut Work,
    tenant: TenantId,
    segments: &[Segment],
    turns: &[Turn],
) -> Result<Vec<Shift>, AppError> {
    let numbers: BTreeSet<u32> = turns.iter().map(|turn| turn.number >> CHUNK_BITS).collect();
    let numbers: Vec<u32> = numbers.into_iter().collect();
    let ids: Vec<SegmentId> = segments.iter().map(|segment| segment.row.id).collect();
    let mut chunks = work.segment_chunks(tenant, &ids, &numbers).await?;
    let mut shifts = Vec::new();
    let mut changed: BTreeSet<(SegmentId, u32)> = BTreeSet::new();
    let mut growth: BTreeMap<SegmentId, i64> = BTreeMap::new();
    for turn in turns {
        for (place, (id, holds)) in ids.iter().zip(&turn.holds).enumerate() {
            let key = (*id, turn.number >> CHUNK_BITS);
            let moved = match holds {
                true => chunks.entry(key).or_default().insert(turn.number),
                false => chunks.get_mut(&key).is_some_and(|members| members.remove(turn.number)),
            };
            if moved {
                changed.insert(key);
                *growth.entry(*id).or_insert(0) += if *holds { 1 } else { -1 };
                shifts.push(Shift { segment: place, number: turn.number, person: turn.person, entered: *holds });
            }
        }
    }
    store(work, tenant, &mut chunks, &changed).await?;
    for (id, by) in growth.into_iter().filter(|(_, by)| *by != 0) {
        work.grow_segment(tenant, id, by).await?;
    }
    Ok(shifts)
}

async fn store(
    work: &mut Work,
    tenant: TenantId,
    chunks: &mut HashMap<(SegmentId, u32), roaring::RoaringBitmap>,
    changed: &BTreeSet<(SegmentId, u32)>,
) -> Result<(), AppError> {
    let rows = changed.iter().filter_map(|(segment, chunk)| {
        let members = chunks.remove(&(*segment, *chunk))?;
        Some(ChunkRow { segment: *segment, chunk: *chunk, members })
    });
    Ok(work.put_segment_chunks(tenant, &rows.collect::<Vec<_>>()).await?)
}

/// The event that tells of it; none for those who are not told of, and where events led to events too often.
pub(super) fn event(segments: &[Segment], shift: &Shift, cause: &Cause, now: Millis) -> Option<NewEvent> {
    let segment = segments.get(shift.segment)?;
    let person = shift.person?;
    let depth = cause.depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
    let kind = if shift.entered { ENTERED } else { LEFT };
    let message_id = format!("{kind}/{}/{person}/{}", segment.row.id, cause.key);
    let mut properties = JsonMap::new();
    properties.insert("segment".to_owned(), segment.row.name.as_str().into());
    Some(NewEvent {
        id: EventId::from_uuid(derived_uuid(now, &[message_id.as_bytes()])),
        message_id,
        kind: kind.to_owned(),
        occurred_at: now,
        received_at: now,
        body: EventBody { person: Some(person), properties, depth, ..EventBody::default() },
    })
}
