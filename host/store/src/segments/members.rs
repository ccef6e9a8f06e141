//! Who is in a segment: a compressed bitmap for each 65,536 numbers of people.

use std::collections::HashMap;

use guanxi_domain::ids::SegmentId;
use guanxi_domain::tenant::TenantId;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// How many bits of a number lie within a chunk.
pub const CHUNK_BITS: u32 = 16;
const TABLE: &str = "segment_chunks";

/// The members of a segment among 65,536 numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkRow {
    /// Of which segment.
    pub segment: SegmentId,
    /// Which numbers: those whose upper bits are this.
    pub chunk: u32,
    /// The numbers, whole.
    pub members: RoaringBitmap,
}

impl ChunkRow {
    /// All members of a segment, in chunks.
    pub fn of(segment: SegmentId, members: &RoaringBitmap) -> Vec<Self> {
        let mut chunks: Vec<Self> = Vec::new();
        for number in members {
            let chunk = number >> CHUNK_BITS;
            match chunks.last_mut().filter(|last| last.chunk == chunk) {
                Some(last) => {
                    last.members.insert(number);
                }
                None => chunks.push(Self { segment, chunk, members: RoaringBitmap::from_iter([number]) }),
            }
        }
        chunks
    }
}

impl Work {
    /// These chunks of these segments; those without members are missing.
    pub async fn segment_chunks(
        &mut self,
        tenant: TenantId,
        segments: &[SegmentId],
        chunks: &[u32],
    ) -> Result<HashMap<(SegmentId, u32), RoaringBitmap>, StoreError> {
        let mut found = HashMap::new();
        for some in pieces(chunks) {
            for piece in pieces(segments) {
                let sql = format!(
                    "select segment_id, chunk, members
                     from segment_chunks
                     where tenant_id = $1 and chunk in ({}) and segment_id in ({})",
                    list(1, some.len()),
                    list(1 + some.len(), piece.len())
                );
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
                for chunk in some {
                    query = query.bind(i64::from(*chunk));
                }
                for segment in piece {
                    query = query.bind(segment.as_bytes().as_slice());
                }
                for row in query.fetch_all(self.connection()).await? {
                    let chunk = read(&row)?;
                    found.insert((chunk.segment, chunk.chunk), chunk.members);
                }
            }
        }
        Ok(found)
    }

    /// Everybody in a segment.
    pub async fn segment_members(&mut self, tenant: TenantId, segment: SegmentId) -> Result<RoaringBitmap, StoreError> {
        let rows = sqlx::query(
            "select segment_id, chunk, members from segment_chunks where tenant_id = $1 and segment_id = $2",
        )
        .bind(tenant.0)
        .bind(segment.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        let mut all = RoaringBitmap::new();
        for row in &rows {
            all |= read(row)?.members;
        }
        Ok(all)
    }

    /// Members with numbers greater than `after`, in order.
    pub async fn segment_page(
        &mut self,
        tenant: TenantId,
        segment: SegmentId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<u32>, StoreError> {
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        let mut page: Vec<u32> = Vec::new();
        let mut from = i64::from(first >> CHUNK_BITS);
        while page.len() < limit as usize {
            let row = sqlx::query(
                "select segment_id, chunk, members
                 from segment_chunks
                 where tenant_id = $1 and segment_id = $2 and chunk >= $3
                 order by chunk
                 limit 1",
            )
            .bind(tenant.0)
            .bind(segment.as_bytes().as_slice())
            .bind(from)
            .fetch_optional(self.connection())
            .await?;
            let Some(row) = row else { break };
            let chunk = read(&row)?;
            from = i64::from(chunk.chunk) + 1;
            let room = limit as usize - page.len();
            page.extend(chunk.members.range(first..).take(room));
        }
        Ok(page)
    }

    /// Which of the segments have this person.
    pub async fn segments_of(
        &mut self,
        tenant: TenantId,
        segments: &[SegmentId],
        number: u32,
    ) -> Result<Vec<SegmentId>, StoreError> {
        let chunks = self.segment_chunks(tenant, segments, &[number >> CHUNK_BITS]).await?;
        let having = chunks.into_iter().filter(|(_, members)| members.contains(number));
        Ok(having.map(|((segment, _), _)| segment).collect())
    }

    /// Stores chunks; one without members is taken away.
    pub async fn put_segment_chunks(&mut self, tenant: TenantId, rows: &[ChunkRow]) -> Result<(), StoreError> {
        let (empty, full): (Vec<&ChunkRow>, Vec<&ChunkRow>) = rows.iter().partition(|row| row.members.is_empty());
        for row in empty {
            sqlx::query("delete from segment_chunks where tenant_id = $1 and segment_id = $2 and chunk = $3")
                .bind(tenant.0)
                .bind(row.segment.as_bytes().as_slice())
                .bind(i64::from(row.chunk))
                .execute(self.connection())
                .await?;
        }
        for piece in batches(self.dialect(), &last_of_each(&full, |row| (row.segment, row.chunk))) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                let mut bytes = Vec::with_capacity(row.members.serialized_size());
                row.members.serialize_into(&mut bytes).map_err(|error| corrupt(&error))?;
                rows.row()
                    .bind(tenant.0)
                    .bind(row.segment.as_bytes().as_slice())
                    .bind(i64::from(row.chunk))
                    .blob(bytes);
            }
            let sql = format!(
                "insert into segment_chunks (tenant_id, segment_id, chunk, members)
                 {}
                 on conflict (tenant_id, segment_id, chunk) do update set members = excluded.members",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Takes people who are no more out of all segments.
    pub async fn leave_segments(&mut self, tenant: TenantId, numbers: &[u32]) -> Result<(), StoreError> {
        let ids: Vec<SegmentId> = self.segments(tenant).await?.iter().map(|segment| segment.id).collect();
        let upper: std::collections::BTreeSet<u32> = numbers.iter().map(|number| number >> CHUNK_BITS).collect();
        let upper: Vec<u32> = upper.into_iter().collect();
        for ((segment, chunk), mut members) in self.segment_chunks(tenant, &ids, &upper).await? {
            let before = members.len();
            numbers.iter().for_each(|number| {
                members.remove(*number);
            });
            let gone = i64::try_from(before - members.len()).unwrap_or(0);
            if gone > 0 {
                self.put_segment_chunks(tenant, &[ChunkRow { segment, chunk, members }]).await?;
                self.grow_segments(tenant, &[(segment, -gone)]).await?;
            }
        }
        Ok(())
    }

    /// Takes all members of a segment away.
    pub async fn clear_segment(&mut self, tenant: TenantId, segment: SegmentId) -> Result<(), StoreError> {
        sqlx::query("delete from segment_chunks where tenant_id = $1 and segment_id = $2")
            .bind(tenant.0)
            .bind(segment.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<ChunkRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    let bytes: &[u8] = cells.get("members")?;
    Ok(ChunkRow {
        segment: cells.id("segment_id", SegmentId::from_slice)?,
        chunk: cells.number("chunk")?,
        members: RoaringBitmap::deserialize_from(bytes).map_err(|error| corrupt(&error))?,
    })
}

fn corrupt(error: &std::io::Error) -> StoreError {
    StoreError::Corrupt { table: TABLE, column: "members", problem: error.to_string() }
}
