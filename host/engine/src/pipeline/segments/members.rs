//! Who is in which segment, as it is remembered between micro-batches: a batch about people all over a large tenant would
//! else read all of it. What is remembered counts only while the segment says that nobody has moved since.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_app::AppError;
use guanxi_domain::ids::SegmentId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{ChunkRow, HeldSegment, Work};
use moka::sync::Cache;
use roaring::RoaringBitmap;

/// The most bytes that are remembered.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// What a chunk takes besides its members.
const CHUNK_BYTES: usize = 128;

type Chunks = HashMap<u32, Arc<RoaringBitmap>>;

/// What is remembered of all tenants' segments.
pub(super) struct Members {
    held: Cache<(TenantId, SegmentId), Arc<Mutex<Known>>>,
}

/// What is remembered of one segment.
struct Known {
    as_of: HeldSegment,
    /// Those that were read, also the empty ones.
    chunks: Chunks,
}

/// The chunks of some segments that a transaction works with.
pub(super) struct Open {
    tenant: TenantId,
    /// In the order of the segments.
    segments: Vec<(HeldSegment, Chunks)>,
    changed: BTreeMap<usize, BTreeSet<u32>>,
}

impl Members {
    pub(super) fn new() -> Self {
        let weigh = |_: &(TenantId, SegmentId), known: &Arc<Mutex<Known>>| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes: usize = known.chunks.values().map(|chunk| CHUNK_BYTES + chunk.serialized_size()).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self { held: Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build() }
    }

    /// These chunks of these segments, remembered or read.
    pub(super) async fn open(
        &self,
        work: &mut Work,
        tenant: TenantId,
        segments: Vec<HeldSegment>,
        chunks: &BTreeSet<u32>,
    ) -> Result<Open, AppError> {
        let mut open = Open { tenant, segments: Vec::with_capacity(segments.len()), changed: BTreeMap::new() };
        let (mut lacking, mut missing) = (Vec::new(), BTreeSet::new());
        for segment in segments {
            let known = self.recall(tenant, segment, chunks);
            let gaps: Vec<u32> = chunks.iter().copied().filter(|chunk| !known.contains_key(chunk)).collect();
            if !gaps.is_empty() {
                lacking.push(segment.id);
                missing.extend(gaps);
            }
            open.segments.push((segment, known));
        }
        let missing: Vec<u32> = missing.into_iter().collect();
        let mut found = work.segment_chunks(tenant, &lacking, &missing).await?;
        for (segment, known) in open.segments.iter_mut().filter(|(segment, _)| lacking.contains(&segment.id)) {
            for chunk in &missing {
                let members = found.remove(&(segment.id, *chunk)).unwrap_or_default();
                known.entry(*chunk).or_insert_with(|| Arc::new(members));
            }
            self.keep(tenant, *segment, known.clone());
        }
        Ok(open)
    }

    fn recall(&self, tenant: TenantId, segment: HeldSegment, chunks: &BTreeSet<u32>) -> Chunks {
        let Some(known) = self.held.get(&(tenant, segment.id)) else { return Chunks::new() };
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_of != segment {
            return Chunks::new();
        }
        chunks.iter().filter_map(|chunk| Some((*chunk, Arc::clone(known.chunks.get(chunk)?)))).collect()
    }

    /// Adds to what is remembered of a segment as it is now.
    fn keep(&self, tenant: TenantId, segment: HeldSegment, chunks: Chunks) {
        let key = (tenant, segment.id);
        let fresh = || Arc::new(Mutex::new(Known { as_of: segment, chunks: Chunks::new() }));
        let entry = self.held.get(&key).unwrap_or_else(fresh);
        {
            let mut known = entry.lock().unwrap_or_else(PoisonError::into_inner);
            if known.as_of != segment {
                *known = Known { as_of: segment, chunks: Chunks::new() };
            }
            known.chunks.extend(chunks);
        }
        // Put there again, so that it is weighed.
        self.held.insert(key, entry);
    }

    /// Remembers what a transaction changed, after it was committed.
    pub(super) fn committed(&self, open: Open) {
        for (place, chunks) in open.changed {
            let Some((segment, known)) = open.segments.get(place) else { continue };
            let Some(entry) = self.held.get(&(open.tenant, segment.id)) else { continue };
            let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
            if entry.as_of == *segment {
                entry.as_of.moves += 1;
                entry.chunks.extend(chunks.iter().filter_map(|chunk| Some((*chunk, Arc::clone(known.get(chunk)?)))));
            }
        }
    }
}

impl Open {
    /// The segment at a place.
    pub(super) fn segment(&self, place: usize) -> Option<SegmentId> {
        self.segments.get(place).map(|(held, _)| held.id)
    }

    /// Puts somebody into the segment at a place or out of it; whether they moved.
    pub(super) fn set(&mut self, place: usize, chunk: u32, number: u32, inside: bool) -> bool {
        let Some((_, chunks)) = self.segments.get_mut(place) else { return false };
        let members = chunks.entry(chunk).or_default();
        if members.contains(number) == inside {
            return false;
        }
        let members = Arc::make_mut(members);
        if inside {
            members.insert(number);
        } else {
            members.remove(number);
        }
        self.changed.entry(place).or_default().insert(chunk);
        true
    }

    /// Writes the chunks that were changed.
    pub(super) async fn write(&self, work: &mut Work) -> Result<(), AppError> {
        let mut rows = Vec::new();
        for (place, changed) in &self.changed {
            let Some((segment, chunks)) = self.segments.get(*place) else { continue };
            let rows_of = changed.iter().filter_map(|chunk| {
                let members = RoaringBitmap::clone(chunks.get(chunk)?);
                Some(ChunkRow { segment: segment.id, chunk: *chunk, members })
            });
            rows.extend(rows_of);
        }
        Ok(work.put_segment_chunks(self.tenant, &rows).await?)
    }
}
