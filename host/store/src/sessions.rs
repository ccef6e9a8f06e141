//! Sessions of connectors with their channels. Whoever gets a new one claims that first, so that of all processes one asks.

use guanxi_domain::Millis;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "channel_sessions";

/// The session of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Rises with each session; 0 while there was none.
    pub generation: i64,
    /// The installation's `updated_at` for which it was made: another configuration wants another session.
    pub made_for: Millis,
    /// Sealed; none if none was given.
    pub token: Option<Vec<u8>>,
    /// When it ends.
    pub expires_at: Millis,
    /// Until when somebody is getting the next one.
    pub refreshing_until: Millis,
    /// How often in a row none was given.
    pub failures: u32,
    /// Before this nobody asks again.
    pub retry_at: Millis,
    /// Why none was given the last time.
    pub problem: Option<String>,
}

impl Work {
    /// The session of an installation, if it ever wanted one.
    pub async fn channel_session(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<Option<SessionRow>, StoreError> {
        sqlx::query(
            "select generation, made_for, token, expires_at, refreshing_until, failures, retry_at, problem
             from channel_sessions
             where tenant_id = $1 and installation_id = $2",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read_row(&row))
        .transpose()
    }

    /// Claims to get the session after `generation` until a time; whether nobody else does, and none came meanwhile.
    pub async fn claim_channel_session(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        generation: i64,
        now: Millis,
        until: Millis,
    ) -> Result<bool, StoreError> {
        let claimed = sqlx::query(
            "insert into channel_sessions (tenant_id, installation_id, generation, made_for, expires_at,
                                           refreshing_until, failures, retry_at)
             values ($1, $2, 0, 0, 0, $3, 0, 0)
             on conflict (tenant_id, installation_id) do update set refreshing_until = excluded.refreshing_until
             where channel_sessions.generation = $4 and channel_sessions.refreshing_until <= $5",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(until)
        .bind(generation)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(claimed.rows_affected() > 0)
    }

    /// Keeps what a claim came to after the session `before`: the next one, or why there is none. Whether none came
    /// meanwhile.
    pub async fn put_channel_session(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        before: i64,
        row: &SessionRow,
    ) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "update channel_sessions
             set generation = $3, made_for = $4, token = $5, expires_at = $6, refreshing_until = $7, failures = $8,
                 retry_at = $9, problem = $10
             where tenant_id = $1 and installation_id = $2 and generation = $11",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(row.generation)
        .bind(row.made_for)
        .bind(row.token.as_deref())
        .bind(row.expires_at)
        .bind(row.refreshing_until)
        .bind(i64::from(row.failures))
        .bind(row.retry_at)
        .bind(row.problem.as_deref())
        .bind(before)
        .execute(self.connection())
        .await?;
        Ok(kept.rows_affected() > 0)
    }
}

fn read_row(row: &AnyRow) -> Result<SessionRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(SessionRow {
        generation: cells.get("generation")?,
        made_for: cells.get("made_for")?,
        token: cells.get("token")?,
        expires_at: cells.get("expires_at")?,
        refreshing_until: cells.get("refreshing_until")?,
        failures: cells.number("failures")?,
        retry_at: cells.get("retry_at")?,
        problem: cells.get("problem")?,
    })
}
