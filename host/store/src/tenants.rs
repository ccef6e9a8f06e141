//! The brands that share this host.

use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::{Slug, Tenant, TenantId};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

impl Work {
    /// Creates a tenant with an empty log; `Conflict("tenant")` if the slug is taken. Needs [`crate::Scope::Host`].
    pub async fn create_tenant(&mut self, slug: &Slug, name: &str, now: Millis) -> Result<Tenant, StoreError> {
        // The operator's row is the lock: two creations at once would find the same next number.
        sqlx::query("update tenants set name = name where tenant_id = 0").execute(self.connection()).await?;
        let id: i64 = sqlx::query_scalar(
            "insert into tenants (tenant_id, slug, name, created_at)
             select max(tenant_id) + 1, $1, $2, $3 from tenants
             returning tenant_id",
        )
        .bind(slug.as_str())
        .bind(name)
        .bind(now)
        .fetch_one(self.connection())
        .await
        .map_err(StoreError::on_conflict("tenant"))?;
        sqlx::query("insert into log_heads (tenant_id, head) values ($1, 0)")
            .bind(id)
            .execute(self.connection())
            .await?;
        sqlx::query("insert into log_positions (tenant_id, position) values ($1, 0)")
            .bind(id)
            .execute(self.connection())
            .await?;
        let (slug, name) = (slug.clone(), name.to_owned());
        Ok(Tenant { id: TenantId(id), slug, name, settings: Arc::default(), created_at: now })
    }

    /// The tenant of that slug. Needs [`crate::Scope::Host`].
    pub async fn tenant_by_slug(&mut self, slug: &str) -> Result<Option<Tenant>, StoreError> {
        sqlx::query("select tenant_id, slug, name, settings, created_at from tenants where slug = $1 and tenant_id > 0")
            .bind(slug)
            .fetch_optional(self.connection())
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// The tenant of that number; the operator is none.
    pub async fn tenant(&mut self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        sqlx::query(
            "select tenant_id, slug, name, settings, created_at from tenants where tenant_id = $1 and tenant_id > 0",
        )
        .bind(id.0)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// One page of all tenants by number, the operator left out. Needs [`crate::Scope::Host`].
    pub async fn tenants(&mut self, after: Option<TenantId>, limit: u32) -> Result<Vec<Tenant>, StoreError> {
        sqlx::query(
            "select tenant_id, slug, name, settings, created_at from tenants where tenant_id > $1 order by tenant_id limit $2",
        )
        .bind(after.map_or(0, |id| id.0.max(0)))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Replaces what a brand has set for itself. Needs [`crate::Scope::Host`].
    pub async fn put_settings(&mut self, id: TenantId, settings: &TenantSettings) -> Result<(), StoreError> {
        sqlx::query("update tenants set settings = $2 where tenant_id = $1 and tenant_id > 0")
            .bind(id.0)
            .bind(json_text("tenants", "settings", settings)?)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<Tenant, StoreError> {
    let cells = Cells::of(row, "tenants");
    Ok(Tenant {
        id: TenantId(cells.get("tenant_id")?),
        slug: cells.word("slug", |text| text.parse().ok())?,
        name: cells.get("name")?,
        settings: Arc::new(cells.json("settings")?),
        created_at: cells.get("created_at")?,
    })
}
