//! Who reads a file: a lease says which worker, and the rows that were sent fence it, so that none is sent twice.

use guanxi_domain::Millis;
use guanxi_domain::ids::ImportId;
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// An import that this worker may read until its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportClaim {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub import: ImportId,
}

impl Work {
    /// Whether there is an import that nobody reads, although somebody wants it. Needs [`crate::Scope::Host`].
    pub async fn waiting_imports(&mut self, now: Millis) -> Result<bool, StoreError> {
        let sql = "select count(*) from imports
                   where status in ('waiting', 'running') and rows_total is null and lease_until < $1 and tenant_id > 0";
        let count: i64 = sqlx::query_scalar(sql).bind(now).fetch_one(self.connection()).await?;
        Ok(count > 0)
    }

    /// Takes an import that waits, or whose worker is gone. Needs [`crate::Scope::Host`].
    pub async fn claim_import(&mut self, now: Millis, until: Millis) -> Result<Option<ImportClaim>, StoreError> {
        let row = sqlx::query(
            "select tenant_id, id from imports
             where status in ('waiting', 'running') and rows_total is null and lease_until < $1
             order by id
             limit 1",
        )
        .bind(now)
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::of(&row, "imports");
        let claim =
            ImportClaim { tenant: TenantId(cells.get("tenant_id")?), import: cells.id("id", ImportId::from_slice)? };
        let done = sqlx::query(
            "update imports set status = 'running', lease_until = $3
             where tenant_id = $1 and id = $2 and status in ('waiting', 'running') and lease_until < $4",
        )
        .bind(claim.tenant.0)
        .bind(claim.import.as_bytes().as_slice())
        .bind(until)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok((done.rows_affected() == 1).then_some(claim))
    }

    /// Notes that rows up to `to` are sent and renews the lease; `false` if the import was stopped, or another worker
    /// has it.
    pub async fn advance_import(
        &mut self,
        claim: ImportClaim,
        from: i64,
        to: i64,
        until: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update imports set rows_sent = $4, lease_until = $5
             where tenant_id = $1 and id = $2 and rows_sent = $3 and status = 'running' and rows_total is null",
        )
        .bind(claim.tenant.0)
        .bind(claim.import.as_bytes().as_slice())
        .bind(from)
        .bind(to)
        .bind(until)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that the file was read to its end, `rows` of them, and forgets it; `false` as above.
    pub async fn finish_import(&mut self, claim: ImportClaim, rows: i64, now: Millis) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update imports
             set rows_total = $3, updated_at = $4, lease_until = 0,
                 status = case when rows_done >= $3 then 'done' else status end
             where tenant_id = $1 and id = $2 and rows_sent = $3 and status = 'running' and rows_total is null",
        )
        .bind(claim.tenant.0)
        .bind(claim.import.as_bytes().as_slice())
        .bind(rows)
        .bind(now)
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.delete_import_pieces(claim.tenant, claim.import).await?;
        Ok(true)
    }

    /// Uploads that nobody went on with since `before`. Needs [`crate::Scope::Host`].
    pub async fn abandoned_imports(&mut self, before: Millis) -> Result<Vec<ImportClaim>, StoreError> {
        let rows = sqlx::query(
            "select tenant_id, id from imports where status = 'uploading' and updated_at < $1 order by id limit 100",
        )
        .bind(before)
        .fetch_all(self.connection())
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            let cells = Cells::of(row, "imports");
            let (tenant, import) = (TenantId(cells.get("tenant_id")?), cells.id("id", ImportId::from_slice)?);
            Ok(ImportClaim { tenant, import })
        };
        rows.iter().map(read).collect()
    }
}
