//! How fresh memberships are: a hundred segments over a million people, a thousand events a second, and among them
//! probes that move somebody into a segment. Measured from the probe's `202` to the moment at which another connection
//! sees it in the log that they entered; beside what it takes to get the `202`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use fastrand::Rng;
use guanxi_crowd::Crowd;
use serde_json::{Value, json};
use sqlx::AnyPool;
use tokio::time::MissedTickBehavior;

use crate::api::Api;
use crate::database::{Database, number};
use crate::measure::{self, Samples};
use crate::population::Population;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

/// The most at the 99th percentile.
const BUDGET_MS: f64 = 1_000.0;
/// Requests a second, and events of each; the first event of each request is a probe.
const PACE: u32 = 50;
const EVENTS: usize = 20;
/// How often it is looked whether a probe has entered.
const LOOK: Duration = Duration::from_millis(4);
/// How long after the last event the last probe may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);
/// The segment that probes enter.
const PROBED: &str = "probed";

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "fresh_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "fresh_postgres").await
}

async fn measured(surroundings: &Surroundings, database: Database, name: &'static str) -> Result<Vec<Row>> {
    let (people, seconds) = (surroundings.size(1_000_000, 20_000), surroundings.size(20, 5));
    let population = Population::new(people, measure::epoch_ms())?.whole();
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    population.fill(&database, &setup.store, tenant.id).await?;
    setup.close().await;
    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let api = Api::open(&server, &tenant).await?;
    let segments = segments();
    for (segment, filter) in &segments {
        api.put(&format!("/segments/{segment}"), &json!({"title": segment, "filter": filter})).await?;
    }
    let pool = database.connect().await?;
    let before = head(&pool, &tenant).await?;
    let requests = PACE as usize * seconds;
    let over = Arc::new(AtomicBool::new(false));
    let watch = tokio::spawn(watch(pool.clone(), tenant.id.0, before, requests, Arc::clone(&over)));
    let accepted = send(&client, &server, &tenant, &population, requests).await?;
    let sent = measure::now();
    over.store(true, Ordering::Relaxed);
    let seen = watch.await??;
    let behind = measure::now().duration_since(sent);
    until_decided(&pool, &tenant).await?;
    let decided = decided(&pool, &tenant, before).await?;
    ensure!(decided == requests * EVENTS, "{decided} of {} events are on timelines", requests * EVENTS);
    pool.close().await;
    server.stop().await?;
    database.remove().await?;
    let (mut samples, mut answers) = (Samples::default(), Samples::default());
    for Accepted { person, at, after } in &accepted {
        let seen = seen.get(person).with_context(|| format!("{person} did not enter"))?;
        samples.push(seen.saturating_duration_since(*at));
        answers.push(*after);
    }
    let note = format!(
        "{people} people, {} segments, {} events/s for {seconds} s on people at random; {} probes, p50 {:.0} ms, the \
         greatest {:.0} ms; the last was seen {:.0} ms after the last 202",
        segments.len(),
        PACE as usize * EVENTS,
        samples.count(),
        samples.quantile(0.5) / 1e3,
        samples.quantile(1.0) / 1e3,
        behind.as_secs_f64() * 1e3
    );
    let row = Row::new(name, samples.quantile(0.99) / 1e3, "ms").against("to the 202", answers.quantile(0.99) / 1e3);
    Ok(vec![row.at_most(BUDGET_MS).note(note)])
}

/// A hundred of many sorts: attributes, facts, orders and events of a time, and the one that probes enter.
fn segments() -> Vec<(String, Value)> {
    let mut segments = vec![(PROBED.to_owned(), json!({"attribute": "probe", "eq": "yes"}))];
    for n in 1..100_u32 {
        let filter = match n % 6 {
            0 => json!({"all": [{"attribute": "city", "eq": "上海"}, {"attribute": "points", "gte": n * 100}]}),
            1 => json!({"fact": "revenue", "gte": n * 10_000}),
            2 => json!({"fact": "last-seen", "before": format!("{n}d")}),
            3 => json!({"orders": "count", "gte": 1, "within": format!("{n}d")}),
            4 => json!({"events": "page", "count": {"gte": 1 + n / 10}, "within": format!("{n}d")}),
            _ => json!({"all": [{"stage": "customer"}, {"not": {"attribute": "points", "gte": n * 100}}]}),
        };
        segments.push((format!("segment-{n}"), filter));
    }
    segments
}

/// A probe that was answered with `202`.
struct Accepted {
    /// Whom it is about.
    person: String,
    /// When the answer came.
    at: Instant,
    /// How long it took.
    after: Duration,
}

