//! From an event's way in to the connector's request on the wire: newcomers introduce themselves at a steady pace, the
//! welcome campaign answers each through the webhook connector.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::database::Database;
use crate::load;
use crate::measure::{self, Samples};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::sink::Sink;
use crate::surroundings::Surroundings;

/// Events a second.
const PACE: usize = 500;
/// The signing key that the connector needs.
pub const SIGNING_KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// On SQLite, one request an event.
pub async fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (warm_up, measured) = (PACE * surroundings.size(3, 1), PACE * surroundings.size(20, 4));
    let sink = Sink::start().await?;
    let database = Database::sqlite(surroundings)?;
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    setup.install_all(surroundings, &tenant, &["social-value", "ror", "welcome"]).await?;
    let versions = setup.upload(surroundings, &["webhook"]).await?;
    let version = versions.get("webhook").context("just uploaded")?;
    setup.install(&tenant, "webhook", version, json!({ "url": sink.url() }), &[("signing-key", SIGNING_KEY)]).await?;
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let total = warm_up + measured;
    let bodies: Vec<_> = (0..total).map(|person| load::newcomer(person, "latency")).collect();
    let url = format!("{}/v1/identify", server.address);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PACE)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = Vec::with_capacity(total);
    for body in bodies {
        ticks.tick().await;
        let (client, url, key) = (client.clone(), url.clone(), tenant.write_key.clone());
        requests.push(tokio::spawn(async move {
            let start = measure::now();
            let accepted = server::send(&client, &url, &key, body).await?;
            anyhow::Ok((start, measure::now().duration_since(start), accepted))
        }));
    }
    let (mut sent, mut answered) = (Vec::with_capacity(total), Samples::default());
    for request in requests {
        let (start, took, accepted) = request.await??;
        ensure!(accepted == 1, "an event was not accepted");
        sent.push(start);
        answered.push(took);
    }
    let arrivals = sink.wait_for(total).await?;
    server.stop().await?;
    database.remove().await?;
    let mut latency = latencies(&sent, &arrivals, warm_up)?;
    ensure!(latency.count() == measured, "{} latencies instead of {measured}", latency.count());
    let p50 = latency.quantile(0.5) / 1e3;
    Ok(vec![
        Row::new("latency_p99", latency.quantile(0.99) / 1e3, "ms").at_most(25.0).note(format!(
            "{PACE} events/s for {} s, from before the client's request to the sink's handler; p50 {p50:.1} ms, p99.9 {:.1} \
             ms; the 202 came after p50 {:.1} ms, p99 {:.1} ms",
            measured / PACE,
            latency.quantile(0.999) / 1e3,
            answered.quantile(0.5) / 1e3,
            answered.quantile(0.99) / 1e3,
        )),
    ])
}

/// How long each message took after the warm-up; each must have arrived exactly once.
pub fn latencies(sent: &[Instant], arrivals: &[(usize, Instant)], warm_up: usize) -> Result<Samples> {
    let mut first = HashMap::with_capacity(arrivals.len());
    for (person, at) in arrivals {
        ensure!(first.insert(*person, *at).is_none(), "the message to {person} arrived twice");
    }
    let mut samples = Samples::default();
    for (person, start) in sent.iter().enumerate() {
        let arrived = first.get(&person).with_context(|| format!("no message to {person} arrived"))?;
        if person >= warm_up {
            samples.push(arrived.duration_since(*start));
        }
    }
    Ok(samples)
}
