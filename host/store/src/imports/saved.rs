//! Mappings that people saved, by name.

use guanxi_domain::Millis;
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// A mapping with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMapping {
    /// Unique per tenant.
    pub name: String,
    /// What rows are about.
    pub subject: String,
    /// The mapping as JSON.
    pub mapping: String,
    /// When it was last saved.
    pub updated_at: Millis,
}

impl Work {
    /// Saves a mapping under its name, over one that is there.
    pub async fn put_mapping(&mut self, tenant: TenantId, saved: &SavedMapping) -> Result<(), StoreError> {
        sqlx::query(
            "insert into import_mappings (tenant_id, name, subject, mapping, updated_at) values ($1, $2, $3, $4, $5)
             on conflict (tenant_id, name) do update
               set subject = excluded.subject, mapping = excluded.mapping, updated_at = excluded.updated_at",
        )
        .bind(tenant.0)
        .bind(&saved.name)
        .bind(&saved.subject)
        .bind(&saved.mapping)
        .bind(saved.updated_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The saved mappings of a tenant, by name.
    pub async fn mappings(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<SavedMapping>, StoreError> {
        let rows = sqlx::query(
            "select name, subject, mapping, updated_at from import_mappings where tenant_id = $1 order by name limit $2",
        )
        .bind(tenant.0)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            let cells = Cells::of(row, "import_mappings");
            Ok(SavedMapping {
                name: cells.get("name")?,
                subject: cells.get("subject")?,
                mapping: cells.get("mapping")?,
                updated_at: cells.get("updated_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Forgets a saved mapping; `false` if there is none.
    pub async fn delete_mapping(&mut self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("delete from import_mappings where tenant_id = $1 and name = $2")
            .bind(tenant.0)
            .bind(name)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
