//! Who is in which segment, kept with each commit and as time goes by.
//!
//! The worker of a tenant's log is the only one who writes memberships. [`follow`] brings them in line with a micro-batch
//! in that batch's own transaction. [`tend`] runs between two micro-batches, while the log stands still for this tenant:
//! it finds the members of new and changed definitions, and those for whom the answer changed by time alone. So an event
//! is either among the people that a new segment was found from, or comes after and is followed; never both, never neither.
//! Whoever defines a segment only stores the definition and says that its members are to be found.

mod follow;
mod members;
mod shift;
mod tend;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::ids::SegmentId;
use guanxi_domain::segment::{Filter, Known, Needs, expand};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{HeldSegment, SegmentRow, Work};
use moka::sync::Cache;

pub(crate) use follow::{follow, numbers_of};
pub(crate) use tend::tend;

use members::Members;

/// How many tenants' definitions are remembered.
const TENANTS_MAX: u64 = 1_000;
/// How long a tenant whose segments could not be tended waits for the next try.
const SETBACK: Duration = Duration::from_secs(10);

/// A segment, ready to be answered.
#[derive(Clone)]
pub(crate) struct Segment {
    pub(crate) row: SegmentRow,
    /// With the segments that it names put in.
    pub(crate) filter: Filter,
}

/// The segments of a tenant whose members are found.
pub(crate) struct Definitions {
    held: Vec<(SegmentId, i64)>,
    pub(crate) segments: Vec<Segment>,
    /// What all of them need.
    pub(crate) needs: Needs,
}

/// What is remembered of segments between micro-batches.
pub(crate) struct Shelf {
    definitions: Cache<TenantId, Arc<Definitions>>,
    members: Members,
    setbacks: Cache<TenantId, ()>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self {
            definitions: Cache::new(TENANTS_MAX),
            members: Members::new(),
            setbacks: Cache::builder().max_capacity(TENANTS_MAX).time_to_live(SETBACK).build(),
        }
    }

    /// The segments that are `held`, read anew if others were known.
    async fn definitions(
        &self,
        work: &mut Work,
        tenant: TenantId,
        held: &[HeldSegment],
    ) -> Result<Arc<Definitions>, AppError> {
        let held: Vec<(SegmentId, i64)> = held.iter().map(|segment| (segment.id, segment.revision)).collect();
        if let Some(known) = self.definitions.get(&tenant).filter(|known| known.held == held) {
            return Ok(known);
        }
        let mut segments = expanded(work.segments(tenant).await?);
        segments.retain(|segment| held.contains(&(segment.row.id, segment.row.revision)));
        let mut needs = Needs::default();
        segments.iter().for_each(|segment| needs.join(&Needs::of(&segment.filter)));
        let definitions = Arc::new(Definitions { held, segments, needs });
        self.definitions.insert(tenant, Arc::clone(&definitions));
        Ok(definitions)
    }
}

/// Puts named segments in. One that names what is no more, which is refused when it is defined, has no members.
fn expanded(rows: Vec<SegmentRow>) -> Vec<Segment> {
    let filters: BTreeMap<String, Filter> = rows.iter().map(|row| (row.name.clone(), row.filter.clone())).collect();
    let known: Known<'_> = filters.iter().map(|(name, filter)| (name.as_str(), filter)).collect();
    let ready = |row: SegmentRow| {
        let filter = expand(&row.name, &row.filter, &known).unwrap_or_else(|bad| {
            tracing::error!(segment = %row.name, %bad, "a segment has no members");
            Filter::Any(Vec::new())
        });
        Segment { row, filter }
    };
    rows.into_iter().map(ready).collect()
}
