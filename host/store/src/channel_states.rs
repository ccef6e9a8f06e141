//! How channels behave, kept so that neither a restart nor another node hammers one that rests: whether they rest, how long
//! they asked for patience, and what of their quotas is used.

use guanxi_domain::Millis;
use guanxi_domain::breaker::Breaker;
use guanxi_domain::channel_state::ChannelState;
use guanxi_domain::ids::{InstallationId, MessageId, PersonId};
use guanxi_domain::pace::Uses;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{list, pieces};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::{Dialect, Work};

const TABLE: &str = "channel_states";

/// To whom a message went, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Which message.
    pub message: MessageId,
    /// `kind:value`.
    pub address: String,
    /// When its status last changed.
    pub at: Millis,
}

impl Work {
    /// How a connector's channel behaves; as new if nothing is known.
    pub async fn channel_state(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<ChannelState, StoreError> {
        let row = sqlx::query(
            "select failures, openings, open_until, paused_until, reason
             from channel_states
             where tenant_id = $1 and installation_id = $2",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?;
        row.map_or(Ok(ChannelState::default()), |row| read(&row))
    }

    /// The same of every connector of a tenant of which something is known.
    pub async fn channel_states(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<(InstallationId, ChannelState)>, StoreError> {
        let rows = sqlx::query(
            "select installation_id, failures, openings, open_until, paused_until, reason
             from channel_states
             where tenant_id = $1
             order by installation_id",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| Ok((Cells::of(row, TABLE).id("installation_id", InstallationId::from_slice)?, read(row)?)))
            .collect()
    }

    /// Keeps how a channel behaves; what of its quotas is used stays.
    pub async fn put_channel_state(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        state: &ChannelState,
        now: Millis,
    ) -> Result<(), StoreError> {
        let Breaker { failures, openings, open_until } = state.breaker;
        sqlx::query(
            "insert into channel_states (tenant_id, installation_id, failures, openings, open_until, paused_until,
                                         reason, uses, changed_at)
             values ($1, $2, $3, $4, $5, $6, $7, '{}', $8)
             on conflict (tenant_id, installation_id) do update set
               failures = excluded.failures,
               openings = excluded.openings,
               open_until = excluded.open_until,
               paused_until = excluded.paused_until,
               reason = excluded.reason,
               changed_at = excluded.changed_at",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(i64::from(failures))
        .bind(i64::from(openings))
        .bind(open_until)
        .bind(state.paused_until)
        .bind(state.reason.as_deref())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Gives a channel a fresh start; what of its quotas is used stays.
    pub async fn reset_channel_state(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update channel_states
             set failures = 0, openings = 0, open_until = null, paused_until = null, reason = null
             where tenant_id = $1 and installation_id = $2",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Claims to try whether a channel that rested until `rested` works again: nobody else does until `until`. Whether
    /// nobody was faster.
    pub async fn claim_probe(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        rested: Millis,
        until: Millis,
    ) -> Result<bool, StoreError> {
        let claimed = sqlx::query(
            "update channel_states set open_until = $4
             where tenant_id = $1 and installation_id = $2 and open_until = $3",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(rested)
        .bind(until)
        .execute(self.connection())
        .await?;
        Ok(claimed.rows_affected() == 1)
    }

    /// What of a channel's quotas is used; it is nobody else's to take until this transaction ends.
    pub async fn lock_uses(&mut self, tenant: TenantId, installation: InstallationId) -> Result<Uses, StoreError> {
        sqlx::query(
            "insert into channel_states (tenant_id, installation_id, failures, openings, uses, changed_at)
             values ($1, $2, 0, 0, '{}', 0)
             on conflict (tenant_id, installation_id) do nothing",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .execute(self.connection())
        .await?;
        let sql = match self.dialect() {
            Dialect::Sqlite => "select uses from channel_states where tenant_id = $1 and installation_id = $2",
            Dialect::Postgres => {
                "select uses from channel_states where tenant_id = $1 and installation_id = $2 for update"
            }
        };
        let row = sqlx::query(sql)
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .fetch_one(self.connection())
            .await?;
        Cells::of(&row, TABLE).json("uses")
    }

    /// Keeps what of a channel's quotas is used.
    pub async fn put_uses(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        uses: &Uses,
    ) -> Result<(), StoreError> {
        sqlx::query("update channel_states set uses = $3 where tenant_id = $1 and installation_id = $2")
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .bind(json_text(TABLE, "uses", uses)?)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// To whom of these people messages went through a connector after `since`, or may be on their way right now.
    pub async fn arrivals(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        people: &[PersonId],
        since: Millis,
    ) -> Result<Vec<Arrival>, StoreError> {
        let mut arrivals = Vec::new();
        for piece in pieces(people) {
            let sql = format!(
                "select id, address, updated_at
                 from messages
                 where tenant_id = $1 and connector_id = $2 and status in ('sending', 'sent', 'uncertain')
                   and updated_at > $3 and person_id in ({})",
                list(3, piece.len())
            );
            let mut query =
                sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(installation.as_bytes().as_slice()).bind(since);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "messages");
                arrivals.push(Arrival {
                    message: cells.id("id", MessageId::from_slice)?,
                    address: cells.get("address")?,
                    at: cells.get("updated_at")?,
                });
            }
        }
        Ok(arrivals)
    }
}

fn read(row: &AnyRow) -> Result<ChannelState, StoreError> {
    let cells = Cells::of(row, TABLE);
    let breaker = Breaker {
        failures: cells.number("failures")?,
        openings: cells.number("openings")?,
        open_until: cells.get("open_until")?,
    };
    Ok(ChannelState { breaker, paused_until: cells.get("paused_until")?, reason: cells.get("reason")? })
}
