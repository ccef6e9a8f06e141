//! What people said about the use of their data: the latest word of each person on each purpose.

use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Consent;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "consents";

/// A word of a person on a purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRow {
    /// Who said it.
    pub person: PersonId,
    /// What.
    pub consent: Consent,
    /// The event that carried it; 0 for a group, which stands by what somebody in it said.
    pub position: i64,
}

impl Work {
    /// The latest words of these people, by purpose; who said nothing is missing.
    pub async fn consents(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Consent>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<Consent>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, purpose, state, evidence, source, at, expires_at
                 from consents
                 where tenant_id = $1 and person_id in ({})
                 order by person_id, purpose",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, TABLE);
                let consent = Consent {
                    purpose: cells.get("purpose")?,
                    granted: cells.word("state", granted)?,
                    evidence: cells.get("evidence")?,
                    source: cells.get("source")?,
                    at: cells.get("at")?,
                    expires_at: cells.get("expires_at")?,
                };
                found.entry(cells.id("person_id", PersonId::from_slice)?).or_default().push(consent);
            }
        }
        Ok(found)
    }

    /// Replaces what these people said on these purposes. Of several words on one purpose the last counts.
    pub async fn put_consents(&mut self, tenant: TenantId, rows: &[ConsentRow]) -> Result<(), StoreError> {
        let last = last_of_each(rows, |row| (row.person, row.consent.purpose.as_str()));
        for piece in batches(self.dialect(), &last) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                let consent = &row.consent;
                rows.row()
                    .bind(tenant.0)
                    .bind(row.person.as_bytes().as_slice())
                    .bind(&consent.purpose)
                    .bind(if consent.granted { "granted" } else { "withdrawn" })
                    .bind(&consent.evidence)
                    .bind(&consent.source)
                    .bind(consent.at)
                    .bind(consent.expires_at)
                    .bind(row.position);
            }
            let sql = format!(
                "insert into consents (tenant_id, person_id, purpose, state, evidence, source, at, expires_at, position)
                 {}
                 on conflict (tenant_id, person_id, purpose) do update
                   set state = excluded.state, evidence = excluded.evidence, source = excluded.source,
                       at = excluded.at, expires_at = excluded.expires_at, position = excluded.position",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Forgets what these people said on these purposes.
    pub async fn remove_consents(&mut self, tenant: TenantId, gone: &[(PersonId, String)]) -> Result<(), StoreError> {
        for (person, purpose) in gone {
            sqlx::query("delete from consents where tenant_id = $1 and person_id = $2 and purpose = $3")
                .bind(tenant.0)
                .bind(person.as_bytes().as_slice())
                .bind(purpose)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

fn granted(state: &str) -> Option<bool> {
    match state {
        "granted" => Some(true),
        "withdrawn" => Some(false),
        _ => None,
    }
}
