//! The uploaded file, in pieces, so that no statement carries more than one of them.

use guanxi_domain::Millis;
use guanxi_domain::ids::ImportId;
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

impl Work {
    /// Stores the next piece of a file that is being uploaded; `false` if that import takes none any more.
    pub async fn add_import_piece(
        &mut self,
        tenant: TenantId,
        id: ImportId,
        number: i64,
        bytes: &[u8],
        now: Millis,
    ) -> Result<bool, StoreError> {
        let sql = "update imports set bytes = bytes + $3, updated_at = $4
                   where tenant_id = $1 and id = $2 and status = 'uploading'";
        let done = sqlx::query(sql)
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
            .bind(now)
            .execute(self.connection())
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("insert into import_pieces (tenant_id, import_id, number, bytes) values ($1, $2, $3, $4)")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(number)
            .bind(bytes)
            .execute(self.connection())
            .await?;
        Ok(true)
    }

    /// A piece of the file, counted from 0; nothing behind the last one.
    pub async fn import_piece(
        &mut self,
        tenant: TenantId,
        id: ImportId,
        number: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "select bytes from import_pieces where tenant_id = $1 and import_id = $2 and number = $3";
        let row = sqlx::query(sql)
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(number)
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| Cells::of(&row, "import_pieces").get("bytes")).transpose()
    }

    /// Forgets the file.
    pub(crate) async fn delete_import_pieces(&mut self, tenant: TenantId, id: ImportId) -> Result<(), StoreError> {
        sqlx::query("delete from import_pieces where tenant_id = $1 and import_id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
