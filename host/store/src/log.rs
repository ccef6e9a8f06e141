//! The log: every event of a tenant in one order, how far it is decided, and the events that could not be.
//!
//! Who appends takes the tenant's head first and keeps it until the commit. So positions become visible in their
//! order, and a reader that stands at a position never misses an event below it.

use guanxi_domain::event::{Event, NewEvent};
use guanxi_domain::ids::EventId;
use guanxi_domain::tenant::TenantId;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

/// What became of an event that was to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its place; `None` if its message id is in the log already, or stands earlier in the same slice.
    pub position: Option<i64>,
}

/// How far a tenant's log is decided, and how many people that made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogCursor {
    /// The last place decided.
    pub position: i64,
    /// The last number given to a person.
    pub people: u32,
}

/// A tenant with events that are not decided yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Whose.
    pub tenant: TenantId,
    /// The last place given out.
    pub head: i64,
    /// The last place decided.
    pub position: i64,
}

impl Work {
    /// Appends events in this order, each message id once; the answer has one entry per event.
    pub async fn append(&mut self, tenant: TenantId, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let reserved: i64 =
            sqlx::query_scalar("update log_heads set head = head + $2 where tenant_id = $1 returning head")
                .bind(tenant.0)
                .bind(wanted)
                .fetch_optional(self.connection())
                .await?
                .ok_or_else(|| no_log(tenant))?;
        let mut appended = Vec::with_capacity(events.len());
        let mut last = reserved - wanted;
        let mut head = last;
        for piece in batches(self.dialect(), events) {
            let taken = self.insert_events(tenant, last, piece).await?;
            for _ in piece {
                last += 1;
                appended.push(Appended { position: taken.binary_search(&last).is_ok().then_some(last) });
            }
            head = taken.last().copied().unwrap_or(head);
        }
        if head < reserved {
            // The head names an event, so that a reader who has decided it is at the end.
            sqlx::query("update log_heads set head = $2 where tenant_id = $1")
                .bind(tenant.0)
                .bind(head)
                .execute(self.connection())
                .await?;
        }
        Ok(appended)
    }

    /// Events behind the position, in order.
    pub async fn read_log(&mut self, tenant: TenantId, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        sqlx::query(
            "select position, id, message_id, kind, occurred_at, received_at, body
             from events
             where tenant_id = $1 and position > $2
             order by position
             limit $3",
        )
        .bind(tenant.0)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_event)
        .collect()
    }

    /// How far the log is decided.
    pub async fn cursor(&mut self, tenant: TenantId) -> Result<LogCursor, StoreError> {
        let row = sqlx::query("select position, people_count from log_positions where tenant_id = $1")
            .bind(tenant.0)
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| no_log(tenant))?;
        let cells = Cells::of(&row, "log_positions");
        Ok(LogCursor { position: cells.get("position")?, people: cells.number("people_count")? })
    }

    /// The last place decided.
    pub async fn position(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        Ok(self.cursor(tenant).await?.position)
    }

    /// The last place given out; it names an event unless the log is empty.
    pub async fn head(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        sqlx::query_scalar("select head from log_heads where tenant_id = $1")
            .bind(tenant.0)
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| no_log(tenant))
    }

    /// Every tenant whose log has events that are not decided yet. Needs [`crate::Scope::Host`].
    pub async fn backlogs(&mut self) -> Result<Vec<Backlog>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "select h.tenant_id, h.head, p.position
             from log_heads h
             join log_positions p on p.tenant_id = h.tenant_id
             where h.head > p.position
             order by h.tenant_id",
        )
        .fetch_all(self.connection())
        .await?;
        let backlog = |(tenant, head, position)| Backlog { tenant: TenantId(tenant), head, position };
        Ok(rows.into_iter().map(backlog).collect())
    }

    /// Moves the log on; `Fenced` unless it stands at `from`, which means that another worker decides it.
    pub async fn advance(&mut self, tenant: TenantId, from: LogCursor, to: LogCursor) -> Result<(), StoreError> {
        let sql = "update log_positions set position = $3, people_count = $5
                   where tenant_id = $1 and position = $2 and people_count = $4";
        let done = sqlx::query(sql)
            .bind(tenant.0)
            .bind(from.position)
            .bind(to.position)
            .bind(i64::from(from.people))
            .bind(i64::from(to.people))
            .execute(self.connection())
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Fenced) }
    }

    /// The event at that place.
    pub async fn event(&mut self, tenant: TenantId, position: i64) -> Result<Option<Event>, StoreError> {
        sqlx::query(
            "select position, id, message_id, kind, occurred_at, received_at, body
             from events
             where tenant_id = $1 and position = $2",
        )
        .bind(tenant.0)
        .bind(position)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read_event(&row))
        .transpose()
    }

    /// One page of the log before the position, newest first.
    pub async fn events(
        &mut self,
        tenant: TenantId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        sqlx::query(
            "select position, id, message_id, kind, occurred_at, received_at, body
             from events
             where tenant_id = $1 and position < $2
             order by position desc
             limit $3",
        )
        .bind(tenant.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_event)
        .collect()
    }

    /// Inserts one piece behind `last`; the places taken, in order.
    async fn insert_events(
        &mut self,
        tenant: TenantId,
        last: i64,
        events: &[NewEvent],
    ) -> Result<Vec<i64>, StoreError> {
        let mut rows = Rows::new(self.dialect());
        for (position, event) in (last + 1..).zip(events) {
            rows.row()
                .bind(tenant.0)
                .bind(position)
                .bind(event.id.as_bytes().as_slice())
                .bind(&event.message_id)
                .bind(&event.kind)
                .bind(event.occurred_at)
                .bind(event.received_at)
                .bind(json_text("events", "body", &event.body)?);
        }
        let sql = format!(
            "insert into events (tenant_id, position, id, message_id, kind, occurred_at, received_at, body)
             {}
             on conflict (tenant_id, message_id) do nothing
             returning position",
            rows.source()
        );
        let rows = rows.query(sql).fetch_all(self.connection()).await?;
        let mut taken = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
        taken.sort_unstable();
        Ok(taken)
    }
}

/// Reads the columns of `events`.
pub(crate) fn read_event(row: &AnyRow) -> Result<Event, StoreError> {
    let cells = Cells::of(row, "events");
    Ok(Event {
        position: cells.get("position")?,
        event: NewEvent {
            id: cells.id("id", EventId::from_slice)?,
            message_id: cells.get("message_id")?,
            kind: cells.get("kind")?,
            occurred_at: cells.get("occurred_at")?,
            received_at: cells.get("received_at")?,
            body: cells.json("body")?,
        },
    })
}

fn no_log(tenant: TenantId) -> StoreError {
    StoreError::Corrupt { table: "log_heads", column: "tenant_id", problem: format!("tenant {} has no log", tenant.0) }
}
