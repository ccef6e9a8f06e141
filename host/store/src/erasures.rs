//! Who is to be forgotten, and who was. What is kept of somebody who was are ids that lead to nothing.

use guanxi_domain::Millis;
use guanxi_domain::erasure::{Erasure, ErasureStatus, Report};
use guanxi_domain::ids::{ErasureId, PersonId};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells, json_text};
use crate::work::Work;

const TABLE: &str = "erasures";

impl Work {
    /// Notes that somebody is to be forgotten.
    pub async fn insert_erasure(&mut self, erasure: &Erasure) -> Result<(), StoreError> {
        sqlx::query(
            "insert into erasures (tenant_id, id, person_id, status, requested_by, requested_at, done_at, report)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(erasure.tenant.0)
        .bind(erasure.id.as_bytes().as_slice())
        .bind(erasure.person.as_bytes().as_slice())
        .bind(erasure.status.as_str())
        .bind(&erasure.requested_by)
        .bind(erasure.requested_at)
        .bind(erasure.done_at)
        .bind(json_text(TABLE, "report", &erasure.report)?)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("erasure"))?;
        Ok(())
    }

    /// Notes how far an erasure has come. Nothing goes back from `done`.
    pub async fn note_erasure(
        &mut self,
        tenant: TenantId,
        id: ErasureId,
        status: ErasureStatus,
        report: &Report,
        now: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update erasures set status = $3, report = $4, done_at = $5
             where tenant_id = $1 and id = $2 and status <> 'done'",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(status.as_str())
        .bind(json_text(TABLE, "report", report)?)
        .bind((status == ErasureStatus::Done).then_some(now))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// One erasure.
    pub async fn erasure(&mut self, tenant: TenantId, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
        sqlx::query(
            "select tenant_id, id, person_id, status, requested_by, requested_at, done_at, report
             from erasures
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// A page of a tenant's erasures, the latest id first.
    pub async fn erasures(
        &mut self,
        tenant: TenantId,
        before: Option<ErasureId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        let before = before.as_ref().map_or(&AFTER_ALL_IDS, ErasureId::as_bytes).as_slice();
        sqlx::query(
            "select tenant_id, id, person_id, status, requested_by, requested_at, done_at, report
             from erasures
             where tenant_id = $1 and id < $2
             order by id desc
             limit $3",
        )
        .bind(tenant.0)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The erasure of this person that is not done, if one was asked for.
    pub async fn erasure_of(&mut self, tenant: TenantId, person: PersonId) -> Result<Option<Erasure>, StoreError> {
        sqlx::query(
            "select tenant_id, id, person_id, status, requested_by, requested_at, done_at, report
             from erasures
             where tenant_id = $1 and status <> 'done' and person_id = $2
             order by id
             limit 1",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// What of every tenant's erasures is running, the oldest first. Needs [`crate::Scope::Host`].
    pub async fn running_erasures(&mut self, limit: u32) -> Result<Vec<Erasure>, StoreError> {
        sqlx::query(
            "select tenant_id, id, person_id, status, requested_by, requested_at, done_at, report
             from erasures
             where status <> 'done' and status = 'running'
             order by id, tenant_id
             limit $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }
}

fn read(row: &AnyRow) -> Result<Erasure, StoreError> {
    let cells = Cells::of(row, TABLE);
    let report = match cells.get::<Option<&str>>("report")? {
        Some(_) => cells.json("report")?,
        None => Report::default(),
    };
    Ok(Erasure {
        tenant: TenantId(cells.get("tenant_id")?),
        id: cells.id("id", ErasureId::from_slice)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        status: cells.word("status", ErasureStatus::parse)?,
        requested_by: cells.get("requested_by")?,
        requested_at: cells.get("requested_at")?,
        done_at: cells.get("done_at")?,
        report,
    })
}
