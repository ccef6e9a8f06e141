//! What scorers say about people.

use std::collections::HashMap;

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::person::Score;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

impl Work {
    /// The scores of these people, by name; who has none is missing.
    pub async fn scores(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Score>>, StoreError> {
        let mut scores: HashMap<PersonId, Vec<Score>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, name, value, terms, installation_id, at
                 from scores
                 where tenant_id = $1 and person_id in ({})
                 order by person_id, name",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let person = Cells::of(&row, "scores").id("person_id", PersonId::from_slice)?;
                scores.entry(person).or_default().push(read_score(&row)?);
            }
        }
        Ok(scores)
    }

    /// Stores scores; one of the same name is replaced.
    pub async fn put_scores(&mut self, tenant: TenantId, scores: &[(PersonId, Score)]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(scores, |(person, score)| (*person, &score.name))) {
            let mut rows = Rows::new(self.dialect());
            for (person, score) in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(person.as_bytes().as_slice())
                    .bind(&score.name)
                    .bind(score.value)
                    .bind(json_text("scores", "terms", &score.terms)?)
                    .bind(score.installation.as_bytes().as_slice())
                    .bind(score.at);
            }
            let sql = format!(
                "insert into scores (tenant_id, person_id, name, value, terms, installation_id, at)
                 {}
                 on conflict (tenant_id, person_id, name) do update
                   set value = excluded.value, terms = excluded.terms,
                       installation_id = excluded.installation_id, at = excluded.at",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read_score(row: &AnyRow) -> Result<Score, StoreError> {
    let cells = Cells::of(row, "scores");
    // JSON has no NaN: a term that is not a number was written as null.
    let terms: Vec<(String, Option<f64>)> = cells.json("terms")?;
    Ok(Score {
        name: cells.get("name")?,
        value: cells.get("value")?,
        terms: terms.into_iter().map(|(name, value)| (name, value.unwrap_or(f64::NAN))).collect(),
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        at: cells.get("at")?,
    })
}
