//! A backtest of a Rust campaign by the real server, from the request to the last decision, beside the same calls alone. What a
//! receipt costs is measured where they are written.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use guanxi_domain::campaign::{Decision, Moment};
use guanxi_domain::ids::{DecisionId, InstallationId, PersonId, new_uuid};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::receipt::{CallReceipt, answer_hash, keep_input};
use guanxi_runtime::{Plugin, Runtime, RuntimeOptions};
use guanxi_store::{DecisionRow, Scope};
use serde_json::{Value, json};

use crate::api::Api;
use crate::database::Database;
use crate::measure;
use crate::moments::{WELCOME_CONFIG, introduction};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

/// Moments of one call, and receipts of one transaction: four calls.
const CALL: usize = 256;
const PIECE: usize = 4 * CALL;
/// Decisions a second.
const RATE: f64 = 20_000.0;
/// What a receipt may cost, in microseconds: 15 % of what an event may at 6,000 a second.
const RECEIPT: f64 = 25.0;
const POLL: Duration = Duration::from_millis(50);

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, ["backtest_sqlite", "receipt_sqlite"]).await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, ["backtest_postgres", "receipt_postgres"]).await
}

async fn measured(surroundings: &Surroundings, database: Database, names: [&'static str; 2]) -> Result<Vec<Row>> {
    let decisions = surroundings.size(400_000, 20_000) / PIECE * PIECE;
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    let version = setup.upload(surroundings, &["welcome"]).await?.remove("welcome").context("a version")?;
    let installation = setup.install(&tenant, "welcome", &version, json!({}), &[]).await?;
    let plugin = surroundings.loaded(&Runtime::new(RuntimeOptions::default())?, "welcome")?;
    let past = Past { setup: &setup, tenant: &tenant, installation, plugin, now: measure::epoch_ms() - 1_000_000 };
    let (alone, written) = past.fill(decisions).await?;
    database.settle().await?;
    setup.close().await;

    let server = Server::start(surroundings, &database, &server::client()?).await?;
    let api = Api::open(&server, &tenant).await?;
    let asked = api.post_document("/backtests", &json!({"installation": "welcome"})).await?;
    let path = format!("/backtests/{}", asked.get("id").and_then(Value::as_str).context("an id")?);
    let done = loop {
        let now = api.get(&path).await?;
        if now.get("ended_at").is_some_and(Value::is_i64) {
            break now;
        }
        tokio::time::sleep(POLL).await;
    };
    let found = done.get("difference").context("a difference")?;
    let counts = ["decisions", "differ", "missing"].map(|name| found.get(name).and_then(Value::as_u64));
    ensure!(counts == [Some(u64::try_from(decisions)?), Some(0), Some(0)], "{done}");
    let time = |name: &str| done.get(name).and_then(Value::as_i64).with_context(|| format!("{name} of {done}"));
    let took = (time("ended_at")? - time("requested_at")?).max(1) as f64 / 1e3;
    server.stop().await?;
    database.remove().await?;
    let per_decision = |time: Duration| time.as_secs_f64() * 1e6 / decisions as f64;
    let [backtest, receipt] = names;
    Ok(vec![
        Row::new(backtest, decisions as f64 / took, "/s")
            .against("the calls alone", decisions as f64 / alone.as_secs_f64())
            .at_least(RATE)
            .note(format!("{decisions} decisions of welcome, from the request to the last of them; {took:.1} s")),
        Row::new(receipt, per_decision(written), "µs")
            .against("its share of the call", per_decision(alone))
            .at_most(RECEIPT)
            .note(format!(
                "{PIECE} a transaction, each with its input of {} bytes; 15 % of what an event may take at 6,000/s",
                keep_input(&introduction(), usize::MAX).len()
            )),
    ])
}

/// What was decided before.
struct Past<'a> {
    setup: &'a Setup,
    tenant: &'a Tenant,
    installation: InstallationId,
    plugin: Plugin,
    now: i64,
}

impl Past<'_> {
    /// Decides about so many people who are introduced, as the pipeline does, and keeps the receipts; how long the calls took,
    /// and the writing.
    async fn fill(&self, decisions: usize) -> Result<(Duration, Duration)> {
        let (mut alone, mut written) = (Duration::ZERO, Duration::ZERO);
        for first in (0..decisions).step_by(PIECE) {
            let mut rows = Vec::with_capacity(PIECE);
            for call in (first..first + PIECE).step_by(CALL) {
                let ids: Vec<uuid::Uuid> = (call..call + CALL).map(|n| self.id(n)).collect();
                let moments: Vec<Moment> = ids.iter().map(|id| of(*id)).collect();
                let (time, answered) =
                    measure::timed(|| self.plugin.decide(WELCOME_CONFIG, &moments, &CallLimits::default()));
                alone += time;
                let answers: Vec<Decision> = answered.result?.into_iter().collect::<Result<_, _>>()?;
                rows.extend(self.receipts(call, &ids, &moments, answers, answered.fuel)?);
            }
            let start = measure::now();
            let mut work = self.setup.store.begin_unhurried(Scope::Tenant(self.tenant.id)).await?;
            work.insert_decisions(self.tenant.id, &rows).await?;
            work.commit().await?;
            written += measure::now().duration_since(start);
        }
        Ok((alone, written))
    }

    fn id(&self, n: usize) -> uuid::Uuid {
        let [.., a, b, c, d] = n.to_be_bytes();
        new_uuid(self.now + i64::try_from(n / CALL).unwrap_or_default(), [0, 0, 0, 0, 0, 0, a, b, c, d])
    }

    fn receipts(
        &self,
        call: usize,
        ids: &[uuid::Uuid],
        moments: &[Moment],
        answers: Vec<Decision>,
        fuel: u64,
    ) -> Result<Vec<DecisionRow>> {
        let decisions: Vec<DecisionId> = ids.iter().copied().map(DecisionId::from_uuid).collect();
        let hashes: Vec<[u8; 32]> = answers.iter().map(|answer| answer_hash(&Ok(answer.clone()))).collect();
        let calls = CallReceipt::of_each(&decisions, &hashes, fuel);
        let row = |(index, (answer, receipt)): (usize, (Decision, CallReceipt))| -> Result<DecisionRow> {
            let moment = moments.get(index).context("a moment for each answer")?;
            Ok(DecisionRow {
                id: *decisions.get(index).context("an id for each answer")?,
                installation: self.installation,
                person: PersonId::from_uuid(*ids.get(index).context("a person for each answer")?),
                position: i64::try_from(call + index)?,
                at: self.now,
                digest: String::from("of the bench"),
                config_hash: String::from("of the bench"),
                outcome: "acted".to_owned(),
                operations: json!(answer.operations.iter().map(done).collect::<Vec<Value>>()).to_string(),
                reasons: json!(answer.reasons).to_string(),
                log: "[]".to_owned(),
                input: keep_input(moment, usize::MAX),
                seed: moment.seed,
                fuel: fuel / CALL as u64,
                call: Some(receipt),
                shadow: false,
            })
        };
        answers.into_iter().zip(calls).enumerate().map(row).collect()
    }
}

/// The introduction of somebody.
fn of(id: uuid::Uuid) -> Moment {
    let mut moment = introduction();
    moment.person.id = PersonId::from_uuid(id).to_string();
    moment
}

/// An operation as receipts keep it.
fn done(operation: &guanxi_domain::campaign::Operation) -> Value {
    let mut done = json!(operation);
    if let Some(fields) = done.as_object_mut() {
        fields.insert("outcome".to_owned(), "done".into());
    }
    done
}
