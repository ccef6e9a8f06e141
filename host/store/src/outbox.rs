//! How messages leave: workers find queues with something due, claim messages under a lease, and settle what became
//! of them. A queue is one class of messages of one connector of one tenant.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, MessageId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::messages;
use crate::row::Cells;
use crate::work::{Dialect, Work};

/// A message that a worker has until the lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// As it is now: being sent, this try counted.
    pub message: Message,
    /// Another worker had it and never said what became of it: it may have been sent.
    pub interrupted: bool,
    /// When it was due.
    pub due_at: Millis,
    /// Tries before it was last asked to be tried again.
    pub attempts_before: u32,
}

/// A claimed message that was not tried: it waits on, and nothing is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Which message.
    pub id: MessageId,
    /// The number of the try that was not made.
    pub attempts: u32,
    /// Why, in words; `None` keeps what is known.
    pub reason: Option<String>,
    /// When it is due.
    pub due_at: Millis,
    /// The time of the change.
    pub now: Millis,
}

/// A connector's messages of one class.
pub type Queue = (TenantId, InstallationId, MessageClass);

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which message.
    pub id: MessageId,
    /// The number of the try that this came of.
    pub attempts: u32,
    /// Where it is now; `Queued` to try again.
    pub status: MessageStatus,
    /// Why, in words.
    pub reason: Option<String>,
    /// The channel's own id for it; `None` keeps what is known.
    pub channel_id: Option<String>,
    /// When to try again; without meaning for a final status.
    pub due_at: Millis,
    /// The time of the change.
    pub now: Millis,
}

