//! Which identity belongs to whom, and why that is believed.

use std::borrow::Borrow;
use std::collections::HashMap;

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Link, LinkState};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

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
        for piece in batches(self.dialect(), identities) {
            let mut rows = Rows::new(self.dialect());
            for identity in piece {
                rows.row().bind(identity.kind()).bind(identity.value());
            }
            let (wanted, place) = (rows.source(), rows.parameters() + 1);
            // One look-up by key each: a plain join reads the whole table where the planner does not know its size yet.
            let sql = match self.dialect() {
                Dialect::Sqlite => format!(
                    "with wanted (kind, value) as ({wanted})
                     select w.kind, w.value, i.person_id
                     from wanted w
                     cross join identities i
                     where i.tenant_id = ${place} and i.kind = w.kind and i.value = w.value"
                ),
                Dialect::Postgres => format!(
                    "with wanted (kind, value) as ({wanted})
                     select w.kind, w.value, found.person_id
                     from wanted w
                     cross join lateral (
                       select i.person_id
                       from identities i
                       where i.tenant_id = ${place} and i.kind = w.kind and i.value = w.value
                       limit 1
                     ) found"
                ),
            };
            for row in rows.query(sql).bind(tenant.0).fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "identities");
                owners.insert(read_identity(&cells)?, cells.id("person_id", PersonId::from_slice)?);
            }
        }
        Ok(owners)
    }

    /// Stores links, new ones and changed ones; an identity has one owner, the one who stands here.
    pub async fn put_links<R: Borrow<LinkRow>>(&mut self, tenant: TenantId, rows: &[R]) -> Result<(), StoreError> {
        let last = last_of_each(rows, |row| &row.borrow().link.identity);
        let changed = "on conflict (tenant_id, kind, value) do update
                   set person_id = excluded.person_id, first_position = excluded.first_position,
                       created_at = excluded.created_at, state = excluded.state, source = excluded.source,
                       confidence = excluded.confidence, reason = excluded.reason,
                       changed_by = excluded.changed_by, changed_at = excluded.changed_at";
        let last: Vec<&LinkRow> = last.into_iter().map(Borrow::borrow).collect();
        for piece in batches(self.dialect(), &last) {
            let rows = link_rows(self.dialect(), tenant, piece);
            let sql = insert_sql(&rows, changed);
            rows.query(sql).execute(self.connection()).await?;
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

/// Rows of `identities`, for [`insert_sql`].
pub(crate) fn link_rows(dialect: Dialect, tenant: TenantId, links: &[&LinkRow]) -> Rows {
    let mut rows = Rows::new(dialect);
    for LinkRow { person, link } in links {
        rows.row()
            .bind(tenant.0)
            .bind(link.identity.kind())
            .bind(link.identity.value())
            .bind(person.as_bytes().as_slice())
            .bind(link.first_position)
            .bind(link.created_at)
            .bind(link.state.as_str())
            .bind(&link.source)
            .bind(link.confidence)
            .bind(link.reason.as_deref())
            .bind(link.changed_by.as_deref())
            .bind(link.changed_at);
    }
    rows
}

/// Inserts rows of links.
pub(crate) fn insert_sql(rows: &Rows, on_conflict: &str) -> String {
    format!(
        "insert into identities (tenant_id, kind, value, person_id, first_position, created_at, state, source, confidence,
           reason, changed_by, changed_at)
         {}
         {on_conflict}",
        rows.source()
    )
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
