//! How often limited operations of plugins were carried out on a day: about everybody, and about one person.

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "operation_counts";
/// In the place of a person where everybody is counted together: no person has an id of one byte.
const EVERYBODY: &[u8] = &[0];

/// How often one operation was carried out on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCount {
    /// By whom.
    pub installation: InstallationId,
    /// What, by its contract name.
    pub operation: String,
    /// About whom; everybody together if nobody is named.
    pub person: Option<PersonId>,
    /// How often.
    pub done: u64,
}

impl Work {
    /// What was counted on a day of everybody together, by installation and operation. A day is days since 1970 in the
    /// tenant's time zone.
    pub async fn operation_counts(&mut self, tenant: TenantId, day: i64) -> Result<Vec<OperationCount>, StoreError> {
        sqlx::query(
            "select person_id, installation_id, operation, done
             from operation_counts
             where tenant_id = $1 and person_id = $2 and day = $3
             order by installation_id, operation",
        )
        .bind(tenant.0)
        .bind(EVERYBODY)
        .bind(day)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The same of each of these people; who has nothing counted is missing.
    pub async fn operation_counts_of(
        &mut self,
        tenant: TenantId,
        day: i64,
        people: &[PersonId],
    ) -> Result<Vec<OperationCount>, StoreError> {
        let mut counts = Vec::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, installation_id, operation, done
                 from operation_counts
                 where tenant_id = $1 and day = $2 and person_id in ({})",
                list(2, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(day);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                counts.push(read(&row)?);
            }
        }
        Ok(counts)
    }

    /// Adds to what was counted on a day.
    pub async fn add_operation_counts(
        &mut self,
        tenant: TenantId,
        day: i64,
        counts: &[OperationCount],
    ) -> Result<(), StoreError> {
        let key = |count: &OperationCount| (person(count).to_vec(), count.installation, count.operation.clone());
        for piece in batches(self.dialect(), &last_of_each(counts, key)) {
            let mut rows = Rows::new(self.dialect());
            for count in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(person(count))
                    .bind(day)
                    .bind(count.installation.as_bytes().as_slice())
                    .bind(&count.operation)
                    .bind(i64::try_from(count.done).unwrap_or(i64::MAX));
            }
            let sql = format!(
                "insert into operation_counts (tenant_id, person_id, day, installation_id, operation, done)
                 {}
                 on conflict (tenant_id, person_id, day, installation_id, operation) do update
                   set done = operation_counts.done + excluded.done",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Forgets days before this one, of every tenant. Needs [`crate::Scope::Host`].
    pub async fn forget_operation_counts(&mut self, before: i64) -> Result<(), StoreError> {
        sqlx::query("delete from operation_counts where day < $1").bind(before).execute(self.connection()).await?;
        Ok(())
    }
}

fn person(count: &OperationCount) -> &[u8] {
    count.person.as_ref().map_or(EVERYBODY, |person| person.as_bytes().as_slice())
}

fn read(row: &AnyRow) -> Result<OperationCount, StoreError> {
    let cells = Cells::of(row, TABLE);
    let bytes: &[u8] = cells.get("person_id")?;
    Ok(OperationCount {
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        operation: cells.get("operation")?,
        person: if bytes == EVERYBODY { None } else { Some(cells.id("person_id", PersonId::from_slice)?) },
        done: cells.number("done")?,
    })
}
