//! What staff ask of messages: to be tried again once they have ended, or to be called off while they wait.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, MessageId, new_uuid};
use guanxi_domain::message::{Message, MessageAction, MessageStatus};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{self, list, pieces};
use crate::error::StoreError;
use crate::messages;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "message_actions";
/// The latest time that an identifier holds.
const TIME_MAX: Millis = (1 << 48) - 1;

/// Which messages are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFilter {
    /// Over this connector only.
    pub connector: Option<InstallationId>,
    /// In one of these statuses.
    pub statuses: Vec<MessageStatus>,
    /// Decided at this time or later.
    pub from: Millis,
    /// Decided before this time.
    pub to: Millis,
}

impl Work {
    /// Messages that a filter means, by id, behind `after`.
    pub async fn filtered_messages(
        &mut self,
        tenant: TenantId,
        filter: &MessageFilter,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageId>, StoreError> {
        let [from, to] =
            [filter.from, filter.to].map(|at| new_uuid(at.clamp(0, TIME_MAX), [0; 10]).into_bytes().to_vec());
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let sql = format!(
            "select id
             from messages
             where tenant_id = $1 and id >= $2 and id < $3 and id > $4 and ($5 = 0 or connector_id = $6)
               and status in ({})
             order by id
             limit $7",
            list(7, filter.statuses.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(from)
            .bind(to)
            .bind(after)
            .bind(i64::from(filter.connector.is_some()))
            .bind(filter.connector.map_or_else(Vec::new, |id| id.as_bytes().to_vec()))
            .bind(i64::from(limit));
        for status in &filter.statuses {
            query = query.bind(status.as_str());
        }
        let rows = query.fetch_all(self.connection()).await?;
        rows.iter().map(|row| Cells::of(row, "messages").id("id", MessageId::from_slice)).collect()
    }

    /// Queues messages again that are in one of these statuses, due now, under their ids and with their tries so far; what
    /// was emptied because its person was erased stays as it is. Returns those that were.
    pub async fn retry_messages(
        &mut self,
        tenant: TenantId,
        ids: &[MessageId],
        statuses: &[MessageStatus],
        now: Millis,
    ) -> Result<Vec<Message>, StoreError> {
        let change = "status = 'queued', reason = null, due_at = $2, attempts_before = attempts, bounced_at = null,
                      expires_at = case when expires_at <= $2 then null else expires_at end, updated_at = $2";
        self.change_messages(tenant, ids, statuses, change, now).await
    }

    /// Calls off messages that wait. Returns those that were.
    pub async fn cancel_messages(
        &mut self,
        tenant: TenantId,
        ids: &[MessageId],
        now: Millis,
    ) -> Result<Vec<Message>, StoreError> {
        let change = "status = 'cancelled', reason = null, updated_at = $2";
        self.change_messages(tenant, ids, &[MessageStatus::Queued], change, now).await
    }

    async fn change_messages(
        &mut self,
        tenant: TenantId,
        ids: &[MessageId],
        statuses: &[MessageStatus],
        change: &str,
        now: Millis,
    ) -> Result<Vec<Message>, StoreError> {
        let mut changed = Vec::new();
        for piece in pieces(ids) {
            let sql = format!(
                "update messages set {change}
                 where tenant_id = $1 and address <> '' and status in ({}) and id in ({})
                 returning id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                           reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                           delivered_at, read_at, clicked_at, bounced_at",
                list(2, statuses.len()),
                list(2 + statuses.len(), piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(now);
            for status in statuses {
                query = query.bind(status.as_str());
            }
            for id in piece {
                query = query.bind(id.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                changed.push(messages::read(&row)?);
            }
        }
        changed.sort_by_key(|message| message.id);
        Ok(changed)
    }

    /// Notes what staff asked of messages; the same within one millisecond once.
    pub async fn add_message_actions(&mut self, tenant: TenantId, actions: &[MessageAction]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), actions) {
            let mut rows = bulk::Rows::new(self.dialect());
            for action in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(action.message.as_bytes().as_slice())
                    .bind(action.at)
                    .bind(&action.action)
                    .bind(&action.actor);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into message_actions (tenant_id, message_id, at, action, actor)
                 {source}
                 on conflict (tenant_id, message_id, at, action) do nothing"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// What staff asked of a message, the first first.
    pub async fn message_actions(
        &mut self,
        tenant: TenantId,
        message: MessageId,
    ) -> Result<Vec<MessageAction>, StoreError> {
        let rows = sqlx::query(
            "select at, action, actor
             from message_actions
             where tenant_id = $1 and message_id = $2
             order by at, action",
        )
        .bind(tenant.0)
        .bind(message.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, TABLE);
                Ok(MessageAction {
                    message,
                    at: cells.get("at")?,
                    action: cells.get("action")?,
                    actor: cells.get("actor")?,
                })
            })
            .collect()
    }
}
