//! How long replies of one tenant take while another's campaign of many messages goes out and a third one's provider hangs.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::latency::{SIGNING_KEY, latencies};
use crate::database::Database;
use crate::measure::Samples;
use crate::newcomers;
use crate::outbox;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::sink::{Hole, Sink};
use crate::surroundings::Surroundings;

/// Newcomers a second of the tenant that answers them.
const PACE: usize = 50;
/// Messages to the provider that hangs.
const HANGING: usize = 1_000;

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "reply_p99_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "reply_p99_postgres").await
}

/// What one run came to.
struct Replies {
    latency: Samples,
    /// Messages of the campaign that went out meanwhile, and requests that hung.
    out: usize,
    hung: usize,
}

/// Alone, then beside the others; each time on a database of its own.
async fn measured(surroundings: &Surroundings, database: Database, name: &'static str) -> Result<Vec<Row>> {
    let campaign = surroundings.size(100_000, 5_000);
    let mut alone = answered(surroundings, database.another(surroundings).await?, None).await?;
    let mut beside = answered(surroundings, database, Some(campaign)).await?;
    let Replies { out, hung, .. } = beside;
    ensure!(out > 0 && hung > 0, "nothing else went out meanwhile");
    ensure!(surroundings.quick || out < campaign, "the campaign was over before the replies");
    let p50 = beside.latency.quantile(0.5) / 1e3;
    let [beside, alone] = [&mut beside, &mut alone].map(|replies| replies.latency.quantile(0.99) / 1e3);
    Ok(vec![Row::new(name, beside, "ms").against("alone", alone).at_most(25.0).note(format!(
        "{PACE} newcomers/s, from the client's request to the sink's handler, while {out} of {campaign} messages of another \
         tenant went out and {hung} requests hung at a third one's provider; p50 {p50:.1} ms"
    ))])
}

async fn answered(surroundings: &Surroundings, database: Database, campaign: Option<usize>) -> Result<Replies> {
    let (warm_up, count) = (3 * PACE, PACE * surroundings.size(8, 2));
    let (sink, crowd, hole) = (Sink::start().await?, Sink::start().await?, Hole::start().await?);
    let setup = Setup::open(&database.url).await?;
    let versions = setup.upload(surroundings, &["webhook"]).await?;
    let version = versions.get("webhook").context("just uploaded")?;
    let secrets = [("signing-key", SIGNING_KEY)];
    let quiet = setup.tenant("quiet").await?;
    setup.install_all(surroundings, &quiet, &["welcome"]).await?;
    setup.install(&quiet, "webhook", version, json!({ "url": sink.url() }), &secrets).await?;
    let others = campaign.map(|campaign| [("loud", crowd.url(), campaign), ("stuck", hole.url(), HANGING)]);
    for (slug, url, messages) in others.into_iter().flatten() {
        let tenant = setup.tenant(slug).await?;
        let connector = setup.install(&tenant, "webhook", version, json!({ "url": url }), &secrets).await?;
        outbox::fill(&setup, &tenant, connector, messages).await?;
    }
    setup.close().await;

    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let sent = newcomers::introduce(&client, &server, &quiet, PACE, 0..warm_up + count).await?;
    let arrivals = sink.wait_for(warm_up + count).await?;
    let (out, hung) = (crowd.count(), hole.count());
    server.kill().await?;
    database.remove().await?;
    Ok(Replies { latency: latencies(&sent, &arrivals, warm_up)?, out, hung })
}
