//! What a channel sends, through its connector into the log: signed webhooks of LINE over HTTP to the real server, each
//! verified and durable before its answer, beside a handler that verifies the same signature and keeps nothing.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use serde_json::json;
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::database::{Database, number};
use crate::measure::{self, Rounds, rate};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::surroundings::Surroundings;

/// Requests under way at once: as many as the host takes of one tenant.
const CONCURRENCY: usize = 32;
const SIGNATURE: &str = "x-line-signature";
const CHANNEL_SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";

/// A request, with its signature.
#[derive(Clone)]
struct Signed {
    body: Bytes,
    signature: String,
}

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "hooks_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "hooks_postgres").await
}

async fn measured(surroundings: &Surroundings, database: Database, name: &'static str) -> Result<Vec<Row>> {
    let (rounds, count) = (surroundings.size(3, 1), surroundings.size(20_000, 1_000));
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    let versions = setup.upload(surroundings, &["line"]).await?;
    let secrets = [("channel-secret", CHANNEL_SECRET), ("channel-access-token", "token")];
    let version = versions.get("line").context("just uploaded")?;
    setup.install(&tenant, "line", version, json!({}), &secrets).await?;
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let hook = format!("{}/hooks/{}/line", server.address, tenant.slug);
    let bare_hook = bare_handler().await?;
    let pool = database.connect().await?;
    let [mut ours, mut bare] = [(); 2].map(|()| Rounds::default());
    // The plugin is loaded meanwhile.
    let warm_up = CONCURRENCY;
    send_all(&client, &hook, 0, warm_up).await?;
    for round in 0..rounds {
        bare.push(rate(count, send_all(&client, &bare_hook, warm_up + round * count, count).await?));
        ours.push(rate(count, send_all(&client, &hook, warm_up + round * count, count).await?));
    }
    let kept = number(&pool, &format!("select count(*) from events where tenant_id = {}", tenant.id.0)).await?;
    let sent = i64::try_from(warm_up + rounds * count)?;
    ensure!(kept == sent, "{kept} events of {sent} requests");
    pool.close().await;
    server.stop().await?;
    database.remove().await?;
    let note = format!(
        "{count} signed webhooks of LINE of one message each, {CONCURRENCY} at once; bare: the same requests to a handler \
         that only verifies the signature"
    );
    Ok(vec![
        Row::new(name, ours.median(), "requests/s").against("bare handler", bare.median()).at_least(3_000.0).note(note),
    ])
}

/// Sends `count` requests, all of which must be taken; how long that took.
async fn send_all(client: &Client, url: &str, first: usize, count: usize) -> Result<Duration> {
    let requests: Vec<Signed> = (first..first + count).map(signed).collect::<Result<_>>()?;
    let start = measure::now();
    futures::stream::iter(requests)
        .map(|Signed { body, signature }| async move {
            let answer = client.post(url).header(SIGNATURE, signature).body(body).send().await?;
            ensure!(answer.status() == StatusCode::OK, "answered {}: {}", answer.status(), answer.text().await?);
            answer.bytes().await?;
            anyhow::Ok(())
        })
        .buffer_unordered(CONCURRENCY)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    Ok(measure::now().duration_since(start))
}

fn signed(number: usize) -> Result<Signed> {
    let body = json!({
        "destination": "U1f3b0b1e6a5e7c3a9b7d4f1a2b3c4d5e",
        "events": [{
            "type": "message", "mode": "active", "timestamp": measure::epoch_ms(), "webhookEventId": format!("01H{number:023}"),
            "source": { "type": "user", "userId": format!("U{:032x}", number % 2_000) },
            "deliveryContext": { "isRedelivery": false }, "replyToken": "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA",
            "message": { "id": number.to_string(), "type": "text", "text": "请问春茶什么时候到？" },
        }],
    });
    let body = Bytes::from(body.to_string());
    Ok(Signed { signature: STANDARD.encode(mac(&body)?.finalize().into_bytes()), body })
}

fn mac(body: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(CHANNEL_SECRET.as_bytes()).context("a key of any length")?;
    mac.update(body);
    Ok(mac)
}

/// What somebody would write who only wants to know whether it is the channel who asks.
async fn bare_handler() -> Result<String> {
    let verify = async |headers: HeaderMap, body: Bytes| {
        let signature = headers.get(SIGNATURE).and_then(|value| STANDARD.decode(value).ok()).unwrap_or_default();
        match mac(&body).is_ok_and(|mac| mac.verify_slice(&signature).is_ok()) {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(axum::serve(listener, Router::new().fallback(post(verify))).into_future());
    Ok(format!("http://{address}/"))
}
