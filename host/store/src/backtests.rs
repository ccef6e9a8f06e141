//! What is backtested, and what came of it.

use guanxi_domain::Millis;
use guanxi_domain::backtest::{Backtest, BacktestStatus, Difference};
use guanxi_domain::ids::{BacktestId, InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells, json_text};
use crate::work::Work;

const TABLE: &str = "backtests";

impl Work {
    /// Asks for a backtest.
    pub async fn insert_backtest(&mut self, backtest: &Backtest) -> Result<(), StoreError> {
        sqlx::query(
            "insert into backtests (tenant_id, id, installation_id, spec, status, requested_by, requested_at, ended_at,
                                    lease_until, progress, difference, error)
             values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11)",
        )
        .bind(backtest.tenant.0)
        .bind(backtest.id.as_bytes().as_slice())
        .bind(backtest.installation.as_bytes().as_slice())
        .bind(json_text(TABLE, "spec", &backtest.spec)?)
        .bind(backtest.status.as_str())
        .bind(&backtest.requested_by)
        .bind(backtest.requested_at)
        .bind(backtest.ended_at)
        .bind(backtest.progress)
        .bind(json_text(TABLE, "difference", &backtest.difference)?)
        .bind(&backtest.error)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("backtest"))?;
        Ok(())
    }

    /// One backtest.
    pub async fn backtest(&mut self, tenant: TenantId, id: BacktestId) -> Result<Option<Backtest>, StoreError> {
        let found = select("id = $2").bind(tenant.0).bind(id.as_bytes().as_slice());
        found.fetch_optional(self.connection()).await?.map(|row| read(&row)).transpose()
    }

    /// A page of a tenant's backtests, the latest id first.
    pub async fn backtests(
        &mut self,
        tenant: TenantId,
        before: Option<BacktestId>,
        limit: u32,
    ) -> Result<Vec<Backtest>, StoreError> {
        let before = before.as_ref().map_or(&AFTER_ALL_IDS, BacktestId::as_bytes).as_slice();
        let page = select("id < $2 order by id desc limit $3").bind(tenant.0).bind(before).bind(i64::from(limit));
        page.fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// The one that waits longest of those that nobody works on, of any tenant. Needs [`crate::Scope::Host`].
    pub async fn next_backtest(&mut self, now: Millis) -> Result<Option<(TenantId, BacktestId)>, StoreError> {
        let row = sqlx::query(
            "select tenant_id, id
             from backtests
             where status in ('waiting', 'running') and lease_until < $1
             order by requested_at
             limit 1",
        )
        .bind(now)
        .fetch_optional(self.connection())
        .await?;
        let read = |row: AnyRow| {
            let cells = Cells::of(&row, TABLE);
            Ok((TenantId(cells.get("tenant_id")?), cells.id("id", BacktestId::from_slice)?))
        };
        row.map(read).transpose()
    }

    /// Takes one that nobody works on; until a time it is the caller's. Nothing if somebody else was sooner.
    pub async fn claim_backtest(
        &mut self,
        tenant: TenantId,
        id: BacktestId,
        now: Millis,
        until: Millis,
    ) -> Result<Option<Backtest>, StoreError> {
        let done = sqlx::query(
            "update backtests set status = 'running', lease_until = $3
             where tenant_id = $1 and id = $2 and status in ('waiting', 'running') and lease_until < $4",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(until)
        .bind(now)
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 1 { self.backtest(tenant, id).await } else { Ok(None) }
    }

    /// Notes how far a claimed backtest has come, and claims it until a later time or ends it. Whether it was still the
    /// caller's: nobody stopped it, and nobody else took it because the claim was over.
    pub async fn note_backtest(
        &mut self,
        backtest: &Backtest,
        claimed_until: Millis,
        until: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update backtests
             set status = $4, lease_until = $5, progress = $6, difference = $7, error = $8, ended_at = $9
             where tenant_id = $1 and id = $2 and status = 'running' and lease_until = $3",
        )
        .bind(backtest.tenant.0)
        .bind(backtest.id.as_bytes().as_slice())
        .bind(claimed_until)
        .bind(backtest.status.as_str())
        .bind(until)
        .bind(backtest.progress)
        .bind(json_text(TABLE, "difference", &backtest.difference)?)
        .bind(&backtest.error)
        .bind(backtest.ended_at)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Stops one; whether there was something to stop.
    pub async fn stop_backtest(&mut self, tenant: TenantId, id: BacktestId, now: Millis) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update backtests set status = 'stopped', ended_at = $3
             where tenant_id = $1 and id = $2 and status in ('waiting', 'running')",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes away those that ended, but for so many of the latest.
    pub async fn forget_backtests(&mut self, tenant: TenantId, but: u32) -> Result<(), StoreError> {
        sqlx::query(
            "delete from backtests
             where tenant_id = $1 and status not in ('waiting', 'running')
               and id not in (select id from backtests where tenant_id = $1 order by id desc limit $2)",
        )
        .bind(tenant.0)
        .bind(i64::from(but))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes a person out of what is shown; out of how many backtests.
    pub async fn erase_samples(&mut self, tenant: TenantId, person: PersonId) -> Result<u64, StoreError> {
        let named = select("difference like $2").bind(tenant.0).bind(format!("%{person}%"));
        let rows = named.fetch_all(self.connection()).await?;
        let mut changed = 0;
        for row in &rows {
            let mut backtest = read(row)?;
            backtest.difference.retain_shown(|shown| shown != person);
            let done = sqlx::query("update backtests set difference = $3 where tenant_id = $1 and id = $2")
                .bind(tenant.0)
                .bind(backtest.id.as_bytes().as_slice())
                .bind(json_text(TABLE, "difference", &backtest.difference)?)
                .execute(self.connection())
                .await?;
            changed += done.rows_affected();
        }
        Ok(changed)
    }
}

fn select(which: &str) -> Query<'_, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(format!(
        "select tenant_id, id, installation_id, spec, status, requested_by, requested_at, ended_at, progress,
                difference, error
         from backtests
         where tenant_id = $1 and {which}"
    )))
}

fn read(row: &AnyRow) -> Result<Backtest, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Backtest {
        tenant: TenantId(cells.get("tenant_id")?),
        id: cells.id("id", BacktestId::from_slice)?,
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        spec: cells.json("spec")?,
        status: cells.word("status", BacktestStatus::parse)?,
        requested_by: cells.get("requested_by")?,
        requested_at: cells.get("requested_at")?,
        ended_at: cells.get("ended_at")?,
        progress: cells.get("progress")?,
        difference: cells.json::<Difference>("difference")?,
        error: cells.get("error")?,
    })
}
