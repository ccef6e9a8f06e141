//! Notices on their way: every one is one worker's at a time, until its lease ends.

use guanxi_domain::Millis;
use guanxi_domain::ids::{DeliveryId, WebhookId};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Delivery, DeliveryStatus, NoticeKind};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells};
use crate::work::{Dialect, Work};

const TABLE: &str = "webhook_deliveries";
const COLUMNS: &str = "id, kind, payload, status, attempts, due_at, http_status, error, created_at, updated_at";

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySettled {
    /// Which delivery.
    pub id: DeliveryId,
    /// The number of the try.
    pub attempts: u32,
    /// Where it is now; `Waiting` to try again.
    pub status: DeliveryStatus,
    /// When to try again; without meaning for a final status.
    pub due_at: Millis,
    /// What the address answered.
    pub http_status: Option<u16>,
    /// Why it did not arrive.
    pub error: Option<String>,
    /// The time of the change.
    pub now: Millis,
}

impl Work {
    /// Queues a notice for an address.
    pub async fn insert_delivery(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into webhook_deliveries (tenant_id, webhook_id, id, kind, payload, status, attempts, due_at,
                                             http_status, error, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(delivery.id.as_bytes().as_slice())
        .bind(delivery.kind.as_str())
        .bind(&delivery.payload)
        .bind(delivery.status.as_str())
        .bind(i64::from(delivery.attempts))
        .bind(delivery.due_at)
        .bind(delivery.http_status.map(i64::from))
        .bind(delivery.error.as_deref())
        .bind(delivery.created_at)
        .bind(delivery.updated_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("delivery"))?;
        Ok(())
    }

    /// How many wait for an address, counted up to `most`.
    pub async fn waiting_deliveries(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        most: u32,
    ) -> Result<u32, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "select count(*) from (
               select id from webhook_deliveries
               where tenant_id = $1 and webhook_id = $2 and status in ('waiting', 'sending')
               limit $3) as waits",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(i64::from(most))
        .fetch_one(self.connection())
        .await?;
        Ok(u32::try_from(count).unwrap_or(most))
    }

    /// A page of what is and was on its way to an address, the latest first.
    pub async fn deliveries(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        before: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let before = before.as_ref().map_or(&AFTER_ALL_IDS, DeliveryId::as_bytes).as_slice();
        sqlx::query(AssertSqlSafe(format!(
            "select {COLUMNS}
             from webhook_deliveries
             where tenant_id = $1 and webhook_id = $2 and id < $3
             order by id desc
             limit $4"
        )))
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// One delivery.
    pub async fn delivery(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        sqlx::query(AssertSqlSafe(format!(
            "select {COLUMNS}
             from webhook_deliveries
             where tenant_id = $1 and webhook_id = $2 and id = $3"
        )))
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// The addresses with something due, the one that waits longest first. Needs [`crate::Scope::Host`].
    pub async fn due_webhooks(&mut self, now: Millis, limit: u32) -> Result<Vec<(TenantId, WebhookId)>, StoreError> {
        sqlx::query(
            "select tenant_id, webhook_id, min(due_at) as first_due
             from webhook_deliveries
             where status in ('waiting', 'sending') and due_at <= $1
             group by tenant_id, webhook_id
             order by first_due, tenant_id, webhook_id
             limit $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, TABLE);
            Ok((TenantId(cells.get("tenant_id")?), cells.id("webhook_id", WebhookId::from_slice)?))
        })
        .collect()
    }

    /// Takes what is due for an address, the longest waiting first: each is nobody else's until `lease_until`, and this
    /// try is counted. What another worker is taking right now is passed over; what its worker never settled is due again.
    pub async fn claim_deliveries(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Millis,
        lease_until: Millis,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let lock = match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => "for update skip locked",
        };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "with due as (
               select id as due_id
               from webhook_deliveries
               where tenant_id = $1 and webhook_id = $2 and status in ('waiting', 'sending') and due_at <= $3
               order by due_at
               limit $4
               {lock}
             )
             update webhook_deliveries
             set status = 'sending', attempts = attempts + 1, due_at = $5, updated_at = $3
             from due
             where tenant_id = $1 and webhook_id = $2 and id = due_id
             returning {COLUMNS}"
        )))
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(now)
        .bind(i64::from(limit))
        .bind(lease_until)
        .fetch_all(self.connection())
        .await?;
        let mut claimed = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        claimed.sort_by_key(|delivery| delivery.id);
        Ok(claimed)
    }

    /// Writes down what a try came to; whether it still mattered. Only the latest try can put a delivery back, and one that
    /// has ended stays as it is.
    pub async fn settle_delivery(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        settled: &DeliverySettled,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhook_deliveries
             set status = $4, due_at = $5, http_status = $6, error = $7, updated_at = $8
             where tenant_id = $1 and webhook_id = $2 and id = $3 and status = 'sending'
               and (attempts = $9 or $10 = 1)",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(settled.id.as_bytes().as_slice())
        .bind(settled.status.as_str())
        .bind(settled.due_at)
        .bind(settled.http_status.map(i64::from))
        .bind(settled.error.as_deref())
        .bind(settled.now)
        .bind(i64::from(settled.attempts))
        .bind(i64::from(settled.status == DeliveryStatus::Delivered))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Has a delivery tried once more, at once; `false` if there is none, or a worker has it.
    pub async fn retry_delivery(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        id: DeliveryId,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update webhook_deliveries
             set status = 'waiting', due_at = $4, updated_at = $4
             where tenant_id = $1 and webhook_id = $2 and id = $3 and status <> 'sending'",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives up whatever is on its way to an address.
    pub async fn give_up_deliveries(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        why: &str,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "update webhook_deliveries
             set status = 'failed', error = $3, updated_at = $4
             where tenant_id = $1 and webhook_id = $2 and status in ('waiting', 'sending')",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(why)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Forgets deliveries that ended before a time, and all but the latest `kept`; how many. What is on its way stays.
    pub async fn forget_deliveries(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        before: Millis,
        kept: u32,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "delete from webhook_deliveries
             where tenant_id = $1 and webhook_id = $2 and status in ('delivered', 'failed')
               and (updated_at < $3 or id <= (select id from webhook_deliveries
                                              where tenant_id = $1 and webhook_id = $2
                                              order by id desc
                                              limit 1 offset $4))",
        )
        .bind(tenant.0)
        .bind(webhook.as_bytes().as_slice())
        .bind(before)
        .bind(i64::from(kept))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<Delivery, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Delivery {
        id: cells.id("id", DeliveryId::from_slice)?,
        kind: cells.word("kind", NoticeKind::parse)?,
        payload: cells.get("payload")?,
        status: cells.word("status", DeliveryStatus::parse)?,
        attempts: cells.number("attempts")?,
        due_at: cells.get("due_at")?,
        http_status: cells.maybe_number("http_status")?,
        error: cells.get("error")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
