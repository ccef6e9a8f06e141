//! Receipts: what each campaign was asked, what it decided and why, enough to execute the decision again.

use guanxi_domain::Millis;
use guanxi_domain::ids::{DecisionId, InstallationId, PersonId, new_uuid};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells};
use crate::work::Work;

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Follows from event and installation, so that the same decision is never kept twice.
    pub id: DecisionId,
    /// Which installation decided.
    pub installation: InstallationId,
    /// About whom.
    pub person: PersonId,
    /// The event's place in the log.
    pub position: i64,
    /// When.
    pub at: Millis,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// Names the configuration and grants that were in force.
    pub config_hash: String,
    /// `acted`, `refused`, `skipped` or `failed`.
    pub outcome: String,
    /// What it asked for and what became of it, JSON.
    pub operations: String,
    /// Why, or why not, JSON.
    pub reasons: String,
    /// Lines that the plugin logged, JSON.
    pub log: String,
    /// Everything that the decision depended on, JSON.
    pub input: String,
    /// The randomness it was given.
    pub seed: u64,
    /// The fuel it burnt.
    pub fuel: u64,
}

/// Which receipts to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionQuery {
    /// About one person only.
    pub person: Option<PersonId>,
    /// The last one of the page before.
    pub before: Option<DecisionId>,
    /// At most so many.
    pub limit: u32,
}

impl Work {
    /// Keeps receipts; one that is kept already is `Conflict("decision")`.
    pub async fn insert_decisions(&mut self, tenant: TenantId, decisions: &[DecisionRow]) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), decisions) {
            let mut rows = bulk::Rows::new(self.dialect());
            for decision in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(decision.id.as_bytes().as_slice())
                    .bind(decision.installation.as_bytes().as_slice())
                    .bind(decision.person.as_bytes().as_slice())
                    .bind(decision.position)
                    .bind(decision.at)
                    .bind(&decision.digest)
                    .bind(&decision.config_hash)
                    .bind(&decision.outcome)
                    .bind(&decision.operations)
                    .bind(&decision.reasons)
                    .bind(&decision.log)
                    .bind(&decision.input)
                    .bind(decision.seed.cast_signed())
                    .bind(i64::try_from(decision.fuel).unwrap_or(i64::MAX));
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into decisions (tenant_id, id, installation_id, person_id, position, at, digest, config_hash,
                                        outcome, operations, reasons, log, input, seed, fuel)
                 {source}"
            ));
            query.execute(self.connection()).await.map_err(StoreError::on_conflict("decision"))?;
        }
        Ok(())
    }

    /// One receipt.
    pub async fn decision(&mut self, tenant: TenantId, id: DecisionId) -> Result<Option<DecisionRow>, StoreError> {
        sqlx::query(
            "select id, installation_id, person_id, position, at, digest, config_hash, outcome, operations, reasons,
                    log, input, seed, fuel
             from decisions
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// A page of receipts, the latest id first.
    pub async fn decisions(&mut self, tenant: TenantId, query: &DecisionQuery) -> Result<Vec<DecisionRow>, StoreError> {
        let before = query.before.as_ref().map_or(&AFTER_ALL_IDS, DecisionId::as_bytes).as_slice();
        let page = match &query.person {
            Some(person) => sqlx::query(
                "select id, installation_id, person_id, position, at, digest, config_hash, outcome, operations,
                        reasons, log, input, seed, fuel
                 from decisions
                 where tenant_id = $1 and id < $2 and person_id = $4
                 order by id desc
                 limit $3",
            )
            .bind(tenant.0)
            .bind(before)
            .bind(i64::from(query.limit))
            .bind(person.as_bytes().as_slice()),
            None => sqlx::query(
                "select id, installation_id, person_id, position, at, digest, config_hash, outcome, operations,
                        reasons, log, input, seed, fuel
                 from decisions
                 where tenant_id = $1 and id < $2
                 order by id desc
                 limit $3",
            )
            .bind(tenant.0)
            .bind(before)
            .bind(i64::from(query.limit)),
        };
        page.fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// The receipts of one person about events that were received from `from` to `to`, both included, latest first.
    pub async fn decisions_between(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        from: Millis,
        to: Millis,
        limit: u32,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        let rows = sqlx::query(
            "select id, installation_id, person_id, position, at, digest, config_hash, outcome, operations, reasons,
                    log, input, seed, fuel
             from decisions
             where tenant_id = $1 and person_id = $2 and id >= $3 and id < $4
             order by id desc
             limit $5",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(new_uuid(from, [0; 10]).into_bytes().to_vec())
        .bind(new_uuid(to.saturating_add(1), [0; 10]).into_bytes().to_vec())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<DecisionRow, StoreError> {
    let cells = Cells::of(row, "decisions");
    Ok(DecisionRow {
        id: cells.id("id", DecisionId::from_slice)?,
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        position: cells.get("position")?,
        at: cells.get("at")?,
        digest: cells.get("digest")?,
        config_hash: cells.get("config_hash")?,
        outcome: cells.get("outcome")?,
        operations: cells.get("operations")?,
        reasons: cells.get("reasons")?,
        log: cells.get("log")?,
        input: cells.get("input")?,
        seed: cells.get::<i64>("seed")?.cast_unsigned(),
        fuel: cells.number("fuel")?,
    })
}
