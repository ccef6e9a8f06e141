//! What channels tell of people: followers, mood, favourite pages. The latest word of each source about each kind.

use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Signal;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "signals";

/// A signal and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRow {
    /// Whose.
    pub person: PersonId,
    /// What is told.
    pub signal: Signal,
}

impl Work {
    /// The signals of these people by kind and source, expired ones among them; who has none is missing.
    pub async fn signals(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Signal>>, StoreError> {
        let mut signals: HashMap<PersonId, Vec<Signal>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, kind, source, value, observed_at, expires_at
                 from signals
                 where tenant_id = $1 and person_id in ({})
                 order by person_id, kind, source",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, TABLE);
                signals.entry(cells.id("person_id", PersonId::from_slice)?).or_default().push(read_signal(&cells)?);
            }
        }
        Ok(signals)
    }

    /// Takes signals away, each named by person, kind and source; one that is not there is no error.
    pub async fn remove_signals(
        &mut self,
        tenant: TenantId,
        signals: &[(PersonId, String, String)],
    ) -> Result<(), StoreError> {
        for (person, kind, source) in signals {
            sqlx::query("delete from signals where tenant_id = $1 and person_id = $2 and kind = $3 and source = $4")
                .bind(tenant.0)
                .bind(person.as_bytes().as_slice())
                .bind(kind)
                .bind(source)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Stores signals; one of the same kind and source is replaced.
    pub async fn put_signals(&mut self, tenant: TenantId, rows: &[SignalRow]) -> Result<(), StoreError> {
        for piece in
            batches(self.dialect(), &last_of_each(rows, |row| (row.person, &row.signal.kind, &row.signal.source)))
        {
            let mut rows = Rows::new(self.dialect());
            for SignalRow { person, signal } in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(person.as_bytes().as_slice())
                    .bind(&signal.kind)
                    .bind(&signal.source)
                    .bind(json_text(TABLE, "value", &signal.value)?)
                    .bind(signal.observed_at)
                    .bind(signal.expires_at);
            }
            let sql = format!(
                "insert into signals (tenant_id, person_id, kind, source, value, observed_at, expires_at)
                 {}
                 on conflict (tenant_id, person_id, kind, source) do update
                   set value = excluded.value, observed_at = excluded.observed_at, expires_at = excluded.expires_at",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read_signal(cells: &Cells<'_>) -> Result<Signal, StoreError> {
    Ok(Signal {
        kind: cells.get("kind")?,
        source: cells.get("source")?,
        value: cells.json("value")?,
        observed_at: cells.get("observed_at")?,
        expires_at: cells.get("expires_at")?,
    })
}
