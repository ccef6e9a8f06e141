//! How far channels were asked that must be: one poller an installation at a time, of all processes, and the cursor kept
//! with the events that came of it.

use guanxi_domain::Millis;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "polls";
const COLUMNS: &str =
    "installation_id, cursor, cursor_at, due_at, lease, lease_until, failures, outcome, problem, polled_at,
                       succeeded_at, events, reset_at, reset_by, reset_reason";

/// How far one installation's channel was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollRow {
    /// Whose channel.
    pub installation: InstallationId,
    /// Where to go on; nothing for the beginning.
    pub cursor: Option<String>,
    /// Since when the cursor is that.
    pub cursor_at: Millis,
    /// When it is asked next; while it is being asked, when the lease ends.
    pub due_at: Millis,
    /// Counts turns; whoever has an older one writes nothing any more.
    pub lease: i64,
    /// Until when somebody asks.
    pub lease_until: Millis,
    /// How often in a row nothing came of it.
    pub failures: u32,
    /// What the last turn came to, in a word.
    pub outcome: Option<String>,
    /// And why, if it did not end well.
    pub problem: Option<String>,
    /// When the last turn ended.
    pub polled_at: Option<Millis>,
    /// When a page last came.
    pub succeeded_at: Option<Millis>,
    /// Events that came, repetitions not counted.
    pub events: i64,
    /// The last time that somebody set the cursor: when, who and why.
    pub reset: Option<PollReset>,
}

/// Somebody set the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollReset {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A page that came in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledPage {
    /// The turn's lease.
    pub lease: i64,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Events that were new.
    pub events: i64,
    /// When.
    pub now: Millis,
    /// Until when the turn goes on at the latest.
    pub lease_until: Millis,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollEnd {
    /// The turn's lease.
    pub lease: i64,
    /// When it is asked next, unless somebody asked meanwhile.
    pub due_at: Millis,
    /// How often in a row nothing came of it.
    pub failures: u32,
    /// In a word.
    pub outcome: String,
    /// Why, if it did not end well.
    pub problem: Option<String>,
    /// When.
    pub now: Millis,
}

impl Work {
    /// Live installations whose component must ask its channel and that nobody has asked yet. Needs [`crate::Scope::Host`].
    pub async fn unasked_channels(&mut self, limit: u32) -> Result<Vec<(TenantId, InstallationId)>, StoreError> {
        sqlx::query(
            "select i.tenant_id, i.id
             from installations i
             join plugins p on p.digest = i.digest
             where i.mode = 'live' and p.report like '%\"connector-poll\"%'
               and not exists (select 1 from polls q where q.tenant_id = i.tenant_id and q.installation_id = i.id)
             order by i.tenant_id, i.id
             limit $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "installations");
            Ok((TenantId(cells.get("tenant_id")?), cells.id("id", InstallationId::from_slice)?))
        })
        .collect()
    }

    /// Has a channel asked from now on, if it is not yet.
    pub async fn start_poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        now: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into polls (tenant_id, installation_id, cursor_at, due_at, lease, lease_until, failures, events)
             values ($1, $2, $3, $3, 0, 0, 0, 0)
             on conflict (tenant_id, installation_id) do nothing",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Live installations whose channel is to be asked now, the one that waits longest first. Needs [`crate::Scope::Host`].
    pub async fn due_polls(&mut self, now: Millis, limit: u32) -> Result<Vec<(TenantId, InstallationId)>, StoreError> {
        sqlx::query(
            "select q.tenant_id, q.installation_id
             from polls q
             join installations i on i.tenant_id = q.tenant_id and i.id = q.installation_id
             where q.due_at <= $1 and q.lease_until <= $1 and i.mode = 'live'
             order by q.due_at, q.tenant_id, q.installation_id
             limit $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, TABLE);
            Ok((TenantId(cells.get("tenant_id")?), cells.id("installation_id", InstallationId::from_slice)?))
        })
        .collect()
    }

    /// How far a channel was asked; nothing if it never was.
    pub async fn poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<Option<PollRow>, StoreError> {
        sqlx::query(AssertSqlSafe(format!("select {COLUMNS} from polls where tenant_id = $1 and installation_id = $2")))
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// Begins a turn that nobody else has until `lease_until`; nothing if it is not due, or somebody has it.
    pub async fn claim_poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<PollRow>, StoreError> {
        sqlx::query(AssertSqlSafe(format!(
            "update polls
             set lease = lease + 1, lease_until = $4, due_at = $4
             where tenant_id = $1 and installation_id = $2 and due_at <= $3 and lease_until <= $3
             returning {COLUMNS}"
        )))
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(now)
        .bind(lease_until)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Keeps where to go on after a page; `false` if the turn is over by now, and with it what is to be kept.
    pub async fn put_poll_page(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        page: &PolledPage,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update polls
             set cursor = $4, cursor_at = case when cursor is not distinct from $4 then cursor_at else $5 end, events = events + $6,
                 due_at = case when due_at = lease_until then $7 else due_at end, lease_until = $7, failures = 0,
                 outcome = 'done', problem = null, succeeded_at = $5
             where tenant_id = $1 and installation_id = $2 and lease = $3",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(page.lease)
        .bind(page.cursor.as_deref())
        .bind(page.now)
        .bind(page.events)
        .bind(page.lease_until)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a turn; `false` if it is over by now.
    pub async fn end_poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        end: &PollEnd,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update polls
             set due_at = case when due_at = lease_until then $4 else due_at end, lease_until = 0, failures = $5,
                 outcome = $6, problem = $7, polled_at = $8
             where tenant_id = $1 and installation_id = $2 and lease = $3",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(end.lease)
        .bind(end.due_at)
        .bind(i64::from(end.failures))
        .bind(&end.outcome)
        .bind(end.problem.as_deref())
        .bind(end.now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Has a channel asked at once, or once more after the turn that is under way; `false` if it never was asked.
    pub async fn ask_poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("update polls set due_at = $3 where tenant_id = $1 and installation_id = $2")
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Sets the cursor and has the channel asked at once; a turn that is under way keeps nothing any more. `false` if the
    /// channel was never asked.
    pub async fn reset_poll(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        cursor: Option<&str>,
        reset: &PollReset,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update polls
             set cursor = $3, cursor_at = $4, due_at = $4, lease = lease + 1, lease_until = 0, failures = 0, outcome = null,
                 problem = null, reset_at = $4, reset_by = $5, reset_reason = $6
             where tenant_id = $1 and installation_id = $2",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(cursor)
        .bind(reset.at)
        .bind(&reset.by)
        .bind(&reset.reason)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<PollRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    let reset = match cells.get::<Option<Millis>>("reset_at")? {
        Some(at) => {
            let text = |column| cells.get::<Option<String>>(column).map(Option::unwrap_or_default);
            Some(PollReset { at, by: text("reset_by")?, reason: text("reset_reason")? })
        }
        None => None,
    };
    Ok(PollRow {
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        cursor: cells.get("cursor")?,
        cursor_at: cells.get("cursor_at")?,
        due_at: cells.get("due_at")?,
        lease: cells.get("lease")?,
        lease_until: cells.get("lease_until")?,
        failures: cells.number("failures")?,
        outcome: cells.get("outcome")?,
        problem: cells.get("problem")?,
        polled_at: cells.get("polled_at")?,
        succeeded_at: cells.get("succeeded_at")?,
        events: cells.get("events")?,
        reset,
    })
}
