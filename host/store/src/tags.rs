//! The tags of people.

use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{HeldTag, Tag};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// A tag and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRow {
    /// Whose.
    pub person: PersonId,
    /// The tag.
    pub held: HeldTag,
}

impl Work {
    /// The tags of these people, by dimension and name, those that were taken away among them with weight 0; who has none is
    /// missing.
    pub async fn tags(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<HeldTag>>, StoreError> {
        let mut tags: HashMap<PersonId, Vec<HeldTag>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, dimension, name, weight, source, at, half_life
                 from tags
                 where tenant_id = $1 and person_id in ({})
                 order by person_id, dimension, name",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "tags");
                tags.entry(cells.id("person_id", PersonId::from_slice)?).or_default().push(read_tag(&cells)?);
            }
        }
        Ok(tags)
    }

    /// Puts tags on people; one that is there gets the new weight, source and time.
    pub async fn put_tags(&mut self, tenant: TenantId, rows: &[TagRow]) -> Result<(), StoreError> {
        for piece in batches(
            self.dialect(),
            &last_of_each(rows, |row| (row.person, &row.held.tag.dimension, &row.held.tag.name)),
        ) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(row.person.as_bytes().as_slice())
                    .bind(&row.held.tag.dimension)
                    .bind(&row.held.tag.name)
                    .bind(row.held.tag.weight)
                    .bind(&row.held.source)
                    .bind(row.held.at)
                    .bind(row.held.half_life);
            }
            let sql = format!(
                "insert into tags (tenant_id, person_id, dimension, name, weight, source, at, half_life)
                 {}
                 on conflict (tenant_id, person_id, dimension, name) do update
                   set weight = excluded.weight, source = excluded.source, at = excluded.at,
                       half_life = excluded.half_life",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Takes tags off, each named by person, dimension and name; one that is not there is no error.
    pub async fn remove_tags(
        &mut self,
        tenant: TenantId,
        tags: &[(PersonId, String, String)],
    ) -> Result<(), StoreError> {
        for piece in pieces(tags) {
            // Without the list of people SQLite would walk through all tags of the tenant.
            let mut rows = Rows::new(self.dialect());
            for (person, dimension, name) in piece {
                rows.row().bind(person.as_bytes().as_slice()).bind(dimension).bind(name);
            }
            let sql = format!(
                "delete from tags
                 where tenant_id = ${} and (person_id, dimension, name) in ({}) and person_id in ({})",
                rows.parameters() + 1,
                rows.source(),
                list(rows.parameters() + 1, piece.len())
            );
            let mut query = rows.query(sql).bind(tenant.0);
            for (person, _, _) in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read_tag(cells: &Cells<'_>) -> Result<HeldTag, StoreError> {
    let tag = Tag { dimension: cells.get("dimension")?, name: cells.get("name")?, weight: cells.get("weight")? };
    Ok(HeldTag { tag, source: cells.get("source")?, at: cells.get("at")?, half_life: cells.get("half_life")? })
}
