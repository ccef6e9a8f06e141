//! The log of messages with its filters. Ids of messages begin with the time at which they were decided, so a period is a
//! range of ids. What no index answers is looked for among so many messages a page and no more: a page may be short, and
//! says where the next one begins.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, MessageId, PersonId, new_uuid};
use guanxi_domain::message::{Message, MessageClass, MessageStatus};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use crate::error::StoreError;
use crate::messages;
use crate::row::{AFTER_ALL_IDS, Cells};
use crate::work::Work;

/// Messages that one page looks through at most.
const SCANNED_MAX: u32 = 50_000;
/// Messages that are counted by status at most, the newest.
pub const COUNTED_MAX: u32 = 10_000;
/// Undelivered messages that are put into groups at most, the newest.
pub const GROUPED_MAX: u32 = 20_000;
/// What is shown of a message.
const COLUMNS: &str = "id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                       reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                       delivered_at, read_at, clicked_at, bounced_at";

/// Which messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageLogFilter {
    /// To this person.
    pub person: Option<PersonId>,
    /// Over this connector.
    pub connector: Option<InstallationId>,
    /// In this status.
    pub status: Option<MessageStatus>,
    /// Of this class.
    pub class: Option<MessageClass>,
    /// For this purpose.
    pub purpose: Option<String>,
    /// Whose last try had this outcome class.
    pub outcome: Option<String>,
    /// Decided at this time or later.
    pub from: Option<Millis>,
    /// Decided before this time.
    pub to: Option<Millis>,
}

/// A page of messages, the latest id first.
#[derive(Debug, Clone, PartialEq)]
pub struct MessagePage {
    /// Those that fit.
    pub messages: Vec<Message>,
    /// The next page is before this one; nothing at the end.
    pub more: Option<MessageId>,
}

/// Messages that did not arrive, for the same reason over the same connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeliveredGroup {
    /// Over which connector.
    pub connector: InstallationId,
    /// How they ended.
    pub status: MessageStatus,
    /// The outcome class of their last try, or the status of what was never tried.
    pub outcome: String,
    /// How many.
    pub count: i64,
    /// When the last one ended.
    pub last_at: Millis,
    /// Why, in the words of one of them.
    pub example: Option<String>,
}

enum Value {
    Bytes(Vec<u8>),
    Text(String),
    Number(i64),
}

/// Conditions with their values, numbered as they come.
struct Conditions {
    /// Those that an index answers.
    walk: String,
    /// Those that each message is asked.
    rest: String,
    values: Vec<Value>,
}

impl Conditions {
    fn of(tenant: TenantId, filter: &MessageLogFilter, before: Option<MessageId>, with_status: bool) -> Self {
        let mut all = Self { walk: String::new(), rest: String::new(), values: vec![Value::Number(tenant.0)] };
        let until = filter.to.map_or(AFTER_ALL_IDS, first_at);
        let before = before.map_or(AFTER_ALL_IDS, |id| *id.as_bytes()).min(until);
        let from = filter.from.map_or([0; 16], first_at);
        let (before, from) = (all.bind(Value::Bytes(before.to_vec())), all.bind(Value::Bytes(from.to_vec())));
        all.walk = format!("id < {before} and id >= {from}");
        let status = filter.status.filter(|_| with_status);
        let undelivered = status.is_some_and(is_undelivered);
        if let Some(person) = filter.person {
            let place = all.bind(Value::Bytes(person.as_bytes().to_vec()));
            all.walk.push_str(&format!(" and person_id = {place}"));
        } else if undelivered {
            all.walk.push_str(" and status in ('failed', 'expired', 'uncertain')");
        }
        if let Some(connector) = filter.connector {
            let place = all.bind(Value::Bytes(connector.as_bytes().to_vec()));
            let indexed = filter.person.is_none() && !undelivered;
            let target = if indexed { &mut all.walk } else { &mut all.rest };
            target.push_str(&format!(" and connector_id = {place}"));
        }
        let words = [
            ("status", status.map(MessageStatus::as_str)),
            ("class", filter.class.map(MessageClass::as_str)),
            ("purpose", filter.purpose.as_deref()),
        ];
        for (column, word) in words {
            if let Some(word) = word {
                let place = all.bind(Value::Text(word.to_owned()));
                all.rest.push_str(&format!(" and {column} = {place}"));
            }
        }
        if let Some(outcome) = &filter.outcome {
            let place = all.bind(Value::Text(outcome.clone()));
            all.rest.push_str(&format!(
                " and exists (select 1 from attempts a
                              where a.tenant_id = $1 and a.message_id = id and a.number = attempts
                                and a.outcome = {place})"
            ));
        }
        all
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn query<'q>(&'q self, sql: String) -> Query<'q, Any, AnyArguments> {
        let query: Query<'q, Any, AnyArguments> = sqlx::query(AssertSqlSafe(sql));
        self.values.iter().fold(query, |query, value| match value {
            Value::Bytes(bytes) => query.bind(bytes.as_slice()),
            Value::Text(text) => query.bind(text.as_str()),
            Value::Number(number) => query.bind(*number),
        })
    }
}

