//! Receipts: what each campaign was asked, what it decided and why, enough to execute the decision again.

use guanxi_domain::Millis;
use guanxi_domain::ids::{DecisionId, InstallationId, PersonId, new_uuid};
use guanxi_domain::receipt::CallReceipt;
use guanxi_domain::tenant::TenantId;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

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
    /// Its share of the fuel that the call burnt.
    pub fuel: u64,
    /// The call it came of; nothing where the plugin was not called, or before this was kept.
    pub call: Option<CallReceipt>,
    /// Whether it was made beside the one that took effect, so that nothing was done.
    pub shadow: bool,
}

/// What [`read`] reads.
const COLUMNS: &str = "id, installation_id, person_id, position, at, digest, config_hash, outcome, operations, reasons,
                       log, input, seed, fuel, call_id, call_others, call_fuel, answer_hash, shadow";

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
                bind_call(&mut rows, decision.call.as_ref());
                rows.bind(i64::from(decision.shadow));
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into decisions (tenant_id, id, installation_id, person_id, position, at, digest, config_hash,
                                        outcome, operations, reasons, log, input, seed, fuel,
                                        call_id, call_others, call_fuel, answer_hash, shadow)
                 {source}"
            ));
            query.execute(self.connection()).await.map_err(StoreError::on_conflict("decision"))?;
        }
        Ok(())
    }

    /// One receipt.
    pub async fn decision(&mut self, tenant: TenantId, id: DecisionId) -> Result<Option<DecisionRow>, StoreError> {
        let found = select("id = $2").bind(tenant.0).bind(id.as_bytes().as_slice());
        found.fetch_optional(self.connection()).await?.map(|row| read(&row)).transpose()
    }

    /// A page of receipts, the latest id first.
    pub async fn decisions(&mut self, tenant: TenantId, query: &DecisionQuery) -> Result<Vec<DecisionRow>, StoreError> {
        let before = query.before.as_ref().map_or(&AFTER_ALL_IDS, DecisionId::as_bytes).as_slice();
        let page = match &query.person {
            Some(person) => select("id < $2 and person_id = $4 order by id desc limit $3")
                .bind(tenant.0)
                .bind(before)
                .bind(i64::from(query.limit))
                .bind(person.as_bytes().as_slice()),
            None => {
                select("id < $2 order by id desc limit $3").bind(tenant.0).bind(before).bind(i64::from(query.limit))
            }
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
        let found = select("person_id = $2 and id >= $3 and id < $4 order by id desc limit $5")
            .bind(tenant.0)
            .bind(person.as_bytes().as_slice())
            .bind(first_of(from).as_bytes().to_vec())
            .bind(first_of(to.saturating_add(1)).as_bytes().to_vec())
            .bind(i64::from(limit));
        found.fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// The next receipts of an installation behind `after` and before a time, oldest first, without those of shadows.
    pub async fn decisions_after(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        after: DecisionId,
        before: Millis,
        limit: u32,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        let found = select("id > $2 and id < $3 and installation_id = $4 and shadow = 0 order by id limit $5")
            .bind(tenant.0)
            .bind(after.as_bytes().as_slice())
            .bind(first_of(before).as_bytes().to_vec())
            .bind(installation.as_bytes().as_slice())
            .bind(i64::from(limit));
        found.fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// Takes away receipts about events that were received before a time, the oldest first and at most so many; how many
    /// it were.
    pub async fn forget_decisions(&mut self, tenant: TenantId, before: Millis, limit: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "delete from decisions
             where tenant_id = $1
               and id in (select id from decisions where tenant_id = $1 and id < $2 order by id limit $3)",
        )
        .bind(tenant.0)
        .bind(first_of(before).as_bytes().to_vec())
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Keeps configurations under the hashes that receipts name them by.
    pub async fn keep_configurations(
        &mut self,
        tenant: TenantId,
        configurations: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        for (hash, config) in configurations {
            sqlx::query(
                "insert into configurations (tenant_id, hash, config) values ($1, $2, $3)
                 on conflict (tenant_id, hash) do nothing",
            )
            .bind(tenant.0)
            .bind(*hash)
            .bind(*config)
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// The configuration with this hash, if one ever decided something.
    pub async fn configuration(&mut self, tenant: TenantId, hash: &str) -> Result<Option<String>, StoreError> {
        let sql = "select config from configurations where tenant_id = $1 and hash = $2";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).bind(hash).fetch_optional(self.connection()).await?)
    }
}

/// Before the ids of all decisions about events that are received from then on.
fn first_of(at: Millis) -> DecisionId {
    DecisionId::from_uuid(new_uuid(at, [0; 10]))
}

fn select(which: &str) -> Query<'_, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(format!("select {COLUMNS} from decisions where tenant_id = $1 and {which}")))
}

fn bind_call(rows: &mut bulk::Rows, call: Option<&CallReceipt>) {
    let bytes = |ids: &[DecisionId]| ids.iter().flat_map(|id| *id.as_bytes()).collect::<Vec<u8>>();
    rows.bind(call.map(|call| call.first.as_bytes().to_vec()))
        .bind(call.map(|call| bytes(&call.others)).filter(|others| !others.is_empty()))
        .bind(call.map(|call| i64::try_from(call.fuel).unwrap_or(i64::MAX)))
        .bind(call.map(|call| call.answer.to_vec()));
}

fn read_call(cells: &Cells<'_>) -> Result<Option<CallReceipt>, StoreError> {
    let Some(first) = cells.maybe_id("call_id", DecisionId::from_slice)? else { return Ok(None) };
    let others: Option<Vec<u8>> = cells.get("call_others")?;
    Ok(Some(CallReceipt {
        first,
        others: others.unwrap_or_default().chunks(16).filter_map(DecisionId::from_slice).collect(),
        fuel: cells.number("call_fuel")?,
        answer: cells.bytes("answer_hash")?,
    }))
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
        call: read_call(&cells)?,
        shadow: cells.get::<i64>("shadow")? != 0,
    })
}
