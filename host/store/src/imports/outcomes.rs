//! What became of the rows of an import, a chunk at a time, and the counters that follow from it.

use guanxi_domain::Millis;
use guanxi_domain::ids::{ImportId, PersonId};
use guanxi_domain::import::{ImportCounts, ImportStatus, RowOutcome};
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "import_chunks";

/// What became of rows that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOutcomes {
    /// Of which import.
    pub import: ImportId,
    /// The first of the rows.
    pub first_row: u64,
    /// In order.
    pub rows: Vec<RowOutcome>,
}

impl Work {
    /// Notes what became of rows and counts them, once: rows that are noted already are left as they are. The import is
    /// done with its last row; whether it is by this.
    pub async fn add_import_outcomes(
        &mut self,
        tenant: TenantId,
        outcomes: &ImportOutcomes,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let noted = sqlx::query(
            "insert into import_chunks (tenant_id, import_id, first_row, outcomes)
             select tenant_id, id, $3, $4 from imports where tenant_id = $1 and id = $2
             on conflict (tenant_id, import_id, first_row) do nothing",
        )
        .bind(tenant.0)
        .bind(outcomes.import.as_bytes().as_slice())
        .bind(row_number(outcomes.first_row)?)
        .bind(json_text(TABLE, "outcomes", &outcomes.rows)?)
        .execute(self.connection())
        .await?;
        if noted.rows_affected() == 0 {
            return Ok(false);
        }
        let counts = ImportCounts::of(&outcomes.rows);
        let status: Option<String> = sqlx::query_scalar(
            "update imports
             set rows_done = rows_done + $3, added = added + $4, recognised = recognised + $5,
                 unchanged = unchanged + $6, conflicting = conflicting + $7, refused = refused + $8, updated_at = $9,
                 status = case when rows_total is not null and rows_done + $3 >= rows_total then 'done' else status end
             where tenant_id = $1 and id = $2
             returning status",
        )
        .bind(tenant.0)
        .bind(outcomes.import.as_bytes().as_slice())
        .bind(counts.total())
        .bind(counts.new)
        .bind(counts.recognised)
        .bind(counts.unchanged)
        .bind(counts.conflicting)
        .bind(counts.refused)
        .bind(now)
        .fetch_optional(self.connection())
        .await?;
        Ok(status.as_deref() == Some(ImportStatus::Done.as_str()))
    }

    /// What became of rows behind `after`, at most `chunks` chunks of them, in order.
    pub async fn import_outcomes(
        &mut self,
        tenant: TenantId,
        id: ImportId,
        after: u64,
        chunks: u32,
    ) -> Result<Vec<ImportOutcomes>, StoreError> {
        let rows = sqlx::query(
            "select first_row, outcomes from import_chunks
             where tenant_id = $1 and import_id = $2 and first_row > $3
             order by first_row
             limit $4",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(row_number(after)?)
        .bind(i64::from(chunks))
        .fetch_all(self.connection())
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            let cells = Cells::of(row, TABLE);
            Ok(ImportOutcomes { import: id, first_row: cells.number("first_row")?, rows: cells.json("outcomes")? })
        };
        rows.iter().map(read).collect()
    }

    /// The rows of an import that are this person's.
    pub async fn import_rows_of(
        &mut self,
        tenant: TenantId,
        id: ImportId,
        person: PersonId,
    ) -> Result<Vec<RowOutcome>, StoreError> {
        let person = person.to_string();
        let rows = sqlx::query(
            "select outcomes from import_chunks
             where tenant_id = $1 and import_id = $2 and outcomes like $3
             order by first_row",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(format!("%{person}%"))
        .fetch_all(self.connection())
        .await?;
        let mut theirs = Vec::new();
        for row in &rows {
            let outcomes: Vec<RowOutcome> = Cells::of(row, TABLE).json("outcomes")?;
            theirs.extend(outcomes.into_iter().filter(|outcome| outcome.2 == person));
        }
        Ok(theirs)
    }
}

fn row_number(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Corrupt {
        table: TABLE,
        column: "first_row",
        problem: format!("{number} is out of range"),
    })
}