impl Work {
    /// A page of the messages that fit, the latest first.
    pub async fn message_log(
        &mut self,
        tenant: TenantId,
        filter: &MessageLogFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<MessagePage, StoreError> {
        let mut conditions = Conditions::of(tenant, filter, before, true);
        let floor = match conditions.rest.is_empty() || filter.person.is_some() {
            true => None,
            false => self.scan_floor(&conditions).await?,
        };
        if let Some(floor) = floor {
            let place = conditions.bind(Value::Bytes(floor.as_bytes().to_vec()));
            conditions.walk.push_str(&format!(" and id >= {place}"));
        }
        let Conditions { walk, rest, .. } = &conditions;
        let sql = format!(
            "select {COLUMNS}
             from messages
             where tenant_id = $1 and {walk}{rest}
             order by id desc
             limit {limit}"
        );
        let rows = conditions.query(sql).fetch_all(self.connection()).await?;
        let messages = rows.iter().map(messages::read).collect::<Result<Vec<_>, _>>()?;
        let full = messages.len() >= limit as usize;
        let more = messages.last().filter(|_| full).map(|last| last.id).or(floor);
        Ok(MessagePage { messages, more })
    }

    /// The last of the messages that one page looks through; nothing if there are no more than that.
    async fn scan_floor(&mut self, conditions: &Conditions) -> Result<Option<MessageId>, StoreError> {
        let walk = &conditions.walk;
        let sql = format!(
            "select id
             from messages
             where tenant_id = $1 and {walk}
             order by id desc
             limit 1 offset {SCANNED_MAX}"
        );
        let row = conditions.query(sql).fetch_optional(self.connection()).await?;
        row.map(|row| Cells::of(&row, "messages").id("id", MessageId::from_slice)).transpose()
    }

    /// How many of the newest messages that fit are in each status, whatever status the filter says; of at most
    /// [`COUNTED_MAX`] that are looked at.
    pub async fn message_log_counts(
        &mut self,
        tenant: TenantId,
        filter: &MessageLogFilter,
    ) -> Result<Vec<(MessageStatus, i64)>, StoreError> {
        let conditions = Conditions::of(tenant, filter, None, false);
        let Conditions { walk, rest, .. } = &conditions;
        let sql = format!(
            "select status, count(*) as count
             from (select id, person_id, connector_id, class, purpose, status, attempts
                   from messages
                   where tenant_id = $1 and {walk}
                   order by id desc
                   limit {COUNTED_MAX}) as newest
             where true{rest}
             group by status
             order by status"
        );
        let rows = conditions.query(sql).fetch_all(self.connection()).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "messages");
                Ok((cells.word("status", MessageStatus::parse)?, cells.get("count")?))
            })
            .collect()
    }

    /// What did not arrive, by connector and reason, the most first; of the newest [`GROUPED_MAX`].
    pub async fn undelivered(&mut self, tenant: TenantId) -> Result<Vec<UndeliveredGroup>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "select m.connector_id, m.status, coalesce(a.outcome, m.status) as outcome, count(*) as count,
                    max(m.updated_at) as last_at, max(m.reason) as example
             from (select tenant_id, id, connector_id, status, attempts, reason, updated_at
                   from messages
                   where tenant_id = $1 and status in ('failed', 'expired', 'uncertain')
                   order by id desc
                   limit {GROUPED_MAX}) as m
             left join attempts a on a.tenant_id = m.tenant_id and a.message_id = m.id and a.number = m.attempts
             group by m.connector_id, m.status, coalesce(a.outcome, m.status)
             order by count(*) desc, m.connector_id, m.status, coalesce(a.outcome, m.status)"
        )))
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "messages");
                Ok(UndeliveredGroup {
                    connector: cells.id("connector_id", InstallationId::from_slice)?,
                    status: cells.word("status", MessageStatus::parse)?,
                    outcome: cells.get("outcome")?,
                    count: cells.get("count")?,
                    last_at: cells.get("last_at")?,
                    example: cells.get("example")?,
                })
            })
            .collect()
    }
}

fn is_undelivered(status: MessageStatus) -> bool {
    matches!(status, MessageStatus::Failed | MessageStatus::Expired | MessageStatus::Uncertain)
}

/// Comes before every id of that time and after all of those before.
fn first_at(at: Millis) -> [u8; 16] {
    new_uuid(at, [0; 10]).into_bytes()
}