/// Sends at the pace.
async fn send(
    client: &reqwest::Client,
    server: &Server,
    tenant: &Tenant,
    population: &Population,
    requests: usize,
) -> Result<Vec<Accepted>> {
    let crowd = &population.crowd;
    let (url, mut random) = (format!("{}/v1/batch", server.address), Rng::with_seed(5));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = Vec::with_capacity(requests);
    // Probes are nobody twice: each enters once.
    let stride = crowd.size() / u32::try_from(requests)?;
    ensure!(stride > 0, "there are fewer people than probes");
    for request in 0..requests {
        let probe = u32::try_from(request)? * stride;
        let (person, body) = (population.id(probe).to_string(), body(&mut random, crowd, request, probe));
        ticks.tick().await;
        let (client, url, key) = (client.clone(), url.clone(), tenant.write_key.clone());
        under_way.push(tokio::spawn(async move {
            let asked = measure::now();
            let accepted = server::send(&client, &url, &key, body).await?;
            ensure!(accepted == EVENTS, "{accepted} of {EVENTS} events were accepted");
            let at = measure::now();
            anyhow::Ok(Accepted { person, at, after: at.duration_since(asked) })
        }));
    }
    let mut accepted = Vec::with_capacity(requests);
    for request in under_way {
        accepted.push(request.await??);
    }
    Ok(accepted)
}

fn body(random: &mut Rng, crowd: &Crowd, request: usize, probe: u32) -> Bytes {
    let mut batch = vec![json!({
        "type": "identify", "userId": Crowd::account(probe), "traits": {"probe": "yes"}, "messageId": format!("probe-{request}"),
    })];
    for number in 1..EVENTS {
        let (user, product) = (Crowd::account(random.u32(0..crowd.size())), random.u32(0..500));
        batch.push(json!({
            "type": "page", "userId": user, "messageId": format!("fresh-{request}-{number}"), "name": "Product",
            "properties": {"path": format!("/products/{product}"), "title": "Tea"},
        }));
    }
    Bytes::from(json!({ "batch": batch }).to_string())
}

/// When each probe was seen to enter, by person; looks until all were, or nothing comes any more.
async fn watch(
    pool: AnyPool,
    tenant: i64,
    mut position: i64,
    wanted: usize,
    over: Arc<AtomicBool>,
) -> Result<HashMap<String, Instant>> {
    let (mut seen, mut ended) = (HashMap::new(), None);
    let sql = "select position, body from events
               where tenant_id = $1 and position > $2 and kind = 'guanxi.segment.entered'
               order by position";
    while seen.len() < wanted {
        let rows: Vec<(i64, String)> = sqlx::query_as(sql).bind(tenant).bind(position).fetch_all(&pool).await?;
        let now = measure::now();
        for (at, body) in rows {
            position = position.max(at);
            let body: Value = serde_json::from_str(&body)?;
            let person = body.get("person").and_then(Value::as_str).context("somebody entered")?;
            let entered = body.pointer("/properties/segments").and_then(Value::as_array);
            if entered.is_some_and(|segments| segments.contains(&json!(PROBED))) {
                seen.insert(person.to_owned(), now);
            }
        }
        if over.load(Ordering::Relaxed) && now.duration_since(*ended.get_or_insert(now)) > PATIENCE {
            bail!("{} of {wanted} probes were seen {PATIENCE:?} after the last event", seen.len());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(seen)
}

async fn head(pool: &AnyPool, tenant: &Tenant) -> Result<i64> {
    number(pool, &format!("select head from log_heads where tenant_id = {}", tenant.id.0)).await
}

/// Waits until the log is decided to its end.
pub(super) async fn until_decided(pool: &AnyPool, tenant: &Tenant) -> Result<()> {
    let sql = format!(
        "select h.head - p.position from log_heads h join log_positions p on p.tenant_id = h.tenant_id where h.tenant_id = {}",
        tenant.id.0
    );
    let start = measure::now();
    while number(pool, &sql).await? > 0 {
        ensure!(measure::now().duration_since(start) < PATIENCE, "the log was not decided in {PATIENCE:?}");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// How many of the events that were sent are on timelines.
async fn decided(pool: &AnyPool, tenant: &Tenant, before: i64) -> Result<usize> {
    let sql = format!(
        "select count(*) from timeline
         where tenant_id = {} and position > {before} and kind not like 'guanxi.%'",
        tenant.id.0
    );
    Ok(usize::try_from(number(pool, &sql).await?)?)
}
