//! What stands beside what installations run, and what was seen of it: the latest candidate of each installation.

use guanxi_domain::Millis;
use guanxi_domain::candidate::{Candidate, CandidateStatus};
use guanxi_domain::ids::{CandidateId, InstallationId};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "candidates";
const COLUMNS: &str =
    "installation_id, id, spec, percent, guard, status, started_by, started_at, ended_at, reason, evidence";

impl Work {
    /// The latest candidate of an installation, whatever became of it.
    pub async fn candidate(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<Option<Candidate>, StoreError> {
        let sql = format!("select {COLUMNS} from candidates where tenant_id = $1 and installation_id = $2");
        sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// All candidates of a tenant that run.
    pub async fn running_candidates(&mut self, tenant: TenantId) -> Result<Vec<Candidate>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from candidates where tenant_id = $1 and status = 'running' order by installation_id"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// Puts a candidate in the place of the one before.
    pub async fn put_candidate(&mut self, tenant: TenantId, candidate: &Candidate) -> Result<(), StoreError> {
        sqlx::query(
            "insert into candidates (tenant_id, installation_id, id, spec, percent, guard, status, started_by, started_at,
                                     ended_at, reason, evidence)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (tenant_id, installation_id) do update set
               id = excluded.id,
               spec = excluded.spec,
               percent = excluded.percent,
               guard = excluded.guard,
               status = excluded.status,
               started_by = excluded.started_by,
               started_at = excluded.started_at,
               ended_at = excluded.ended_at,
               reason = excluded.reason,
               evidence = excluded.evidence",
        )
        .bind(tenant.0)
        .bind(candidate.installation.as_bytes().as_slice())
        .bind(candidate.id.as_bytes().as_slice())
        .bind(json_text(TABLE, "spec", &candidate.spec)?)
        .bind(i64::from(candidate.percent))
        .bind(json_text(TABLE, "guard", &candidate.guard)?)
        .bind(candidate.status.as_str())
        .bind(&candidate.started_by)
        .bind(candidate.started_at)
        .bind(candidate.ended_at)
        .bind(&candidate.reason)
        .bind(json_text(TABLE, "evidence", &candidate.evidence)?)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Changes for how many a running candidate decides with effect, and its guard; what was seen of it stays. Whether it
    /// still ran.
    pub async fn tune_candidate(&mut self, tenant: TenantId, candidate: &Candidate) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update candidates set percent = $4, guard = $5
             where tenant_id = $1 and installation_id = $2 and id = $3 and status = 'running'",
        )
        .bind(tenant.0)
        .bind(candidate.installation.as_bytes().as_slice())
        .bind(candidate.id.as_bytes().as_slice())
        .bind(i64::from(candidate.percent))
        .bind(json_text(TABLE, "guard", &candidate.guard)?)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes what was seen of a candidate, and whether it fell back; nothing of one that no longer runs, or that another one
    /// took the place of.
    pub async fn note_candidate(&mut self, tenant: TenantId, candidate: &Candidate) -> Result<(), StoreError> {
        sqlx::query(
            "update candidates set status = $4, ended_at = $5, reason = $6, evidence = $7
             where tenant_id = $1 and installation_id = $2 and id = $3 and status = 'running'",
        )
        .bind(tenant.0)
        .bind(candidate.installation.as_bytes().as_slice())
        .bind(candidate.id.as_bytes().as_slice())
        .bind(candidate.status.as_str())
        .bind(candidate.ended_at)
        .bind(&candidate.reason)
        .bind(json_text(TABLE, "evidence", &candidate.evidence)?)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends a running candidate and keeps what was seen of it. Whether it still ran.
    pub async fn end_candidate(
        &mut self,
        tenant: TenantId,
        id: CandidateId,
        status: CandidateStatus,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update candidates set status = $3, ended_at = $4 where tenant_id = $1 and id = $2 and status = 'running'",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(status.as_str())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<Candidate, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Candidate {
        id: cells.id("id", CandidateId::from_slice)?,
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        spec: cells.json("spec")?,
        percent: cells.number("percent")?,
        guard: cells.json("guard")?,
        status: cells.word("status", CandidateStatus::parse)?,
        started_by: cells.get("started_by")?,
        started_at: cells.get("started_at")?,
        ended_at: cells.get("ended_at")?,
        reason: cells.get("reason")?,
        evidence: cells.json("evidence")?,
    })
}
