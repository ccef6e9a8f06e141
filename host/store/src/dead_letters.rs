//! Events that could not be decided, kept until somebody has them tried again.

use guanxi_domain::Millis;
use guanxi_domain::event::Event;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::log::read_event;
use crate::row::Cells;
use crate::work::Work;

/// An event that could not be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The event; it stays in the log.
    pub event: Event,
    /// Why, in words.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was given up.
    pub at: Millis,
}

impl Work {
    /// Gives an event up; again replaces reason, tries and time.
    pub async fn bury(
        &mut self,
        tenant: TenantId,
        position: i64,
        reason: &str,
        tries: u32,
        now: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into dead_letters (tenant_id, position, reason, tries, at)
             values ($1, $2, $3, $4, $5)
             on conflict (tenant_id, position) do update
               set reason = excluded.reason, tries = excluded.tries, at = excluded.at",
        )
        .bind(tenant.0)
        .bind(position)
        .bind(reason)
        .bind(i64::from(tries))
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// One page of the dead letters before the position, newest event first.
    pub async fn dead_letters(
        &mut self,
        tenant: TenantId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        sqlx::query(
            "select e.position, e.id, e.message_id, e.kind, e.occurred_at, e.received_at, e.body,
                    d.reason, d.tries, d.at
             from dead_letters d
             join events e on e.tenant_id = d.tenant_id and e.position = d.position
             where d.tenant_id = $1 and d.position < $2
             order by d.position desc
             limit $3",
        )
        .bind(tenant.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The dead letter at that place of the log.
    pub async fn dead_letter(&mut self, tenant: TenantId, position: i64) -> Result<Option<DeadLetter>, StoreError> {
        sqlx::query(
            "select e.position, e.id, e.message_id, e.kind, e.occurred_at, e.received_at, e.body,
                    d.reason, d.tries, d.at
             from dead_letters d
             join events e on e.tenant_id = d.tenant_id and e.position = d.position
             where d.tenant_id = $1 and d.position = $2",
        )
        .bind(tenant.0)
        .bind(position)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Forgets that the event was given up; whether it was.
    pub async fn unbury(&mut self, tenant: TenantId, position: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("delete from dead_letters where tenant_id = $1 and position = $2")
            .bind(tenant.0)
            .bind(position)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

fn read(row: &AnyRow) -> Result<DeadLetter, StoreError> {
    let cells = Cells::of(row, "dead_letters");
    Ok(DeadLetter {
        event: read_event(row)?,
        reason: cells.get("reason")?,
        tries: cells.number("tries")?,
        at: cells.get("at")?,
    })
}
