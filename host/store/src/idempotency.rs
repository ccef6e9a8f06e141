//! Answers kept under a client's `Idempotency-Key`, so that a repeated request is answered and not done again.

use guanxi_domain::Millis;
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Tells whether a repetition is the same request.
    pub fingerprint: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Work {
    /// What was answered under this key.
    pub async fn kept_answer(&mut self, tenant: TenantId, key: &str) -> Result<Option<KeptAnswer>, StoreError> {
        let row =
            sqlx::query("select fingerprint, status, body from idempotency_keys where tenant_id = $1 and key = $2")
                .bind(tenant.0)
                .bind(key)
                .fetch_optional(self.connection())
                .await?;
        row.map(|row| {
            let cells = Cells::of(&row, "idempotency_keys");
            Ok(KeptAnswer {
                fingerprint: cells.get("fingerprint")?,
                status: cells.number("status")?,
                body: cells.get("body")?,
            })
        })
        .transpose()
    }

    /// Keeps an answer; `Conflict("idempotency key")` if another request was faster, whose answer then counts.
    pub async fn keep_answer(
        &mut self,
        tenant: TenantId,
        key: &str,
        answer: &KeptAnswer,
        now: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into idempotency_keys (tenant_id, key, fingerprint, status, body, created_at)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(tenant.0)
        .bind(key)
        .bind(answer.fingerprint.as_slice())
        .bind(i64::from(answer.status))
        .bind(&answer.body)
        .bind(now)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("idempotency key"))?;
        Ok(())
    }

    /// Forgets the tenant's answers from before that time; how many.
    pub async fn forget_answers(&mut self, tenant: TenantId, before: Millis) -> Result<u64, StoreError> {
        let done = sqlx::query("delete from idempotency_keys where tenant_id = $1 and created_at < $2")
            .bind(tenant.0)
            .bind(before)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}
