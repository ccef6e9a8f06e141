//! Segments of a tenant: their definitions, who is in them, and whom a filter means.

mod attributes;
mod compile;
mod directory;
mod due;
mod find;
mod members;
mod plan;
mod rows;
mod subjects;

use guanxi_domain::Millis;
use guanxi_domain::ids::SegmentId;
use guanxi_domain::segment::Filter;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

pub(crate) use directory::Directories;
pub use find::{Found, Sample};
pub use members::{CHUNK_BITS, ChunkRow};
pub(crate) use rows::weight_now;
pub use subjects::Subjects;

const TABLE: &str = "segments";

/// One segment of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentRow {
    /// Inside.
    pub id: SegmentId,
    /// Names it within the tenant; never changes.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Who is meant.
    pub filter: Filter,
    /// Counts what was made of it; memberships of another revision count no more.
    pub revision: i64,
    /// Up to when it is done what time alone changes.
    pub swept_to: Millis,
    /// When time alone may change it next: 0 until its members are found, nothing for never.
    pub due_at: Option<Millis>,
    /// How many are in it.
    pub members: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Millis,
    /// When its definition last changed.
    pub updated_at: Millis,
}

/// A segment whose members are found, and what tells whether they are still those that somebody remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSegment {
    /// Which.
    pub id: SegmentId,
    /// Of its definition and of how often its members were found anew.
    pub revision: i64,
    /// How often somebody moved into or out of it.
    pub moves: i64,
}

impl SegmentRow {
    /// Whether its members are found.
    pub fn is_built(&self) -> bool {
        self.due_at != Some(0)
    }
}

impl Work {
    /// All segments of a tenant, by name.
    pub async fn segments(&mut self, tenant: TenantId) -> Result<Vec<SegmentRow>, StoreError> {
        let sql =
            "select id, name, title, filter, revision, swept_to, due_at, members, created_by, created_at, updated_at
             from segments
             where tenant_id = $1
             order by name";
        let rows = sqlx::query(sql).bind(tenant.0).fetch_all(self.connection()).await?;
        rows.iter().map(read).collect()
    }

