//! People of a tenant, by id.

use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, Person, Stage};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{last_of_each, list, pieces, values};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "people";

impl Work {
    /// Those of the people that exist.
    pub async fn people(
        &mut self,
        tenant: TenantId,
        ids: &[PersonId],
    ) -> Result<HashMap<PersonId, Person>, StoreError> {
        let mut people = HashMap::with_capacity(ids.len());
        for piece in pieces(ids) {
            let sql = format!(
                "select id, stage, attributes, event_count, order_count, revenue, first_seen, last_seen,
                        last_order_at, created_at, updated_at
                 from people
                 where tenant_id = $1 and id in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for id in piece {
                query = query.bind(id.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let person = read_person(&row)?;
                people.insert(person.id, person);
            }
        }
        Ok(people)
    }

    /// The person, if there is one.
    pub async fn person(&mut self, tenant: TenantId, id: PersonId) -> Result<Option<Person>, StoreError> {
        sqlx::query(
            "select id, stage, attributes, event_count, order_count, revenue, first_seen, last_seen,
                    last_order_at, created_at, updated_at
             from people
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read_person(&row))
        .transpose()
    }

    /// Stores people, new ones and changed ones; of one who is there `created_at` stays.
    pub async fn put_people(&mut self, tenant: TenantId, people: &[Person]) -> Result<(), StoreError> {
        for piece in pieces(&last_of_each(people, |person| person.id)) {
            let sql = format!(
                "insert into people (tenant_id, id, stage, name_key, attributes, event_count, order_count, revenue,
                   first_seen, last_seen, last_order_at, created_at, updated_at)
                 values {}
                 on conflict (tenant_id, id) do update
                   set stage = excluded.stage, name_key = excluded.name_key, attributes = excluded.attributes,
                       event_count = excluded.event_count, order_count = excluded.order_count,
                       revenue = excluded.revenue, first_seen = excluded.first_seen,
                       last_seen = excluded.last_seen, last_order_at = excluded.last_order_at,
                       updated_at = excluded.updated_at",
                values(self.dialect(), piece.len(), 13)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for person in piece {
                query = query
                    .bind(tenant.0)
                    .bind(person.id.as_bytes().as_slice())
                    .bind(person.stage.as_str())
                    .bind(person.display_name().map(|name| name_key(&name)))
                    .bind(json_text(TABLE, "attributes", &person.attributes)?)
                    .bind(person.facts.event_count)
                    .bind(person.facts.order_count)
                    .bind(person.facts.revenue)
                    .bind(person.facts.first_seen)
                    .bind(person.facts.last_seen)
                    .bind(person.facts.last_order_at)
                    .bind(person.created_at)
                    .bind(person.updated_at);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// How many people there are; exact below `cap`, and `cap` if there are as many or more.
    pub async fn count_people(&mut self, tenant: TenantId, cap: i64) -> Result<i64, StoreError> {
        let sql = "select count(*) from (select 1 as one from people where tenant_id = $1 limit $2) as counted";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).bind(cap.max(0)).fetch_one(self.connection()).await?)
    }
}

/// The form in which names are compared. PostgreSQL keeps no NUL in a text.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase().replace('\0', "")
}

/// Reads the columns of `people`.
pub(crate) fn read_person(row: &AnyRow) -> Result<Person, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Person {
        id: cells.id("id", PersonId::from_slice)?,
        stage: cells.word("stage", Stage::parse)?,
        attributes: cells.json("attributes")?,
        facts: Facts {
            event_count: cells.get("event_count")?,
            order_count: cells.get("order_count")?,
            revenue: cells.get("revenue")?,
            first_seen: cells.get("first_seen")?,
            last_seen: cells.get("last_seen")?,
            last_order_at: cells.get("last_order_at")?,
        },
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
