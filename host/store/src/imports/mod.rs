//! Imports: the job, its file in pieces, and what became of its rows.

mod outcomes;
mod pieces;
mod saved;
mod work_off;

use guanxi_domain::Millis;
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::{ImportCounts, ImportStatus};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells};
use crate::work::Work;

pub use outcomes::ImportOutcomes;
pub use saved::SavedMapping;
pub use work_off::ImportClaim;

const TABLE: &str = "imports";
const COLUMNS: &str = "id, name, subject, format, status, mapping, bytes, rows_sent, rows_done, rows_total, added,
     recognised, unchanged, conflicting, refused, error, created_by, created_at, updated_at";

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRow {
    /// Made by the host.
    pub id: ImportId,
    /// The file's name.
    pub name: String,
    /// What its rows are about: `people`, `orders` or `relations`.
    pub subject: String,
    /// `csv`, `xlsx` or `json-lines`.
    pub format: String,
    /// Where it stands.
    pub status: ImportStatus,
    /// What columns become, as JSON.
    pub mapping: String,
    /// Of the file.
    pub bytes: i64,
    /// Rows that were handed to the log.
    pub rows_sent: i64,
    /// Rows that are decided.
    pub rows_done: i64,
    /// Rows of the file, as soon as it was read to its end.
    pub rows_total: Option<i64>,
    /// What became of the rows that are decided.
    pub counts: ImportCounts,
    /// Why it failed.
    pub error: Option<String>,
    /// The token of whoever uploaded it.
    pub created_by: String,
    /// When the upload began.
    pub created_at: Millis,
    /// When anything of the above last changed.
    pub updated_at: Millis,
}

impl Work {
    /// Stores a new import.
    pub async fn insert_import(&mut self, tenant: TenantId, row: &ImportRow) -> Result<(), StoreError> {
        sqlx::query(
            "insert into imports (tenant_id, id, name, subject, format, status, mapping, bytes, rows_sent, rows_done,
               rows_total, added, recognised, unchanged, conflicting, refused, error, created_by, created_at,
               updated_at, lease_until)
             values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, null, 0, 0, 0, 0, 0, null, $9, $10, $10, 0)",
        )
        .bind(tenant.0)
        .bind(row.id.as_bytes().as_slice())
        .bind(&row.name)
        .bind(&row.subject)
        .bind(&row.format)
        .bind(row.status.as_str())
        .bind(&row.mapping)
        .bind(row.bytes)
        .bind(&row.created_by)
        .bind(row.created_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The import, if there is one.
    pub async fn import(&mut self, tenant: TenantId, id: ImportId) -> Result<Option<ImportRow>, StoreError> {
        let sql = format!("select {COLUMNS} from imports where tenant_id = $1 and id = $2");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| read_import(&row)).transpose()
    }

    /// Imports of a tenant, newest first.
    pub async fn imports(
        &mut self,
        tenant: TenantId,
        before: Option<ImportId>,
        limit: u32,
    ) -> Result<Vec<ImportRow>, StoreError> {
        let sql = format!("select {COLUMNS} from imports where tenant_id = $1 and id < $2 order by id desc limit $3");
        let before = before.map_or(AFTER_ALL_IDS, |id| *id.as_bytes());
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(before.as_slice())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(read_import).collect()
    }

    /// How many imports of a tenant hold a file.
    pub async fn open_imports(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        let sql = "select count(*) from imports where tenant_id = $1 and status <> 'done'";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?)
    }

    /// Says how a file is read and what its columns become; `false` unless the import stands at one of `from`.
    pub async fn map_import(
        &mut self,
        tenant: TenantId,
        row: &ImportRow,
        from: &[ImportStatus],
        now: Millis,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "update imports
             set subject = $3, format = $4, mapping = $5, status = $6, bytes = $7, error = $8, updated_at = $9
             where tenant_id = $1 and id = $2 and status in ({})",
            words(from)
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(row.id.as_bytes().as_slice())
            .bind(&row.subject)
            .bind(&row.format)
            .bind(&row.mapping)
            .bind(row.status.as_str())
            .bind(row.bytes)
            .bind(&row.error)
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets an import run or stop; `false` unless it stands at one of `from`.
    pub async fn set_import_status(
        &mut self,
        tenant: TenantId,
        id: ImportId,
        from: &[ImportStatus],
        to: ImportStatus,
        error: Option<&str>,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "update imports
             set status = case when rows_total is not null and rows_done >= rows_total then 'done' else $3 end,
                 error = $4, updated_at = $5, lease_until = 0
             where tenant_id = $1 and id = $2 and status in ({})",
            words(from)
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(to.as_str())
            .bind(error)
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets an import with its file and its report; people stay. `false` if there is none or it runs.
    pub async fn delete_import(&mut self, tenant: TenantId, id: ImportId) -> Result<bool, StoreError> {
        let sql = "delete from imports where tenant_id = $1 and id = $2 and status not in ('waiting', 'running')";
        let done = sqlx::query(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).execute(self.connection()).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.delete_import_pieces(tenant, id).await?;
        sqlx::query("delete from import_chunks where tenant_id = $1 and import_id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(true)
    }
}

/// Words of the host's own as a list of SQL.
fn words(statuses: &[ImportStatus]) -> String {
    let quoted: Vec<String> = statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
    quoted.join(", ")
}

fn read_import(row: &AnyRow) -> Result<ImportRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(ImportRow {
        id: cells.id("id", ImportId::from_slice)?,
        name: cells.get("name")?,
        subject: cells.get("subject")?,
        format: cells.get("format")?,
        status: cells.word("status", ImportStatus::parse)?,
        mapping: cells.get("mapping")?,
        bytes: cells.get("bytes")?,
        rows_sent: cells.get("rows_sent")?,
        rows_done: cells.get("rows_done")?,
        rows_total: cells.get("rows_total")?,
        counts: ImportCounts {
            new: cells.get("added")?,
            recognised: cells.get("recognised")?,
            unchanged: cells.get("unchanged")?,
            conflicting: cells.get("conflicting")?,
            refused: cells.get("refused")?,
        },
        error: cells.get("error")?,
        created_by: cells.get("created_by")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
