//! Which identity belongs to whom, and who else claimed it.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{list, pieces, values};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// An identity of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Belongs to one person of the tenant.
    pub identity: Identity,
    /// Whose.
    pub person: PersonId,
    /// The event that named it first.
    pub first_position: i64,
    /// When it was stored.
    pub created_at: Millis,
}

/// An identity that an event named for one person while it belongs to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityConflict {
    /// The identity.
    pub identity: Identity,
    /// To whom it belongs.
    pub person: PersonId,
    /// For whom it was named.
    pub claimed_by: PersonId,
    /// The event that did.
    pub position: i64,
    /// When.
    pub at: Millis,
}

impl Work {
    /// To whom these identities belong; those of nobody are missing.
    pub async fn owners(
        &mut self,
        tenant: TenantId,
        identities: &[Identity],
    ) -> Result<HashMap<Identity, PersonId>, StoreError> {
        let mut owners = HashMap::with_capacity(identities.len());
        for piece in pieces(identities) {
            // One look-up by key each: a join reads the whole table where the planner does not know its size yet.
            let sql = format!(
                "with wanted (kind, value) as (values {})
                 select w.kind, w.value,
                        (select i.person_id from identities i
                         where i.tenant_id = ${} and i.kind = w.kind and i.value = w.value) as person_id
                 from wanted w",
                values(self.dialect(), piece.len(), 2),
                2 * piece.len() + 1
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for identity in piece {
                query = query.bind(identity.kind()).bind(identity.value());
            }
            for row in query.bind(tenant.0).fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "identities");
                if let Some(person) = cells.maybe_id("person_id", PersonId::from_slice)? {
                    owners.insert(read_identity(&cells)?, person);
                }
            }
        }
        Ok(owners)
    }

    /// Adds identities; one that belongs to somebody already stays with them.
    pub async fn add_identities(&mut self, tenant: TenantId, rows: &[IdentityRow]) -> Result<(), StoreError> {
        for piece in pieces(rows) {
            let sql = format!(
                "insert into identities (tenant_id, kind, value, person_id, first_position, created_at)
                 values {}
                 on conflict (tenant_id, kind, value) do nothing",
                values(self.dialect(), piece.len(), 6)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in piece {
                query = query
                    .bind(tenant.0)
                    .bind(row.identity.kind())
                    .bind(row.identity.value())
                    .bind(row.person.as_bytes().as_slice())
                    .bind(row.first_position)
                    .bind(row.created_at);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The identities of these people, strongest first, then in the order in which they became known.
    pub async fn identities(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Identity>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<(i64, Identity)>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, kind, value, first_position
                 from identities
                 where tenant_id = $1 and person_id in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "identities");
                let person = cells.id("person_id", PersonId::from_slice)?;
                found.entry(person).or_default().push((cells.get("first_position")?, read_identity(&cells)?));
            }
        }
        let in_order = |mut identities: Vec<(i64, Identity)>| -> Vec<Identity> {
            identities.sort_by(|(a_from, a), (b_from, b)| {
                b.strength().cmp(&a.strength()).then_with(|| (a_from, a).cmp(&(b_from, b)))
            });
            identities.into_iter().map(|(_, identity)| identity).collect()
        };
        Ok(found.into_iter().map(|(person, identities)| (person, in_order(identities))).collect())
    }

    /// Notes contested identities; a claim that is known stays as it was first noted.
    pub async fn add_conflicts(&mut self, tenant: TenantId, rows: &[IdentityConflict]) -> Result<(), StoreError> {
        for piece in pieces(rows) {
            let sql = format!(
                "insert into identity_conflicts (tenant_id, kind, value, person_id, claimed_by, position, at)
                 values {}
                 on conflict (tenant_id, kind, value, claimed_by) do nothing",
                values(self.dialect(), piece.len(), 7)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in piece {
                query = query
                    .bind(tenant.0)
                    .bind(row.identity.kind())
                    .bind(row.identity.value())
                    .bind(row.person.as_bytes().as_slice())
                    .bind(row.claimed_by.as_bytes().as_slice())
                    .bind(row.position)
                    .bind(row.at);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The contested identities that this person owns or was named with, in the order of the log.
    pub async fn conflicts_of(
        &mut self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<IdentityConflict>, StoreError> {
        let rows = sqlx::query(
            "select kind, value, person_id, claimed_by, position, at
             from identity_conflicts
             where tenant_id = $1 and person_id = $2
             union
             select kind, value, person_id, claimed_by, position, at
             from identity_conflicts
             where tenant_id = $1 and claimed_by = $2
             order by position, kind, value, claimed_by",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "identity_conflicts");
                Ok(IdentityConflict {
                    identity: read_identity(&cells)?,
                    person: cells.id("person_id", PersonId::from_slice)?,
                    claimed_by: cells.id("claimed_by", PersonId::from_slice)?,
                    position: cells.get("position")?,
                    at: cells.get("at")?,
                })
            })
            .collect()
    }
}

fn read_identity(cells: &Cells<'_>) -> Result<Identity, StoreError> {
    let kind: &str = cells.get("kind")?;
    cells.word("value", |value| Identity::new(kind, value).ok())
}
