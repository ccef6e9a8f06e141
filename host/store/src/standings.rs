//! What the graph of relations says of people, by their numbers; and the people behind numbers.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::person::Person;
use guanxi_domain::relations::Standing;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::people::{columns, read_person};
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "standings";

impl Work {
    /// What the graph said last of these people; of whom it said nothing is missing.
    pub async fn standings(&mut self, tenant: TenantId, numbers: &[u32]) -> Result<HashMap<u32, Standing>, StoreError> {
        let mut standings = HashMap::with_capacity(numbers.len());
        for piece in pieces(numbers) {
            let sql = format!(
                "select number, influence, distance, connections
                 from standings
                 where tenant_id = $1 and number in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for number in piece {
                query = query.bind(i64::from(*number));
            }
            for row in query.fetch_all(self.connection()).await? {
                let (number, standing) = read_standing(&Cells::of(&row, TABLE))?;
                standings.insert(number, standing);
            }
        }
        Ok(standings)
    }

    /// The standings of people with greater numbers, in the order of these.
    pub async fn standings_after(
        &mut self,
        tenant: TenantId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<(u32, Standing)>, StoreError> {
        let rows = sqlx::query(
            "select number, influence, distance, connections
             from standings
             where tenant_id = $1 and number > $2
             order by number
             limit $3",
        )
        .bind(tenant.0)
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(|row| read_standing(&Cells::of(row, TABLE))).collect()
    }

    /// Stores standings, new ones and changed ones.
    pub async fn put_standings(
        &mut self,
        tenant: TenantId,
        rows: &[(u32, Standing)],
        now: Millis,
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(rows, |(number, _)| *number)) {
            let mut rows = Rows::new(self.dialect());
            for (number, standing) in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(i64::from(*number))
                    .bind(standing.influence)
                    .bind(standing.distance.map(i64::from))
                    .bind(i64::from(standing.connections))
                    .bind(now);
            }
            let sql = format!(
                "insert into standings (tenant_id, number, influence, distance, connections, at)
                 {}
                 on conflict (tenant_id, number) do update
                   set influence = excluded.influence, distance = excluded.distance,
                       connections = excluded.connections, at = excluded.at",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Takes standings away; one that is not there is no error.
    pub async fn remove_standings(&mut self, tenant: TenantId, numbers: &[u32]) -> Result<(), StoreError> {
        for piece in pieces(numbers) {
            let sql = format!("delete from standings where tenant_id = $1 and number in ({})", list(1, piece.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for number in piece {
                query = query.bind(i64::from(*number));
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The numbers of those who lead to the brand: opinion leaders and employees.
    pub async fn beacons(&mut self, tenant: TenantId) -> Result<Vec<u32>, StoreError> {
        // The comparison with '[]' is what the index of those who have a role knows.
        let rows = sqlx::query(
            r#"select number
             from people
             where tenant_id = $1 and roles <> '[]'
               and (roles like '%"opinion-leader"%' or roles like '%"employee"%')"#,
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(|row| Cells::of(row, "people").number("number")).collect()
    }

    /// Who was joined with others: each one's number and that of who stands for them.
    pub async fn joined_numbers(&mut self, tenant: TenantId) -> Result<Vec<(u32, u32)>, StoreError> {
        let rows = sqlx::query(
            "select p.number, r.number as root
             from people p
             join people r on r.tenant_id = p.tenant_id and r.id = p.root_id
             where p.tenant_id = $1 and p.root_id is not null",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "people");
                Ok((cells.number("number")?, cells.number("root")?))
            })
            .collect()
    }

    /// Those of the people that exist, by their numbers.
    pub async fn people_numbered(
        &mut self,
        tenant: TenantId,
        numbers: &[u32],
    ) -> Result<HashMap<u32, Person>, StoreError> {
        let mut people = HashMap::with_capacity(numbers.len());
        let columns = columns(self.dialect());
        for piece in pieces(numbers) {
            let sql = format!(
                "select {columns} from people p where p.tenant_id = $1 and p.number in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for number in piece {
                query = query.bind(i64::from(*number));
            }
            for row in query.fetch_all(self.connection()).await? {
                let person = read_person(&row)?;
                people.insert(person.number, person);
            }
        }
        Ok(people)
    }
}

fn read_standing(cells: &Cells<'_>) -> Result<(u32, Standing), StoreError> {
    let standing = Standing {
        influence: cells.get("influence")?,
        distance: cells.maybe_number("distance")?,
        connections: cells.number("connections")?,
    };
    Ok((cells.number("number")?, standing))
}
