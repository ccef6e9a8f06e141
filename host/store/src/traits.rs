//! What plugins and staff say about people: tags and scores.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::person::{Score, Tag};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{last_of_each, list, pieces, values};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

/// A tag of a person, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRow {
    /// Whose.
    pub person: PersonId,
    /// The tag.
    pub tag: Tag,
    /// Who put it there: an installation's name, `staff` …
    pub source: String,
    /// When.
    pub at: Millis,
}

impl Work {
    /// The tags of these people, by dimension and name; who has none is missing.
    pub async fn tags(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<Tag>>, StoreError> {
        let mut tags: HashMap<PersonId, Vec<Tag>> = HashMap::new();
        for piece in pieces(people) {
            let sql = format!(
                "select person_id, dimension, name, weight
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
        for piece in pieces(&last_of_each(rows, |row| (row.person, &row.tag.dimension, &row.tag.name))) {
            let sql = format!(
                "insert into tags (tenant_id, person_id, dimension, name, weight, source, at)
                 values {}
                 on conflict (tenant_id, person_id, dimension, name) do update
                   set weight = excluded.weight, source = excluded.source, at = excluded.at",
                values(self.dialect(), piece.len(), 7)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in piece {
                query = query
                    .bind(tenant.0)
                    .bind(row.person.as_bytes().as_slice())
                    .bind(&row.tag.dimension)
                    .bind(&row.tag.name)
                    .bind(row.tag.weight)
                    .bind(&row.source)
                    .bind(row.at);
            }
            query.execute(self.connection()).await?;
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
            let sql = format!(
                "delete from tags
                 where tenant_id = ${} and (person_id, dimension, name) in (values {}) and person_id in ({})",
                3 * piece.len() + 1,
                values(self.dialect(), piece.len(), 3),
                list(3 * piece.len() + 1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (person, dimension, name) in piece {
                query = query.bind(person.as_bytes().as_slice()).bind(dimension).bind(name);
            }
            query = query.bind(tenant.0);
            for (person, _, _) in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// A person's tags with their sources, by dimension and name.
    pub async fn tags_of(&mut self, tenant: TenantId, person: PersonId) -> Result<Vec<TagRow>, StoreError> {
        let rows = sqlx::query(
            "select dimension, name, weight, source, at
             from tags
             where tenant_id = $1 and person_id = $2
             order by dimension, name",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "tags");
                Ok(TagRow { person, tag: read_tag(&cells)?, source: cells.get("source")?, at: cells.get("at")? })
            })
            .collect()
    }

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
        for piece in pieces(&last_of_each(scores, |(person, score)| (*person, &score.name))) {
            let sql = format!(
                "insert into scores (tenant_id, person_id, name, value, terms, installation_id, at)
                 values {}
                 on conflict (tenant_id, person_id, name) do update
                   set value = excluded.value, terms = excluded.terms,
                       installation_id = excluded.installation_id, at = excluded.at",
                values(self.dialect(), piece.len(), 7)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (person, score) in piece {
                query = query
                    .bind(tenant.0)
                    .bind(person.as_bytes().as_slice())
                    .bind(&score.name)
                    .bind(score.value)
                    .bind(json_text("scores", "terms", &score.terms)?)
                    .bind(score.installation.as_bytes().as_slice())
                    .bind(score.at);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read_tag(cells: &Cells<'_>) -> Result<Tag, StoreError> {
    Ok(Tag { dimension: cells.get("dimension")?, name: cells.get("name")?, weight: cells.get("weight")? })
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
