//! The review queue: what could not be linked by itself and waits for somebody to look at it.

use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::Cause;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, list, pieces};
use crate::error::StoreError;
use crate::identities::read_identity;
use crate::row::Cells;
use crate::work::Work;

/// An identity that an event named for one person while it belongs to another, or that one person has too many of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityConflict {
    /// The identity.
    pub identity: Identity,
    /// To whom it belongs.
    pub person: PersonId,
    /// For whom it was named.
    pub claimed_by: PersonId,
    /// Why it was not linked by itself.
    pub cause: Cause,
    /// The event that named it.
    pub position: i64,
    /// When.
    pub at: Millis,
    /// How it was settled, by whom and when; nothing while it is open.
    pub settled: Option<Settlement>,
}

/// How somebody settled a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whether something was done about it; else it was put aside.
    pub resolved: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: Millis,
}

impl Work {
    /// Notes conflicts; one that is known stays as it was first noted.
    pub async fn add_conflicts(&mut self, tenant: TenantId, rows: &[IdentityConflict]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), rows) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(row.identity.kind())
                    .bind(row.identity.value())
                    .bind(row.person.as_bytes().as_slice())
                    .bind(row.claimed_by.as_bytes().as_slice())
                    .bind(row.cause.as_str())
                    .bind(row.position)
                    .bind(row.at);
            }
            let sql = format!(
                "insert into identity_conflicts (tenant_id, kind, value, person_id, claimed_by, cause, position, at)
                 {}
                 on conflict (tenant_id, kind, value, claimed_by) do nothing",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Closes the open conflicts about an identity, or between two people if there is none.
    pub async fn settle_conflicts(
        &mut self,
        tenant: TenantId,
        identity: &Identity,
        claimed_by: PersonId,
        settled: &Settlement,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update identity_conflicts
             set status = $5, settled_by = $6, settled_at = $7
             where tenant_id = $1 and kind = $2 and value = $3 and claimed_by = $4 and status = 'open'",
        )
        .bind(tenant.0)
        .bind(identity.kind())
        .bind(identity.value())
        .bind(claimed_by.as_bytes().as_slice())
        .bind(if settled.resolved { "resolved" } else { "dismissed" })
        .bind(&settled.by)
        .bind(settled.at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Closes the open conflicts among people who are one now.
    pub async fn settle_among(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
        settled: &Settlement,
    ) -> Result<(), StoreError> {
        let (owners, claimants) = (list(4, people.len()), list(4 + people.len(), people.len()));
        let sql = format!(
            "update identity_conflicts
             set status = $2, settled_by = $3, settled_at = $4
             where tenant_id = $1 and status = 'open' and person_id <> claimed_by
               and person_id in ({owners}) and claimed_by in ({claimants})"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(if settled.resolved { "resolved" } else { "dismissed" })
            .bind(&settled.by)
            .bind(settled.at);
        for person in people.iter().chain(people) {
            query = query.bind(person.as_bytes().as_slice());
        }
        query.execute(self.connection()).await?;
        Ok(())
    }

    /// One page of the open conflicts behind that position and identity, oldest first.
    pub async fn open_conflicts(
        &mut self,
        tenant: TenantId,
        after: Option<&ConflictCursor>,
        limit: u32,
    ) -> Result<Vec<IdentityConflict>, StoreError> {
        let start = ConflictCursor::default();
        let after = after.unwrap_or(&start);
        sqlx::query(
            "select kind, value, person_id, claimed_by, cause, position, at, status, settled_by, settled_at
             from identity_conflicts
             where tenant_id = $1 and status = 'open' and (position, kind, value) > ($2, $3, $4)
             order by position, kind, value
             limit $5",
        )
        .bind(tenant.0)
        .bind(after.position)
        .bind(&after.kind)
        .bind(&after.value)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_conflict)
        .collect()
    }

    /// How many conflicts are open, exact up to `cap`.
    pub async fn count_conflicts(&mut self, tenant: TenantId, cap: i64) -> Result<i64, StoreError> {
        let sql = "select count(*)
             from (select 1 as one from identity_conflicts where tenant_id = $1 and status = 'open' limit $2) as counted";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).bind(cap.max(0)).fetch_one(self.connection()).await?)
    }

    /// The contested identities that any of these people owns or was named with, in the order of the log.
    pub async fn conflicts_of(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<Vec<IdentityConflict>, StoreError> {
        let mut found = Vec::new();
        for piece in pieces(people) {
            let wanted = list(1, piece.len());
            let sql = format!(
                "select kind, value, person_id, claimed_by, cause, position, at, status, settled_by, settled_at
                 from identity_conflicts
                 where tenant_id = $1 and person_id in ({wanted})
                 union
                 select kind, value, person_id, claimed_by, cause, position, at, status, settled_by, settled_at
                 from identity_conflicts
                 where tenant_id = $1 and claimed_by in ({wanted})
                 order by position, kind, value, claimed_by",
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let conflict = read_conflict(&row)?;
                if !found.contains(&conflict) {
                    found.push(conflict);
                }
            }
        }
        Ok(found)
    }
}

/// Behind which conflict a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConflictCursor {
    /// Its event.
    pub position: i64,
    /// Its identity's kind.
    pub kind: String,
    /// Its identity's value.
    pub value: String,
}

fn read_conflict(row: &AnyRow) -> Result<IdentityConflict, StoreError> {
    let cells = Cells::of(row, "identity_conflicts");
    let status: &str = cells.get("status")?;
    let settled = match status {
        "open" => None,
        done => Some(Settlement {
            resolved: done == "resolved",
            by: cells.get::<Option<String>>("settled_by")?.unwrap_or_default(),
            at: cells.get::<Option<i64>>("settled_at")?.unwrap_or_default(),
        }),
    };
    Ok(IdentityConflict {
        identity: read_identity(&cells)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        claimed_by: cells.id("claimed_by", PersonId::from_slice)?,
        cause: cells.word("cause", Cause::parse)?,
        position: cells.get("position")?,
        at: cells.get("at")?,
        settled,
    })
}