impl Work {
    /// The queues with something due, the one that waits longest first; not those of channels that rest or asked for
    /// patience. Asks each installation's end of the index, so a million waiting messages cost no more than one. Needs
    /// [`crate::Scope::Host`].
    pub async fn due_queues(&mut self, now: Millis, limit: u32) -> Result<Vec<Queue>, StoreError> {
        sqlx::query(
            "select tenant_id, connector_id, class
             from (select i.tenant_id, i.id as connector_id, c.class,
                          (select min(m.due_at) from messages m
                           where m.tenant_id = i.tenant_id and m.connector_id = i.id and m.class = c.class
                             and m.status in ('queued', 'sending')) as due_at
                   from installations i
                   cross join (select 'reply' as class union all select 'transactional' union all select 'marketing') c
                   where not exists (select 1 from channel_states s
                                     where s.tenant_id = i.tenant_id and s.installation_id = i.id
                                       and (s.open_until > $1 or s.paused_until > $1))) as queues
             where due_at <= $1
             order by due_at, tenant_id, connector_id, class
             limit $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "messages");
            let connector = cells.id("connector_id", InstallationId::from_slice)?;
            Ok((TenantId(cells.get("tenant_id")?), connector, cells.word("class", MessageClass::parse)?))
        })
        .collect()
    }

    /// When the next message of any queue becomes due after `now`. Needs [`crate::Scope::Host`].
    pub async fn next_due(&mut self, now: Millis) -> Result<Option<Millis>, StoreError> {
        let row = sqlx::query(
            "select min(due_at) as due_at
             from (select (select min(m.due_at) from messages m
                           where m.tenant_id = i.tenant_id and m.connector_id = i.id and m.class = c.class
                             and m.status in ('queued', 'sending') and m.due_at > $1) as due_at
                   from installations i
                   cross join (select 'reply' as class union all select 'transactional' union all select 'marketing') c
                  ) as queues",
        )
        .bind(now)
        .fetch_one(self.connection())
        .await?;
        Cells::of(&row, "messages").get("due_at")
    }

    /// How many messages of these classes are due at a connector, counted up to `limit`.
    pub async fn due_messages(
        &mut self,
        tenant: TenantId,
        connector: InstallationId,
        classes: &[MessageClass],
        now: Millis,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut count = 0;
        for class in classes {
            let row = sqlx::query(
                "select count(*) as count
                 from (select 1 from messages
                       where tenant_id = $1 and connector_id = $2 and class = $3 and status in ('queued', 'sending')
                         and due_at <= $4
                       limit $5) as due",
            )
            .bind(tenant.0)
            .bind(connector.as_bytes().as_slice())
            .bind(class.as_str())
            .bind(now)
            .bind(i64::from(limit.saturating_sub(count)))
            .fetch_one(self.connection())
            .await?;
            count += Cells::of(&row, "messages").number::<u32>("count")?;
        }
        Ok(count)
    }

    /// Takes due messages of a queue, the longest waiting first: each is being sent and nobody else's until
    /// `lease_until`, and this try is counted. Messages whose lease ended unsettled are due again, as interrupted.
    pub async fn claim(
        &mut self,
        queue: Queue,
        now: Millis,
        lease_until: Millis,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let rows = match self.dialect() {
            Dialect::Sqlite => self.claim_sqlite(queue, now, lease_until, limit).await?,
            Dialect::Postgres => self.claim_postgres(queue, now, lease_until, limit).await?,
        };
        let mut claimed = rows.iter().map(read_claimed).collect::<Result<Vec<_>, _>>()?;
        claimed.sort_by_key(|claimed| (claimed.due_at, claimed.message.id));
        Ok(claimed)
    }

    /// Gives claimed messages back that were not tried, unless their lease is over and somebody else has them.
    pub async fn release(&mut self, tenant: TenantId, released: &[Released]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), released) {
            let mut rows = bulk::Rows::new(self.dialect());
            for one in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(one.id.as_bytes().as_slice())
                    .bind(i64::from(one.attempts))
                    .bind(one.reason.as_deref())
                    .bind(one.due_at)
                    .bind(one.now);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "with released (tenant_id, id, attempts, reason, due_at, updated_at) as ({source})
                 update messages
                 set status = 'queued',
                     attempts = messages.attempts - 1,
                     reason = coalesce(released.reason, messages.reason),
                     due_at = released.due_at,
                     updated_at = released.updated_at
                 from released
                 where messages.tenant_id = released.tenant_id and messages.id = released.id
                   and messages.status not in ('queued', 'sent', 'failed', 'expired', 'uncertain', 'cancelled')
                   and messages.attempts = released.attempts"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Writes down what became of messages. One that has reached its end already stays as it is, and only the latest try
    /// can queue a message again, so a worker that outlived its lease cannot make it go out once more. (`not in` keeps
    /// PostgreSQL from walking the index of what is due.)
    pub async fn settle(&mut self, tenant: TenantId, settled: &[Settled]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), settled) {
            let mut rows = bulk::Rows::new(self.dialect());
            for one in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(one.id.as_bytes().as_slice())
                    .bind(i64::from(one.attempts))
                    .bind(one.status.as_str())
                    .bind(one.reason.as_deref())
                    .bind(one.channel_id.as_deref())
                    .bind(one.due_at)
                    .bind(one.now);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "with settled (tenant_id, id, attempts, status, reason, channel_id, due_at, updated_at) as ({source})
                 update messages
                 set status = settled.status,
                     reason = settled.reason,
                     channel_id = coalesce(settled.channel_id, messages.channel_id),
                     due_at = settled.due_at,
                     updated_at = settled.updated_at
                 from settled
                 where messages.tenant_id = settled.tenant_id and messages.id = settled.id
                   and messages.status not in ('sent', 'failed', 'expired', 'uncertain', 'cancelled')
                   and (settled.status <> 'queued' or messages.attempts = settled.attempts)"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Nobody else writes meanwhile, so both statements see the same messages; `returning` could not tell the status
    /// before the update.
    async fn claim_sqlite(
        &mut self,
        (tenant, connector, class): Queue,
        now: Millis,
        lease_until: Millis,
        limit: u32,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let rows = sqlx::query(
            "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose,
                    'sending' as status, reason, channel_id, created_at, not_before, expires_at,
                    attempts + 1 as attempts, depth, $3 as updated_at,
                    delivered_at, read_at, clicked_at, bounced_at,
                    attempts_before, status as status_before, due_at as due_before
             from messages
             where tenant_id = $1 and connector_id = $2 and class = $5 and status in ('queued', 'sending')
               and due_at <= $3
             order by due_at, id
             limit $4",
        )
        .bind(tenant.0)
        .bind(connector.as_bytes().as_slice())
        .bind(now)
        .bind(i64::from(limit))
        .bind(class.as_str())
        .fetch_all(self.connection())
        .await?;
        if !rows.is_empty() {
            sqlx::query(
                "update messages
                 set status = 'sending', due_at = $5, attempts = attempts + 1, updated_at = $3
                 where tenant_id = $1
                   and id in (select id from messages
                              where tenant_id = $1 and connector_id = $2 and class = $6
                                and status in ('queued', 'sending') and due_at <= $3
                              order by due_at, id
                              limit $4)",
            )
            .bind(tenant.0)
            .bind(connector.as_bytes().as_slice())
            .bind(now)
            .bind(i64::from(limit))
            .bind(lease_until)
            .bind(class.as_str())
            .execute(self.connection())
            .await?;
        }
        Ok(rows)
    }

    /// Messages that another worker is claiming right now are passed over instead of waited for. Among messages due at
    /// the same time the index decides: a further column in `order by` would have a whole queue sorted.
    async fn claim_postgres(
        &mut self,
        (tenant, connector, class): Queue,
        now: Millis,
        lease_until: Millis,
        limit: u32,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let rows = sqlx::query(
            "with due as (
               select id, status, due_at
               from messages
               where tenant_id = $1 and connector_id = $2 and class = $6 and status in ('queued', 'sending')
                 and due_at <= $3
               order by due_at
               limit $4
               for update skip locked
             )
             update messages m
             set status = 'sending', due_at = $5, attempts = m.attempts + 1, updated_at = $3
             from due
             where m.tenant_id = $1 and m.id = due.id
             returning m.id, m.person_id, m.connector_id, m.decision_id, m.channel, m.address, m.content, m.class,
                       m.purpose, m.status, m.reason, m.channel_id, m.created_at, m.not_before, m.expires_at,
                       m.attempts, m.depth, m.updated_at, m.delivered_at, m.read_at, m.clicked_at, m.bounced_at,
                       m.attempts_before, due.status as status_before, due.due_at as due_before",
        )
        .bind(tenant.0)
        .bind(connector.as_bytes().as_slice())
        .bind(now)
        .bind(i64::from(limit))
        .bind(lease_until)
        .bind(class.as_str())
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }
}

fn read_claimed(row: &AnyRow) -> Result<Claimed, StoreError> {
    let cells = Cells::of(row, "messages");
    let before = cells.word("status_before", MessageStatus::parse)?;
    Ok(Claimed {
        message: messages::read(row)?,
        interrupted: before == MessageStatus::Sending,
        due_at: cells.get("due_before")?,
        attempts_before: cells.number("attempts_before")?,
    })
}
