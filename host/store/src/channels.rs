//! How channels do: what waits for them, how tries ended lately, and who had a test message sent.

use guanxi_domain::Millis;
use guanxi_domain::channel_health::Counted;
use guanxi_domain::ids::{InstallationId, MessageId, TokenId};
use guanxi_domain::message::{MessageClass, MessageStatus};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// Messages that are counted in one queue at most.
pub const WAITING_COUNTED_MAX: i64 = 10_000;
/// Undelivered messages of a tenant among which the last one of a channel is looked for.
const LOOKED_THROUGH: i64 = 1_000;
/// Test messages that are kept of an installation.
const TESTS_KEPT: i64 = 20;

/// A test message that somebody had sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTestRow {
    /// Over which installation.
    pub installation: InstallationId,
    /// When.
    pub at: Millis,
    /// The message's id, as the channel got it.
    pub message: MessageId,
    /// Whose token.
    pub token: TokenId,
    /// The outcome class.
    pub outcome: String,
    /// Details in words; never a secret.
    pub detail: Option<String>,
}

/// The last message of a channel that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// When it ended.
    pub at: Millis,
    /// How.
    pub status: MessageStatus,
    /// Why, in words.
    pub reason: Option<String>,
}

impl Work {
    /// Adds tries of one connector to what is counted in a slot; each status and time once.
    pub async fn count_tries(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        slot: Millis,
        counted: &[Counted],
    ) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), counted) {
            let mut rows = bulk::Rows::new(self.dialect());
            for one in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(installation.as_bytes().as_slice())
                    .bind(slot)
                    .bind(one.status.as_str())
                    .bind(one.took_ms)
                    .bind(one.count);
            }
            let source = rows.source();
            // Without a condition SQLite takes `on conflict` for the condition of a join.
            let query = rows.query(format!(
                "with tried (tenant_id, installation_id, slot, status, took_ms, count) as ({source})
                 insert into channel_counts (tenant_id, installation_id, slot, status, took_ms, count)
                 select tenant_id, installation_id, slot, status, took_ms, count from tried where true
                 on conflict (tenant_id, installation_id, slot, status, took_ms)
                 do update set count = channel_counts.count + excluded.count"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// How tries of one connector ended since that time.
    pub async fn tries_since(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        since: Millis,
    ) -> Result<Vec<Counted>, StoreError> {
        sqlx::query(
            "select status, took_ms, cast(sum(count) as bigint) as count
             from channel_counts
             where tenant_id = $1 and installation_id = $2 and slot >= $3
             group by status, took_ms
             order by status, took_ms",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(since)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "channel_counts");
            let status = cells.word("status", MessageStatus::parse)?;
            Ok(Counted { status, took_ms: cells.get("took_ms")?, count: cells.get("count")? })
        })
        .collect()
    }

    /// Whether something is counted in slots before that time.
    pub async fn has_tries_before(&mut self, tenant: TenantId, before: Millis) -> Result<bool, StoreError> {
        let sql =
            "select count(*) from (select 1 from channel_counts where tenant_id = $1 and slot < $2 limit 1) as old";
        let count: i64 = sqlx::query_scalar(sql).bind(tenant.0).bind(before).fetch_one(self.connection()).await?;
        Ok(count > 0)
    }

    /// Takes away what was counted in slots before that time.
    pub async fn forget_tries(&mut self, tenant: TenantId, before: Millis) -> Result<u64, StoreError> {
        let done = sqlx::query("delete from channel_counts where tenant_id = $1 and slot < $2")
            .bind(tenant.0)
            .bind(before)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// How many messages of each class wait for a connector, of at most [`WAITING_COUNTED_MAX`].
    pub async fn waiting_for(
        &mut self,
        tenant: TenantId,
        connector: InstallationId,
    ) -> Result<Vec<(MessageClass, i64)>, StoreError> {
        sqlx::query(
            "select class, count(*) as count
             from (select class
                   from messages
                   where tenant_id = $1 and connector_id = $2 and status in ('queued', 'sending')
                   limit $3) as waiting
             group by class
             order by class",
        )
        .bind(tenant.0)
        .bind(connector.as_bytes().as_slice())
        .bind(WAITING_COUNTED_MAX)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "messages");
            Ok((cells.word("class", MessageClass::parse)?, cells.get("count")?))
        })
        .collect()
    }

    /// The last message of a connector that did not arrive, if it is among the last undelivered ones of the tenant.
    pub async fn last_failure(
        &mut self,
        tenant: TenantId,
        connector: InstallationId,
    ) -> Result<Option<LastFailure>, StoreError> {
        let row = sqlx::query(
            "select id, status, reason, updated_at
             from (select id, connector_id, status, reason, updated_at
                   from messages
                   where tenant_id = $1 and status in ('failed', 'expired', 'uncertain')
                   order by id desc
                   limit $3) as undelivered
             where connector_id = $2
             order by id desc
             limit 1",
        )
        .bind(tenant.0)
        .bind(connector.as_bytes().as_slice())
        .bind(LOOKED_THROUGH)
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            let cells = Cells::of(&row, "messages");
            let status = cells.word("status", MessageStatus::parse)?;
            Ok(LastFailure { at: cells.get("updated_at")?, status, reason: cells.get("reason")? })
        })
        .transpose()
    }

    /// Notes a test message, and forgets the oldest ones of the installation.
    pub async fn insert_channel_test(&mut self, tenant: TenantId, row: &ChannelTestRow) -> Result<(), StoreError> {
        sqlx::query(
            "insert into channel_tests (tenant_id, installation_id, at, message_id, token_id, outcome, detail)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(tenant.0)
        .bind(row.installation.as_bytes().as_slice())
        .bind(row.at)
        .bind(row.message.as_bytes().as_slice())
        .bind(row.token.as_bytes().as_slice())
        .bind(&row.outcome)
        .bind(row.detail.as_deref())
        .execute(self.connection())
        .await?;
        sqlx::query(
            "delete from channel_tests
             where tenant_id = $1 and installation_id = $2
               and at < (select min(at)
                         from (select at
                               from channel_tests
                               where tenant_id = $1 and installation_id = $2
                               order by at desc
                               limit $3) as kept)",
        )
        .bind(tenant.0)
        .bind(row.installation.as_bytes().as_slice())
        .bind(TESTS_KEPT)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The last test messages of an installation, newest first.
    pub async fn channel_tests(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<Vec<ChannelTestRow>, StoreError> {
        sqlx::query(
            "select installation_id, at, message_id, token_id, outcome, detail
             from channel_tests
             where tenant_id = $1 and installation_id = $2
             order by at desc, message_id desc
             limit $3",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(TESTS_KEPT)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_test)
        .collect()
    }
}

fn read_test(row: &AnyRow) -> Result<ChannelTestRow, StoreError> {
    let cells = Cells::of(row, "channel_tests");
    Ok(ChannelTestRow {
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        at: cells.get("at")?,
        message: cells.id("message_id", MessageId::from_slice)?,
        token: cells.id("token_id", TokenId::from_slice)?,
        outcome: cells.get("outcome")?,
        detail: cells.get("detail")?,
    })
}
