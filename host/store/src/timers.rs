//! Timers that installations started for people. A timer is taken by deleting it in the transaction that puts its
//! event into the log, so it rings once.
//!
//! The texts are written so that either database looks each row up by its key, whether it has statistics or not.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

/// One timer; installation, person and key name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub tenant: TenantId,
    /// Which installation started it.
    pub installation: InstallationId,
    /// For whom.
    pub person: PersonId,
    /// As the plugin named it.
    pub key: String,
    /// When it rings.
    pub due_at: Millis,
    /// Handed back to the plugin; JSON.
    pub payload: String,
}

impl Work {
    /// Starts timers, or moves the ones that run. Of several with one name the last counts.
    pub async fn put_timers(&mut self, tenant: TenantId, timers: &[Timer]) -> Result<(), StoreError> {
        let last = bulk::last_of_each(timers, |timer| (timer.installation, timer.person, timer.key.as_str()));
        for piece in bulk::batches(self.dialect(), &last) {
            let mut rows = bulk::Rows::new(self.dialect());
            for timer in piece {
                key(&mut rows, tenant, timer.installation, timer.person, &timer.key)
                    .bind(timer.due_at)
                    .bind(&timer.payload);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into timers (tenant_id, installation_id, person_id, key, due_at, payload)
                 {source}
                 on conflict (tenant_id, installation_id, person_id, key) do update set
                   due_at = excluded.due_at,
                   payload = excluded.payload"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Cancels timers; those that do not run are passed over.
    pub async fn delete_timers(
        &mut self,
        tenant: TenantId,
        timers: &[(InstallationId, PersonId, String)],
    ) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), timers) {
            let mut rows = bulk::Rows::new(self.dialect());
            for (installation, person, name) in piece {
                key(&mut rows, tenant, *installation, *person, name);
            }
            let source = rows.source();
            let query = rows.query(match self.dialect() {
                Dialect::Sqlite => format!(
                    "with gone (tenant_id, installation_id, person_id, key) as ({source})
                     delete from timers
                     where tenant_id = $1
                       and (installation_id, person_id) in (select installation_id, person_id from gone)
                       and (installation_id, person_id, key) in (select installation_id, person_id, key from gone)"
                ),
                Dialect::Postgres => format!(
                    "with gone (tenant_id, installation_id, person_id, key) as ({source})
                     delete from timers
                     where (tenant_id, installation_id, person_id, key)
                           in (select tenant_id, installation_id, person_id, key from gone)"
                ),
            });
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Deletes exactly those timers that still ring at the same time, and returns them, earliest first: one that was
    /// moved, cancelled or taken by another worker meanwhile is not among them.
    pub async fn take_timers(&mut self, tenant: TenantId, timers: &[Timer]) -> Result<Vec<Timer>, StoreError> {
        let mut taken = Vec::with_capacity(timers.len());
        for piece in bulk::batches(self.dialect(), timers) {
            let mut rows = bulk::Rows::new(self.dialect());
            for timer in piece {
                key(&mut rows, tenant, timer.installation, timer.person, &timer.key).bind(timer.due_at);
            }
            let source = rows.source();
            let query = rows.query(match self.dialect() {
                Dialect::Sqlite => format!(
                    "with seen (tenant_id, installation_id, person_id, key, due_at) as ({source})
                     delete from timers
                     where tenant_id = $1
                       and (installation_id, person_id) in (select installation_id, person_id from seen)
                       and (installation_id, person_id, key, due_at)
                           in (select installation_id, person_id, key, due_at from seen)
                     returning tenant_id, installation_id, person_id, key, due_at, payload"
                ),
                Dialect::Postgres => format!(
                    "with seen (tenant_id, installation_id, person_id, key, due_at) as ({source})
                     delete from timers
                     where (tenant_id, installation_id, person_id, key, due_at)
                           in (select tenant_id, installation_id, person_id, key, due_at from seen)
                     returning tenant_id, installation_id, person_id, key, due_at, payload"
                ),
            });
            for row in query.fetch_all(self.connection()).await? {
                taken.push(read(&row)?);
            }
        }
        taken.sort_by(|a, b| {
            (a.due_at, a.installation, a.person, &a.key).cmp(&(b.due_at, b.installation, b.person, &b.key))
        });
        Ok(taken)
    }

    /// The timers of every tenant that ring by `now`, earliest first. Needs [`crate::Scope::Host`].
    pub async fn due_timers(&mut self, now: Millis, limit: u32) -> Result<Vec<Timer>, StoreError> {
        sqlx::query(
            "select tenant_id, installation_id, person_id, key, due_at, payload
             from timers
             where due_at <= $1
             order by due_at, tenant_id, installation_id, person_id, key
             limit $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// When the next timer of any tenant rings. Needs [`crate::Scope::Host`].
    pub async fn next_timer(&mut self) -> Result<Option<Millis>, StoreError> {
        let row = sqlx::query("select min(due_at) as due_at from timers").fetch_one(self.connection()).await?;
        Cells::of(&row, "timers").get("due_at")
    }

    /// The timers that run for a person, earliest first. Asks installation by installation, which the key serves.
    pub async fn timers_of(&mut self, tenant: TenantId, person: PersonId) -> Result<Vec<Timer>, StoreError> {
        sqlx::query(
            "select tenant_id, installation_id, person_id, key, due_at, payload
             from timers
             where tenant_id = $1 and person_id = $2
               and installation_id in (select id from installations where tenant_id = $1)
             order by due_at, installation_id, key",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }
}

/// Begins a row with what names a timer.
fn key<'r>(
    rows: &'r mut bulk::Rows,
    tenant: TenantId,
    installation: InstallationId,
    person: PersonId,
    name: &str,
) -> &'r mut bulk::Rows {
    rows.row().bind(tenant.0).bind(installation.as_bytes().as_slice()).bind(person.as_bytes().as_slice()).bind(name)
}

fn read(row: &AnyRow) -> Result<Timer, StoreError> {
    let cells = Cells::of(row, "timers");
    Ok(Timer {
        tenant: TenantId(cells.get("tenant_id")?),
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        key: cells.get("key")?,
        due_at: cells.get("due_at")?,
        payload: cells.get("payload")?,
    })
}
