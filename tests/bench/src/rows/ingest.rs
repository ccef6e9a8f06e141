//! Events over HTTP to the real server, durable, recognised, decided by three plugins, delivered to the sandbox; then
//! everything is counted, and the rows that came of it are inserted barely into an empty database of the same kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;
use sqlx::AnyPool;

use crate::database::{Database, Rows, number};
use crate::load::{self, Load};
use crate::measure::{self, rate};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

const PLUGINS: [&str; 4] = ["social-value", "ror", "welcome", "sandbox"];
const CONNECTIONS: usize = 8;
/// The longest that the log may take to be worked off.
const PATIENCE: Duration = Duration::from_secs(180);

/// What one run came to.
struct Outcome {
    /// Events a second, from the first request to the last decision.
    rate: f64,
    /// Events a second until the last was accepted.
    accepted: f64,
    /// The server's processor time for each event, in microseconds.
    processor: f64,
    /// Rows a run left, and the same events a second when these rows are inserted barely.
    rows: usize,
    bare: f64,
}

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let outcome = measured(surroundings, Database::sqlite(surroundings)?).await?;
    Ok(vec![row("ingest_sqlite", &outcome)])
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let outcome = measured(surroundings, Database::postgres(surroundings).await?).await?;
    Ok(vec![row("ingest_postgres", &outcome)])
}

fn row(name: &'static str, outcome: &Outcome) -> Row {
    let Outcome { rate, accepted, processor, rows, bare } = outcome;
    Row::new(name, *rate, "events/s").against("bare inserts", *bare).at_least(6_000.0).note(format!(
        "accepted at {accepted:.0}/s; {processor:.0} µs of processor each; bare: the {rows} rows that the run left in 12 \
         tables, 256 a statement, 4,096 a durable transaction; 20,000 people, decided by social-value, ror, welcome"
    ))
}

async fn measured(surroundings: &Surroundings, database: Database) -> Result<Outcome> {
    let load = load::realistic(surroundings.size(80_000, 10_000), 1);
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    setup.install_all(surroundings, &tenant, &PLUGINS).await?;
    let warm = setup.tenant("warm").await?;
    setup.install_all(surroundings, &warm, &PLUGINS).await?;
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let pool = database.connect().await?;
    // Another tenant warms caches and connections, so that the counts of the measured one stay exact.
    let warm_up = load::realistic(2_000, 2);
    send_all(&client, &server, &warm, &warm_up).await?;
    drained(&pool, &warm).await?;

    let used = server.processor_seconds()?;
    let start = measure::now();
    send_all(&client, &server, &tenant, &load).await?;
    let accepted = measure::now().duration_since(start);
    let last = head(&pool, &tenant).await?;
    wait_for(&pool, &position_sql(&tenant), |position| position >= last).await?;
    let decided = measure::now().duration_since(start);
    let used = server.processor_seconds()? - used;
    drained(&pool, &tenant).await?;
    server.stop().await?;
    check(&pool, &tenant, &load).await?;

    let rows = Rows::read(&database, &pool).await?;
    pool.close().await;
    let bare = bare(surroundings, &database, &tenant, &rows).await?;
    database.remove().await?;
    Ok(Outcome {
        rate: rate(load.events, decided),
        accepted: rate(load.events, accepted),
        processor: used * 1e6 / load.events as f64,
        rows: rows.count(),
        bare: rate(load.events + warm_up.events, bare),
    })
}

pub(super) async fn send_all(client: &Client, server: &Server, tenant: &Tenant, load: &Load) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::new(AtomicUsize::new(0));
    let send = |_| {
        let (client, next, accepted) = (client.clone(), Arc::clone(&next), Arc::clone(&accepted));
        let (url, key, batches) =
            (format!("{}/v1/batch", server.address), tenant.write_key.clone(), load.batches.clone());
        tokio::spawn(async move {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                accepted.fetch_add(server::send(&client, &url, &key, batch.clone()).await?, Ordering::Relaxed);
            }
            anyhow::Ok(())
        })
    };
    for connection in (0..CONNECTIONS).map(send).collect::<Vec<_>>() {
        connection.await??;
    }
    let accepted = accepted.load(Ordering::Relaxed);
    ensure!(accepted == load.events, "{accepted} of {} events were accepted", load.events);
    Ok(())
}