    /// One segment.
    pub async fn segment(&mut self, tenant: TenantId, name: &str) -> Result<Option<SegmentRow>, StoreError> {
        let sql =
            "select id, name, title, filter, revision, swept_to, due_at, members, created_by, created_at, updated_at
             from segments
             where tenant_id = $1 and name = $2";
        let row = sqlx::query(sql).bind(tenant.0).bind(name).fetch_optional(self.connection()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The segments whose members are found. Nobody changes or deletes them before this transaction ends.
    pub async fn hold_segments(&mut self, tenant: TenantId) -> Result<Vec<HeldSegment>, StoreError> {
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                "select id, revision, moves from segments where tenant_id = $1 and (due_at is null or due_at > 0)
                 order by id"
            }
            Dialect::Postgres => {
                "select id, revision, moves from segments where tenant_id = $1 and (due_at is null or due_at > 0)
                 order by id for no key update"
            }
        };
        let rows = sqlx::query(sql).bind(tenant.0).fetch_all(self.connection()).await?;
        let read = |row: &AnyRow| {
            let cells = Cells::of(row, TABLE);
            Ok(HeldSegment {
                id: cells.id("id", SegmentId::from_slice)?,
                revision: cells.get("revision")?,
                moves: cells.get("moves")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Stores a definition, a new one or a changed one, whose members have to be found. `Conflict` never comes: names are
    /// taken over.
    pub async fn put_segment(&mut self, tenant: TenantId, segment: &SegmentRow) -> Result<(), StoreError> {
        let sql = "insert into segments (tenant_id, id, name, title, filter, revision, swept_to, due_at, members,
               created_by, created_at, updated_at)
             values ($1, $2, $3, $4, $5, 1, 0, 0, 0, $6, $7, $8)
             on conflict (tenant_id, name) do update
               set title = excluded.title, filter = excluded.filter, revision = segments.revision + 1,
                   due_at = case when segments.filter = excluded.filter then segments.due_at else 0 end,
                   updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(tenant.0)
            .bind(segment.id.as_bytes().as_slice())
            .bind(&segment.name)
            .bind(&segment.title)
            .bind(segment.filter.to_json().to_string())
            .bind(&segment.created_by)
            .bind(segment.created_at)
            .bind(segment.updated_at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Says that the members of these segments have to be found anew.
    pub async fn unsettle_segments(&mut self, tenant: TenantId, names: &[&str]) -> Result<(), StoreError> {
        for name in names {
            sqlx::query("update segments set due_at = 0, revision = revision + 1 where tenant_id = $1 and name = $2")
                .bind(tenant.0)
                .bind(*name)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Notes that memberships of the segment's revision are what the filter means at its `swept_to`, with its `due_at` and
    /// the number of its `members`; `false` if there is another revision by now, or none. Who is in it may have `changed`.
    pub async fn settle_segment(
        &mut self,
        tenant: TenantId,
        segment: &SegmentRow,
        changed: bool,
    ) -> Result<bool, StoreError> {
        let sql = "update segments set swept_to = $4, due_at = $5, members = $6, revision = revision + $7
             where tenant_id = $1 and id = $2 and revision = $3";
        let done = sqlx::query(sql)
            .bind(tenant.0)
            .bind(segment.id.as_bytes().as_slice())
            .bind(segment.revision)
            .bind(segment.swept_to)
            .bind(segment.due_at)
            .bind(segment.members)
            .bind(i64::from(changed))
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that members of these segments moved, after which each has so many more.
    pub async fn grow_segments(&mut self, tenant: TenantId, growth: &[(SegmentId, i64)]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), growth) {
            let mut rows = Rows::new(self.dialect());
            for (id, by) in piece {
                rows.row().bind(id.as_bytes().as_slice()).bind(*by);
            }
            let sql = format!(
                "with growth (segment_id, grown) as ({})
                 update segments set members = members + grown, moves = moves + 1
                 from growth
                 where tenant_id = ${} and id = segment_id",
                rows.source(),
                rows.parameters() + 1
            );
            rows.query(sql).bind(tenant.0).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Takes a segment away; `false` if there is none.
    pub async fn delete_segment(&mut self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        sqlx::query(
            "delete from segment_chunks
             where tenant_id = $1 and segment_id = (select id from segments where tenant_id = $1 and name = $2)",
        )
        .bind(tenant.0)
        .bind(name)
        .execute(self.connection())
        .await?;
        sqlx::query(
            "delete from portraits
             where tenant_id = $1 and segment_id = (select id from segments where tenant_id = $1 and name = $2)",
        )
        .bind(tenant.0)
        .bind(name)
        .execute(self.connection())
        .await?;
        let done = sqlx::query("delete from segments where tenant_id = $1 and name = $2")
            .bind(tenant.0)
            .bind(name)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether segments of this tenant have their time come.
    pub async fn has_due_segments(&mut self, tenant: TenantId, now: Millis) -> Result<bool, StoreError> {
        let sql = "select 1 from segments where tenant_id = $1 and due_at <= $2 limit 1";
        Ok(sqlx::query(sql).bind(tenant.0).bind(now).fetch_optional(self.connection()).await?.is_some())
    }

    /// Tenants with segments whose time has come. Needs [`crate::Scope::Host`].
    pub async fn tenants_with_due_segments(&mut self, now: Millis) -> Result<Vec<TenantId>, StoreError> {
        let sql = "select distinct tenant_id from segments where due_at <= $1 order by tenant_id";
        let ids: Vec<i64> = sqlx::query_scalar(sql).bind(now).fetch_all(self.connection()).await?;
        Ok(ids.into_iter().map(TenantId).collect())
    }
}

fn read(row: &AnyRow) -> Result<SegmentRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(SegmentRow {
        id: cells.id("id", SegmentId::from_slice)?,
        name: cells.get("name")?,
        title: cells.get("title")?,
        filter: cells.word("filter", |text| Filter::parse(text).ok())?,
        revision: cells.get("revision")?,
        swept_to: cells.get("swept_to")?,
        due_at: cells.get("due_at")?,
        members: cells.get("members")?,
        created_by: cells.get("created_by")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
