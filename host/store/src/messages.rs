//! Messages to people and the tries to deliver them. How they leave the outbox is in `outbox.rs`.

use guanxi_domain::Millis;
use guanxi_domain::ids::{DecisionId, InstallationId, MessageId, PersonId, new_uuid};
use guanxi_domain::message::{Attempt, Message, MessageClass, MessageStatus, Told};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells, json_text};
use crate::work::Work;

/// Which messages to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageQuery {
    /// To one person only.
    pub person: Option<PersonId>,
    /// In one status only.
    pub status: Option<MessageStatus>,
    /// The last one of the page before.
    pub before: Option<MessageId>,
    /// At most so many.
    pub limit: u32,
}

impl Work {
    /// Puts messages into the outbox, due at their `not_before`; one that is there already is `Conflict("message")`.
    pub async fn insert_messages(&mut self, tenant: TenantId, messages: &[Message]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), messages) {
            let mut rows = bulk::Rows::new(self.dialect());
            for message in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(message.id.as_bytes().as_slice())
                    .bind(message.person.as_bytes().as_slice())
                    .bind(message.connector.as_bytes().as_slice())
                    .bind(message.decision.as_bytes().as_slice())
                    .bind(&message.channel)
                    .bind(&message.address)
                    .bind(json_text("messages", "content", &message.content)?)
                    .bind(message.class.as_str())
                    .bind(&message.purpose)
                    .bind(message.status.as_str())
                    .bind(message.reason.as_deref())
                    .bind(message.channel_id.as_deref())
                    .bind(message.created_at)
                    .bind(message.not_before)
                    .bind(message.expires_at)
                    .bind(i64::from(message.attempts))
                    .bind(i64::from(message.depth))
                    .bind(message.not_before)
                    .bind(message.updated_at)
                    .bind(message.told.delivered_at)
                    .bind(message.told.read_at)
                    .bind(message.told.clicked_at)
                    .bind(message.told.bounced_at);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into messages (tenant_id, id, person_id, connector_id, decision_id, channel, address, content,
                                       class, purpose, status, reason, channel_id, created_at, not_before, expires_at,
                                       attempts, depth, due_at, updated_at, delivered_at, read_at, clicked_at,
                                       bounced_at)
                 {source}"
            ));
            query.execute(self.connection()).await.map_err(StoreError::on_conflict("message"))?;
        }
        Ok(())
    }

    /// One message.
    pub async fn message(&mut self, tenant: TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        sqlx::query(
            "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                    reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                    delivered_at, read_at, clicked_at, bounced_at
             from messages
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// A page of messages, the latest id first.
    pub async fn messages(&mut self, tenant: TenantId, query: &MessageQuery) -> Result<Vec<Message>, StoreError> {
        let before = query.before.as_ref().map_or(&AFTER_ALL_IDS, MessageId::as_bytes).as_slice();
        let status = query.status.map_or("any", MessageStatus::as_str);
        let page = match &query.person {
            Some(person) => sqlx::query(
                "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                        reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                        delivered_at, read_at, clicked_at, bounced_at
                 from messages
                 where tenant_id = $1 and id < $2 and ($3 = 'any' or status = $3) and person_id = $5
                 order by id desc
                 limit $4",
            )
            .bind(tenant.0)
            .bind(before)
            .bind(status)
            .bind(i64::from(query.limit))
            .bind(person.as_bytes().as_slice()),
            None => sqlx::query(
                "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                        reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                        delivered_at, read_at, clicked_at, bounced_at
                 from messages
                 where tenant_id = $1 and id < $2 and ($3 = 'any' or status = $3)
                 order by id desc
                 limit $4",
            )
            .bind(tenant.0)
            .bind(before)
            .bind(status)
            .bind(i64::from(query.limit)),
        };
        page.fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// The messages to one person that were decided at `from` or later, earliest first.
    pub async fn messages_since(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        from: Millis,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows = sqlx::query(
            "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                    reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                    delivered_at, read_at, clicked_at, bounced_at
             from messages
             where tenant_id = $1 and person_id = $2 and id >= $3
             order by id
             limit $4",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(new_uuid(from, [0; 10]).into_bytes().to_vec())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(read).collect()
    }

    /// How many messages are in each status; a status without any is left out.
    pub async fn message_counts(&mut self, tenant: TenantId) -> Result<Vec<(MessageStatus, i64)>, StoreError> {
        sqlx::query(
            "select status, count(*) as count from messages where tenant_id = $1 group by status order by status",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "messages");
            Ok((cells.word("status", MessageStatus::parse)?, cells.get("count")?))
        })
        .collect()
    }

    /// Notes tries; the same number twice for one message is `Conflict("attempt")`.
    pub async fn insert_attempts(&mut self, tenant: TenantId, attempts: &[Attempt]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), attempts) {
            let mut rows = bulk::Rows::new(self.dialect());
            for attempt in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(attempt.message.as_bytes().as_slice())
                    .bind(i64::from(attempt.number))
                    .bind(attempt.at)
                    .bind(attempt.took_ms)
                    .bind(attempt.http_status.map(i64::from))
                    .bind(&attempt.outcome)
                    .bind(attempt.detail.as_deref());
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into attempts (tenant_id, message_id, number, at, took_ms, http_status, outcome, detail)
                 {source}"
            ));
            query.execute(self.connection()).await.map_err(StoreError::on_conflict("attempt"))?;
        }
        Ok(())
    }

    /// The tries to deliver a message, first one first.
    pub async fn attempts(&mut self, tenant: TenantId, message: MessageId) -> Result<Vec<Attempt>, StoreError> {
        sqlx::query(
            "select message_id, number, at, took_ms, http_status, outcome, detail
             from attempts
             where tenant_id = $1 and message_id = $2
             order by number",
        )
        .bind(tenant.0)
        .bind(message.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_attempt)
        .collect()
    }
}

pub(crate) fn read(row: &AnyRow) -> Result<Message, StoreError> {
    let cells = Cells::of(row, "messages");
    Ok(Message {
        id: cells.id("id", MessageId::from_slice)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        connector: cells.id("connector_id", InstallationId::from_slice)?,
        decision: cells.id("decision_id", DecisionId::from_slice)?,
        channel: cells.get("channel")?,
        address: cells.get("address")?,
        content: cells.json("content")?,
        class: cells.word("class", MessageClass::parse)?,
        purpose: cells.get("purpose")?,
        status: cells.word("status", MessageStatus::parse)?,
        reason: cells.get("reason")?,
        channel_id: cells.get("channel_id")?,
        created_at: cells.get("created_at")?,
        not_before: cells.get("not_before")?,
        expires_at: cells.get("expires_at")?,
        attempts: cells.number("attempts")?,
        depth: cells.number("depth")?,
        updated_at: cells.get("updated_at")?,
        told: Told {
            delivered_at: cells.get("delivered_at")?,
            read_at: cells.get("read_at")?,
            clicked_at: cells.get("clicked_at")?,
            bounced_at: cells.get("bounced_at")?,
        },
    })
}

fn read_attempt(row: &AnyRow) -> Result<Attempt, StoreError> {
    let cells = Cells::of(row, "attempts");
    Ok(Attempt {
        message: cells.id("message_id", MessageId::from_slice)?,
        number: cells.number("number")?,
        at: cells.get("at")?,
        took_ms: cells.get("took_ms")?,
        http_status: cells.maybe_number("http_status")?,
        outcome: cells.get("outcome")?,
        detail: cells.get("detail")?,
    })
}
