//! How long replies of one tenant take while campaigns of others work off what they have to, on one server.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::json;
use tokio::task::JoinSet;

use super::latency::{SIGNING_KEY, latencies};
use crate::database::Database;
use crate::measure::Samples;
use crate::newcomers;
use crate::report::Row;
use crate::server::{self, OPERATOR_TOKEN, Server};
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
    let (count, backlog) = (PACE * surroundings.size(20, 4), surroundings.size(60_000, 10_000));
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
    // Plugins are loaded meanwhile.
    let warm_up = 3 * PACE;
    let alone = newcomers::introduce(&client, &server, &quiet, PACE, 0..warm_up + count).await?;
    let mut campaigns = JoinSet::new();
    for (number, tenant) in busy.iter().enumerate() {
        let url = format!("{}/v1/batch", server.address);
        campaigns.spawn(load_campaign(client.clone(), url, tenant.write_key.clone(), number, backlog));
    }
    while let Some(sent) = campaigns.join_next().await {
        sent??;
    }
    let next = warm_up + count;
    let before = server.processor_seconds()?;
    let beside = newcomers::introduce(&client, &server, &quiet, PACE, next..next + warm_up + count).await?;
    let arrivals = sink.wait_for(2 * next).await?;
    let burnt = server.processor_seconds()? - before;
    for tenant in &busy {
        let done = worked_off(&client, &server, tenant).await?;
        ensure!(done < backlog, "the campaign of {} was over before the replies", tenant.slug);
    }
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
            "{PACE} newcomers/s, from the client's request to the sink's handler, beside {BUSY} tenants whose campaigns decide about \
             {backlog} events each ({burnt:.0} s of processor in {} s); p50 {middle:.1} ms",
            (warm_up + count) / PACE
        )),
    ])
}

/// Sends so many events, which a campaign decides about then.
async fn load_campaign(client: reqwest::Client, url: String, key: String, tenant: usize, events: usize) -> Result<()> {
    for first in (0..events).step_by(BATCH) {
        let message = |number: usize| {
            json!({
                "type": "track", "event": "Product Viewed", "userId": format!("{}", number % 200),
                "messageId": format!("campaign-{tenant}-{number}"), "properties": {},
            })
        };
        let batch: Vec<_> = (first..first + BATCH).map(message).collect();
        server::send(&client, &url, &key, Bytes::from(json!({ "batch": batch }).to_string())).await?;
    }
    Ok(())
}

/// How many events a tenant's campaign has decided about.
async fn worked_off(client: &reqwest::Client, server: &Server, tenant: &Tenant) -> Result<usize> {
    let url = format!("{}/api/v1/tenants/{}/usage", server.address, tenant.slug);
    let usage = client.get(url).bearer_auth(OPERATOR_TOKEN).send().await?.error_for_status()?.bytes().await?;
    let usage: serde_json::Value = serde_json::from_slice(&usage)?;
    let items = usage.pointer("/installations/0/items").and_then(serde_json::Value::as_u64).unwrap_or_default();
    Ok(usize::try_from(items)?)
}
