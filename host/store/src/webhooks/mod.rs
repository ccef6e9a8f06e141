//! Addresses that are told of notices, with their sealed secrets; what is on its way to them stands in `deliveries`.

mod deliveries;

use guanxi_domain::Millis;
use guanxi_domain::ids::WebhookId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Off, Webhook};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::installations::SealedRow;
use crate::row::{Cells, json_text};
use crate::work::Work;

pub use deliveries::DeliverySettled;

const TABLE: &str = "webhooks";

impl Work {
    /// All addresses of a tenant, the oldest id first.
    pub async fn webhooks(&mut self, tenant: TenantId) -> Result<Vec<Webhook>, StoreError> {
        sqlx::query(
            "select id, address, kinds, off_reason, rotated_at, failing_since, dropped, created_at, updated_at
             from webhooks
             where tenant_id = $1
             order by id",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// One address.
    pub async fn webhook(&mut self, tenant: TenantId, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        sqlx::query(
            "select id, address, kinds, off_reason, rotated_at, failing_since, dropped, created_at, updated_at
             from webhooks
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Stores a new address with its sealed secrets. `Conflict` if the tenant has it already.
    pub async fn insert_webhook(
        &mut self,
        tenant: TenantId,
        webhook: &Webhook,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into webhooks (tenant_id, id, address, kinds, off_reason, secrets, rotated_at, failing_since,
                                   dropped, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(tenant.0)
        .bind(webhook.id.as_bytes().as_slice())
        .bind(&webhook.address)
        .bind(json_text(TABLE, "kinds", &webhook.kinds)?)
        .bind(webhook.off.map(Off::as_str))
        .bind(sealed)
        .bind(webhook.rotated_at)
        .bind(webhook.failing_since)
        .bind(webhook.dropped)
        .bind(webhook.created_at)
        .bind(webhook.updated_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("address"))?;
        Ok(())
    }

    /// Writes what a person changes: address, kinds, and whether it is on. Whether there is such an address; `Conflict` if
    /// the tenant has the new one already.
    pub async fn put_webhook(&mut self, tenant: TenantId, webhook: &Webhook) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhooks
             set address = $3, kinds = $4, off_reason = $5, failing_since = $6, dropped = $7, updated_at = $8
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(webhook.id.as_bytes().as_slice())
        .bind(&webhook.address)
        .bind(json_text(TABLE, "kinds", &webhook.kinds)?)
        .bind(webhook.off.map(Off::as_str))
        .bind(webhook.failing_since)
        .bind(webhook.dropped)
        .bind(webhook.updated_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("address"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets an address and everything that was on its way there; whether there was one.
    pub async fn delete_webhook(&mut self, tenant: TenantId, id: WebhookId) -> Result<bool, StoreError> {
        sqlx::query("delete from webhook_deliveries where tenant_id = $1 and webhook_id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        let done = sqlx::query("delete from webhooks where tenant_id = $1 and id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The host switches an address off; whether it was on.
    pub async fn switch_webhook_off(
        &mut self,
        tenant: TenantId,
        id: WebhookId,
        off: Off,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhooks set off_reason = $3, updated_at = $4
             where tenant_id = $1 and id = $2 and off_reason is null",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(off.as_str())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that an address took a notice.
    pub async fn note_webhook_works(&mut self, tenant: TenantId, id: WebhookId) -> Result<(), StoreError> {
        sqlx::query(
            "update webhooks set failing_since = null
             where tenant_id = $1 and id = $2 and failing_since is not null",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes that an address did not take a notice; since when it takes none.
    pub async fn note_webhook_fails(
        &mut self,
        tenant: TenantId,
        id: WebhookId,
        now: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        sqlx::query(
            "update webhooks set failing_since = $3
             where tenant_id = $1 and id = $2 and failing_since is null",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .execute(self.connection())
        .await?;
        let found = self.webhook(tenant, id).await?;
        Ok(found.and_then(|webhook| webhook.failing_since))
    }

    /// Counts notices that were not queued because too many wait already.
    pub async fn note_webhook_drops(&mut self, tenant: TenantId, id: WebhookId, many: i64) -> Result<(), StoreError> {
        sqlx::query("update webhooks set dropped = dropped + $3 where tenant_id = $1 and id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(many)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The sealed secrets of an address.
    pub async fn webhook_secrets(&mut self, tenant: TenantId, id: WebhookId) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select secrets from webhooks where tenant_id = $1 and id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| Cells::of(&row, TABLE).get("secrets")).transpose()
    }

    /// Puts rotated secrets in the place of `old`, unless somebody changed them meanwhile; whether it did.
    pub async fn rotate_webhook(
        &mut self,
        tenant: TenantId,
        id: WebhookId,
        old: &[u8],
        anew: &[u8],
        now: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhooks set secrets = $4, rotated_at = $5, updated_at = $5
             where tenant_id = $1 and id = $2 and secrets = $3",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(old)
        .bind(anew)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The sealed secrets of addresses, of every tenant, by tenant and id, behind `after`. Needs [`crate::Scope::Host`].
    pub async fn sealed_webhooks(
        &mut self,
        after: Option<(TenantId, WebhookId)>,
        limit: u32,
    ) -> Result<Vec<SealedRow<WebhookId>>, StoreError> {
        let (tenant, id) = after.as_ref().map_or((-1, &[0; 16]), |(tenant, id)| (tenant.0, id.as_bytes()));
        sqlx::query(
            "select w.tenant_id, t.slug, w.id, w.secrets
             from webhooks w
             join tenants t on t.tenant_id = w.tenant_id
             where (w.tenant_id, w.id) > ($1, $2)
             order by w.tenant_id, w.id
             limit $3",
        )
        .bind(tenant)
        .bind(id.as_slice())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_sealed)
        .collect()
    }

    /// Puts `anew` in the place of the sealed secrets `old`, unless somebody changed them meanwhile; whether it did.
    /// Nothing that a person set changes.
    pub async fn replace_webhook_secrets(
        &mut self,
        tenant: TenantId,
        id: WebhookId,
        old: &[u8],
        anew: &[u8],
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhooks set secrets = $4
             where tenant_id = $1 and id = $2 and secrets = $3",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(old)
        .bind(anew)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read_sealed(row: &AnyRow) -> Result<SealedRow<WebhookId>, StoreError> {
    let cells = Cells::of(row, TABLE);
    let id = cells.id("id", WebhookId::from_slice)?;
    Ok(SealedRow {
        tenant: TenantId(cells.get("tenant_id")?),
        slug: cells.word("slug", |text| text.parse().ok())?,
        id,
        name: id.to_string(),
        secrets: cells.get("secrets")?,
    })
}

fn read(row: &AnyRow) -> Result<Webhook, StoreError> {
    let cells = Cells::of(row, TABLE);
    let off = match cells.get::<Option<&str>>("off_reason")? {
        Some(_) => Some(cells.word("off_reason", Off::parse)?),
        None => None,
    };
    Ok(Webhook {
        id: cells.id("id", WebhookId::from_slice)?,
        address: cells.get("address")?,
        kinds: cells.json("kinds")?,
        off,
        rotated_at: cells.get("rotated_at")?,
        failing_since: cells.get("failing_since")?,
        dropped: cells.get("dropped")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
