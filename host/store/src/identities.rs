//! Which identity belongs to whom, and why that is believed.

use std::borrow::Borrow;
use std::collections::HashMap;

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Link, LinkState};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{last_of_each, list, pieces, values};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// An identity and its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRow {
    /// Whose.
    pub person: PersonId,
    /// Belongs to one person of the tenant.
    pub link: Link,
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

    /// Stores links, new ones and changed ones; an identity has one owner, the one who stands here.
    pub async fn put_links<R: Borrow<LinkRow>>(&mut self, tenant: TenantId, rows: &[R]) -> Result<(), StoreError> {
        let rows: Vec<&LinkRow> = rows.iter().map(Borrow::borrow).collect();
        for piece in pieces(&last_of_each(&rows, |row| &row.link.identity)) {
            let sql = format!(
                "insert into identities (tenant_id, kind, value, person_id, first_position, created_at, state, source,
                   confidence, reason, changed_by, changed_at)
                 values {}
                 on conflict (tenant_id, kind, value) do update
                   set person_id = excluded.person_id, first_position = excluded.first_position,
                       created_at = excluded.created_at, state = excluded.state, source = excluded.source,
                       confidence = excluded.confidence, reason = excluded.reason,
                       changed_by = excluded.changed_by, changed_at = excluded.changed_at",
                values(self.dialect(), piece.len(), 12)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for LinkRow { person, link } in piece {
                query = query
                    .bind(tenant.0)
                    .bind(link.identity.kind())
                    .bind(link.identity.value())
                    .bind(person.as_bytes().as_slice())
                    .bind(link.first_position)
                    .bind(link.created_at)
                    .bind(link.state.as_str())
                    .bind(&link.source)
                    .bind(link.confidence)
                    .bind(&link.reason)
                    .bind(&link.changed_by)
                    .bind(link.changed_at);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The links of these people, strongest first, then in the order in which they became known.
    pub async fn links(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Link>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<Link>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, kind, value, first_position, created_at, state, source, confidence, reason,
                        changed_by, changed_at
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
                found.entry(person).or_default().push(read_link(&cells)?);
            }
        }
        for links in found.values_mut() {
            Link::sort(links);
        }
        Ok(found)
    }
}

pub(crate) fn read_identity(cells: &Cells<'_>) -> Result<Identity, StoreError> {
    let kind: &str = cells.get("kind")?;
    cells.word("value", |value| Identity::stored(kind, value).ok())
}

fn read_link(cells: &Cells<'_>) -> Result<Link, StoreError> {
    Ok(Link {
        identity: read_identity(cells)?,
        state: cells.word("state", LinkState::parse)?,
        source: cells.get("source")?,
        confidence: cells.get("confidence")?,
        reason: cells.get("reason")?,
        changed_by: cells.get("changed_by")?,
        changed_at: cells.get("changed_at")?,
        first_position: cells.get("first_position")?,
        created_at: cells.get("created_at")?,
    })
}
