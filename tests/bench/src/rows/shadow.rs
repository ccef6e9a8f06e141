//! What a candidate without effect costs: the same events for two tenants of one server, whose campaign decides alone and beside a
//! shadow, in turn.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use sqlx::AnyPool;

use super::ingest::{drained, send_all};
use crate::api::Api;
use crate::database::Database;
use crate::load::Load;
use crate::measure::Rounds;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

const PEOPLE: usize = 2_000;
/// Events of one request.
const BATCH: usize = 200;
const CANDIDATE: &str = "/installations/red-packet/candidate";
/// What it may cost: both decide, so a decision costs twice its fuel and its receipt; all else of an event is done once.
const RATIO: f64 = 2.0;

/// On SQLite.
pub async fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (rounds, events) = (surroundings.size(5, 2), surroundings.size(20_000, 2_000));
    let database = Database::sqlite(surroundings)?;
    let setup = Setup::open(&database.url).await?;
    let version = setup.upload(surroundings, &["red-packet"]).await?.remove("red-packet").context("a version")?;
    let (alone, beside) = (setup.tenant("alone").await?, setup.tenant("beside").await?);
    for tenant in [&alone, &beside] {
        setup.install(tenant, "red-packet", &version, config(100), &[]).await?;
    }
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let pool = database.connect().await?;
    let api = Api::open(&server, &beside).await?;
    // It asks for another amount each time: that is what it is for.
    let wish = json!({"config": config(200), "guard": {"divergence": 1, "fuel": 100}});
    api.put(CANDIDATE, &wish).await?;
    let [mut costs, mut without] = [(); 2].map(|()| Rounds::default());
    // The first round warms both up.
    for round in 0..=rounds {
        for (tenant, all) in [(&alone, &mut without), (&beside, &mut costs)] {
            let cost = cost(&client, &server, &pool, tenant, (events, round)).await?;
            if round > 0 {
                all.push(cost);
            }
        }
    }
    let seen = api.get(CANDIDATE).await?;
    let decided = number(&pool, &beside, "shadow = 1").await?;
    ensure!(seen.get("status") == Some(&json!("running")), "{seen}");
    ensure!(seen.pointer("/evidence/decisions").and_then(Value::as_i64) == Some(decided) && decided > 0, "{seen}");
    ensure!(number(&pool, &beside, "shadow = 0").await? == decided, "both decide about the same");
    ensure!(number(&pool, &alone, "shadow = 0").await? == decided, "both tenants have the same events");
    server.stop().await?;
    pool.close().await;
    database.remove().await?;
    Ok(vec![
        Row::new("shadow", costs.median(), "µs")
            .against("the campaign alone", without.median())
            .ratio_at_most(RATIO)
            .note(format!(
                "processor of an order, {events} a round, {rounds} rounds of each in turn; {decided} decisions of red-packet on each side"
            )),
    ])
}

fn config(amount: u32) -> Value {
    json!({"budget": "bench", "min": amount, "max": amount, "order_min": 1})
}

/// The server's processor time for each event, in microseconds, until nothing is left to decide.
async fn cost(
    client: &reqwest::Client,
    server: &Server,
    pool: &AnyPool,
    tenant: &Tenant,
    (events, round): (usize, usize),
) -> Result<f64> {
    let load = orders(events, round);
    let before = server.processor_seconds()?;
    send_all(client, server, tenant, &load).await?;
    drained(pool, tenant).await?;
    Ok((server.processor_seconds()? - before) * 1e6 / events as f64)
}

/// Orders, about each of which the campaign decides.
fn orders(events: usize, round: usize) -> Load {
    let order = |number: usize| {
        json!({
            "type": "track", "event": "Order Completed", "userId": (number % PEOPLE).to_string(),
            "messageId": format!("shadow-{round}-{number}"),
            "properties": {"order_id": format!("{round}-{number}"), "total": 20},
        })
    };
    let numbers: Vec<usize> = (0..events).collect();
    let batch = |numbers: &[usize]| {
        let orders: Vec<Value> = numbers.iter().map(|number| order(*number)).collect();
        Bytes::from(json!({ "batch": orders }).to_string())
    };
    let batches = numbers.chunks(BATCH).map(batch).collect();
    Load { batches, events, introductions: 0, people: PEOPLE.min(events), orders: events, revenue: 0 }
}

async fn number(pool: &AnyPool, tenant: &Tenant, which: &str) -> Result<i64> {
    let sql = format!("select count(*) from decisions where tenant_id = {} and {which}", tenant.id.0);
    crate::database::number(pool, &sql).await
}