async fn head(pool: &AnyPool, tenant: &Tenant) -> Result<i64> {
    number(pool, &format!("select head from log_heads where tenant_id = {}", tenant.id.0)).await
}

fn position_sql(tenant: &Tenant) -> String {
    format!("select position from log_positions where tenant_id = {}", tenant.id.0)
}

async fn wait_for(pool: &AnyPool, sql: &str, good: impl Fn(i64) -> bool) -> Result<()> {
    let start = measure::now();
    while measure::now().duration_since(start) < PATIENCE {
        if good(number(pool, sql).await?) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("`{sql}` did not get there in {PATIENCE:?}")
}

/// Waits until nothing is left to decide or deliver.
pub(super) async fn drained(pool: &AnyPool, tenant: &Tenant) -> Result<()> {
    let id = tenant.id.0;
    let open = format!("select count(*) from messages where tenant_id = {id} and status in ('queued', 'sending')");
    wait_for(pool, &open, |open| open == 0).await?;
    let behind = format!(
        "select h.head - p.position from log_heads h join log_positions p on p.tenant_id = h.tenant_id where h.tenant_id = {id}"
    );
    wait_for(pool, &behind, |behind| behind == 0).await
}

/// Every accepted event is decided exactly once, and the sums agree.
async fn check(pool: &AnyPool, tenant: &Tenant, load: &Load) -> Result<()> {
    let whole = |count: usize| i64::try_from(count).context("a count");
    let mine = format!("tenant_id = {}", tenant.id.0);
    let facts = [
        (
            "events of ours",
            format!("select count(*) from events where {mine} and kind not like 'guanxi.%'"),
            whole(load.events)?,
        ),
        (
            "different messages",
            format!("select count(distinct message_id) from events where {mine} and kind not like 'guanxi.%'"),
            whole(load.events)?,
        ),
        (
            "events on no timeline",
            format!("select (select count(*) from events where {mine}) - (select count(*) from timeline where {mine})"),
            0,
        ),
        ("dead letters", format!("select count(*) from dead_letters where {mine}"), 0),
        ("people", format!("select count(*) from people where {mine}"), whole(load.people)?),
        (
            "events that people remember",
            format!("select cast(sum(event_count) as bigint) from people where {mine}"),
            whole(load.events)?,
        ),
        ("decisions", format!("select count(*) from decisions where {mine}"), whole(load.introductions)?),
        (
            "different decisions",
            format!("select count(*) from (select distinct position, installation_id from decisions where {mine}) d"),
            whole(load.introductions)?,
        ),
        ("failed decisions", format!("select count(*) from decisions where {mine} and outcome = 'failed'"), 0),
        (
            "messages sent",
            format!("select count(*) from messages where {mine} and status = 'sent'"),
            whole(load.people)?,
        ),
        (
            "events of messages",
            format!("select count(*) from events where {mine} and kind = 'guanxi.message'"),
            whole(load.people)?,
        ),
        ("orders", format!("select count(*) from orders where {mine}"), whole(load.orders)?),
        ("cents of orders", format!("select cast(sum(amount) as bigint) from orders where {mine}"), load.revenue),
        (
            "cents that people remember",
            format!("select cast(sum(revenue) as bigint) from people where {mine}"),
            load.revenue,
        ),
        (
            "orders that people remember",
            format!("select cast(sum(order_count) as bigint) from people where {mine}"),
            whole(load.orders)?,
        ),
        (
            "people with a social value",
            format!("select count(*) from scores where {mine} and name = 'social-value'"),
            whole(load.people)?,
        ),
    ];
    for (what, sql, expected) in facts {
        let found = number(pool, &sql).await?;
        ensure!(found == expected, "{what}: {found} instead of {expected}");
    }
    Ok(())
}

/// How long the bare inserts of the same rows take; the better of two, in the product's disfavour.
pub(super) async fn bare(
    surroundings: &Surroundings,
    like: &Database,
    tenant: &Tenant,
    rows: &Rows,
) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..2 {
        let database = like.another(surroundings).await?;
        let setup = Setup::open(&database.url).await?;
        let same = setup.tenant(&tenant.slug).await?;
        setup.tenant("warm").await?;
        ensure!(same.id == tenant.id, "tenants are numbered in their order");
        setup.close().await;
        let pool = database.connect().await?;
        best = best.min(rows.insert(&database, &pool).await?);
        pool.close().await;
        database.remove().await?;
    }
    Ok(best)
}
