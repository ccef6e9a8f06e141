//! How long replies of one tenant take while campaigns of others compute as much as they can, on one server.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::latency::{SIGNING_KEY, latencies};
use crate::database::Database;
use crate::load;
use crate::measure::{self, Samples};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::sink::Sink;
use crate::surroundings::Surroundings;

/// Tenants whose campaign computes.
const BUSY: usize = 4;
/// Newcomers a second of the tenant that answers them.
const PACE: usize = 50;
/// Events of one request of a busy tenant.
const BATCH: usize = 500;

/// On SQLite, first alone, then beside the others.
pub async fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let count = PACE * surroundings.size(20, 4);
    let sink = Sink::start().await?;
    let database = Database::sqlite(surroundings)?;
    let setup = Setup::open(&database.url).await?;
    let quiet = setup.tenant("quiet").await?;
    setup.install_all(surroundings, &quiet, &["welcome"]).await?;
    let versions = setup.upload(surroundings, &["webhook"]).await?;
    let version = versions.get("webhook").context("just uploaded")?;
    setup.install(&quiet, "webhook", version, json!({ "url": sink.url() }), &[("signing-key", SIGNING_KEY)]).await?;
    let worker = setup.upload_package(surroundings.guest_package("hard-worker")?).await?;
    let mut busy = Vec::with_capacity(BUSY);
    for number in 0..BUSY {
        let tenant = setup.tenant(&format!("busy-{number}")).await?;
        setup.install(&tenant, "hard-worker", &worker, json!({}), &[]).await?;
        busy.push(tenant);
    }
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let warm_up = PACE;
    let alone = introduce(&client, &server, &quiet, 0..warm_up + count).await?;
    let mut noise = JoinSet::new();
    for (number, tenant) in busy.iter().enumerate() {
        noise.spawn(disturb(client.clone(), format!("{}/v1/batch", server.address), tenant.write_key.clone(), number));
    }
    // Until there is more to do than can be done.
    while server.processor_seconds()? < 1.0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let next = warm_up + count;
    let before = server.processor_seconds()?;
    let beside = introduce(&client, &server, &quiet, next..next + warm_up + count).await?;
    let burnt = server.processor_seconds()? - before;
    ensure!(noise.try_join_next().is_none(), "a busy tenant had nothing more to do");
    let arrivals = sink.wait_for(2 * next).await?;
    noise.shutdown().await;
    server.kill().await?;
    database.remove().await?;

    let sent: Vec<Instant> = alone.into_iter().chain(beside).collect();
    let (first, second): (Vec<_>, Vec<_>) = arrivals.into_iter().partition(|(person, _)| *person < next);
    let second: Vec<_> = second.into_iter().map(|(person, at)| (person - next, at)).collect();
    let (sent_first, sent_second) = sent.split_at(next);
    let mut alone = latencies(sent_first, &first, warm_up)?;
    let mut beside = latencies(sent_second, &second, warm_up)?;
    let p99 = |samples: &mut Samples| samples.quantile(0.99) / 1e3;
    let middle = beside.quantile(0.5) / 1e3;
    Ok(vec![
        Row::new("share_p99", p99(&mut beside), "ms").against("alone", p99(&mut alone)).at_most(250.0).note(format!(
            "{PACE} newcomers/s, from the client's request to the sink's handler, beside {BUSY} tenants whose campaigns compute all \
             the time ({burnt:.0} s of processor in {} s); p50 {middle:.1} ms",
            (warm_up + count) / PACE
        )),
    ])
}

/// Sends newcomers at a steady pace; when each was sent.
async fn introduce(
    client: &reqwest::Client,
    server: &Server,
    tenant: &Tenant,
    people: std::ops::Range<usize>,
) -> Result<Vec<Instant>> {
    let url = format!("{}/v1/identify", server.address);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PACE)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = Vec::with_capacity(people.len());
    for person in people {
        let body = load::newcomer(person, "share");
        ticks.tick().await;
        let (client, url, key) = (client.clone(), url.clone(), tenant.write_key.clone());
        requests.push(tokio::spawn(async move {
            let start = measure::now();
            ensure!(server::send(&client, &url, &key, body).await? == 1, "an event was not accepted");
            Ok(start)
        }));
    }
    let mut sent = Vec::with_capacity(requests.len());
    for request in requests {
        sent.push(request.await??);
    }
    Ok(sent)
}

/// Sends batch after batch, as fast as they are taken.
async fn disturb(client: reqwest::Client, url: String, key: String, tenant: usize) -> Result<()> {
    for round in 0_u64.. {
        let message = |number: usize| {
            json!({
                "type": "track", "event": "Product Viewed", "userId": format!("{}", number % 200),
                "messageId": format!("noise-{tenant}-{round}-{number}"), "properties": {},
            })
        };
        let batch: Vec<_> = (0..BATCH).map(message).collect();
        server::send(&client, &url, &key, Bytes::from(json!({ "batch": batch }).to_string())).await?;
    }
    Ok(())
}
