//! Messages out of a full outbox through the webhook connector to a sink, beside a bare HTTP client that posts the same
//! bodies to the same sink.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use reqwest::Client;
use serde_json::json;

use super::latency::SIGNING_KEY;
use crate::database::{Database, number};
use crate::measure::{self, Rounds, rate};
use crate::outbox;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::sink::Sink;
use crate::surroundings::Surroundings;

/// Requests under way at once, as the host has them for one connector.
const CONCURRENCY: usize = 32;

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "delivery_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "delivery_postgres").await
}

/// Bare client, product, bare client and so on; each time on a database of its own, of the kind of `like`.
async fn measured(surroundings: &Surroundings, like: Database, name: &'static str) -> Result<Vec<Row>> {
    let (rounds, count) = (surroundings.size(3, 1), surroundings.size(20_000, 3_000));
    let sink = Sink::start().await?;
    let client = server::client()?;
    let [mut ours, mut bare, mut settled] = [(); 3].map(|()| Rounds::default());
    for _ in 0..rounds {
        bare.push(post_all(&client, &sink, count).await?);
        let database = like.another(surroundings).await?;
        let (delivered, finished) = deliver_all(surroundings, database, &client, &sink, count).await?;
        ours.push(delivered);
        settled.push(finished);
    }
    like.remove().await?;
    Ok(vec![
        Row::new(name, ours.median(), "messages/s").against("bare client", bare.median()).at_least(5_000.0).note(format!(
            "{count} messages of one queue, signed, each settled with attempt and event in the log (the last one at {:.0}/s \
             from the start); both with {CONCURRENCY} requests at once to the same sink",
            settled.median()
        )),
    ])
}

async fn post_all(client: &Client, sink: &Sink, count: usize) -> Result<f64> {
    let start = measure::now();
    futures::stream::iter(0..count)
        .map(|number| {
            let body = json!({ "id": "msg_01998d2e6a5e7c3a9b7d4f1a2b3c4d5e", "address": format!("user:{number}"), "created": 1_763_719_200_000_i64, "content": outbox::content() });
            let request = client
                .post(sink.url())
                .header("content-type", "application/json")
                .header("webhook-id", "msg_01998d2e6a5e7c3a9b7d4f1a2b3c4d5e")
                .header("webhook-timestamp", "1763719200")
                .header("webhook-signature", "v1,q4e8ZYfmnMp98z925RjzRrUKieGEMRyUI0b/0JY1grE=")
                .body(Bytes::from(body.to_string()));
            async move { anyhow::Ok(request.send().await?.error_for_status()?.bytes().await?) }
        })
        .buffer_unordered(CONCURRENCY)
        .try_for_each(|_| std::future::ready(Ok(())))
        .await?;
    let time = measure::now().duration_since(start);
    sink.wait_for(count).await?;
    Ok(rate(count, time))
}

/// Messages a second on the wire, and until the last one is settled.
async fn deliver_all(
    surroundings: &Surroundings,
    database: Database,
    client: &Client,
    sink: &Sink,
    count: usize,
) -> Result<(f64, f64)> {
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    let versions = setup.upload(surroundings, &["webhook"]).await?;
    let version = versions.get("webhook").context("just uploaded")?;
    let secrets = [("signing-key", SIGNING_KEY)];
    let connector = setup.install(&tenant, "webhook", version, json!({ "url": sink.url() }), &secrets).await?;
    outbox::fill(&setup, &tenant, connector, count).await?;
    setup.close().await;

    let server = Server::start(surroundings, &database, client).await?;
    let arrivals = sink.wait_for(count).await?;
    let times = arrivals.iter().map(|(_, at)| *at);
    let (first, last) = (times.clone().min().context("arrivals")?, times.max().context("arrivals")?);
    let pool = database.connect().await?;
    let id = tenant.id.0;
    let sent = format!("select count(*) from messages where tenant_id = {id} and status = 'sent'");
    let whole = i64::try_from(count)?;
    while number(&pool, &sent).await? < whole {
        let waited = measure::now().duration_since(last);
        ensure!(waited < Duration::from_secs(30), "not all messages are settled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let settled = measure::now().duration_since(first);
    server.stop().await?;
    let different: HashSet<usize> = arrivals.iter().map(|(person, _)| *person).collect();
    ensure!(different.len() == count && sink.count() == 0, "a message arrived twice");
    for table in ["attempts", "events"] {
        let rows = number(&pool, &format!("select count(*) from {table} where tenant_id = {id}")).await?;
        ensure!(rows == whole, "{rows} {table} for {count} messages");
    }
    pool.close().await;
    database.remove().await?;
    Ok((rate(count - 1, last.duration_since(first)), rate(count, settled)))
}
