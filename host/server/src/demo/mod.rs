//! `guanxi demo`: a tenant with real orders. A year is loaded, then the last weeks are played live.

mod orders;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use guanxi_app::{App, AppError, GrantsInput, InstallationInput};
use guanxi_domain::DAY;
use guanxi_domain::event::NewEvent;
use guanxi_domain::event::segment::{self, Call};
use guanxi_domain::installation::Mode;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use serde_json::{Value, json};

use crate::bundle;
use crate::commands::print;
use crate::commands::serve::Running;
use crate::config::{Config, embedded};
use crate::wiring::{self, local_operator};
use orders::Row;

const TENANT: &str = "demo";
/// Events of one append while loading.
const LOAD: usize = 2_000;

/// How to play the demo.
#[derive(Args)]
pub struct Options {
    /// The last so many days are played live.
    #[arg(long, default_value_t = 21)]
    days: i64,
    /// Seconds that the live part takes; 0 plays it at once.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Stop when everything has been played and decided, instead of serving on.
    #[arg(long)]
    once: bool,
}

pub async fn run(mut config: Config, options: Options) -> anyhow::Result<()> {
    if config.data_dir == std::path::Path::new("guanxi-data") {
        config.data_dir = config.data_dir.join("demo");
        config.database_url = embedded(&config.data_dir);
    }
    // Whoever tries a plugin of their own here need not sign it.
    config.unsigned_plugins = true;
    let parts = wiring::build(&config).await?;
    let app = parts.app.clone();
    bundle::upload(&app, &local_operator()).await?;
    let shown = match app.ensure_operator(config.operator_token.as_deref()).await? {
        Some(token) => Some(token),
        None if config.operator_token.is_some() => config.operator_token.clone(),
        None => Some(app.create_operator_token("demo").await?.secret),
    };
    let running = Running::start(&config, parts, shown.clone()).await?;
    let now = app.ambient().now();
    let rows = orders::load(now)?;
    let (past, live) = rows.split_at(rows.partition_point(|row| row.at < now - options.days * DAY));

    let tenant = match app.create_tenant(&local_operator(), TENANT, "Demo: a British gift shop").await {
        Ok(tenant) => {
            print(format!("Loading {} real orders and refunds …", past.len()));
            install_scorers(&app).await?;
            load(&app, tenant.id, past).await?;
            install_campaigns(&app).await?;
            tenant
        }
        Err(AppError::Conflict(_)) => app.tenant(&local_operator(), TENANT).await?,
        Err(error) => return Err(error.into()),
    };
    print(format!("\n  Console   http://{}/console", running.address));
    if let Some(token) = shown {
        print(format!("  Token     {token}"));
    }
    print(format!("\nPlaying the last {} days live ({} events). Stop with Ctrl-C.\n", options.days, live.len()));

    let play = async {
        play(&app, tenant.id, past, live, Duration::from_secs(options.seconds)).await?;
        settled(&app, tenant.id).await?;
        print("Everything has been played.");
        anyhow::Ok(())
    };
    if options.once {
        play.await?;
        return running.stop().await;
    }
    let stop = running.until_asked_to_stop();
    tokio::pin!(stop);
    tokio::select! {
        stopped = &mut stop => return stopped,
        played = play => played?,
    }
    stop.await
}

async fn install_scorers(app: &App) -> anyhow::Result<()> {
    install(app, "sandbox", json!({})).await?;
    install(app, "social-value", json!({})).await?;
    install(app, "ror", json!({})).await
}

async fn install_campaigns(app: &App) -> anyhow::Result<()> {
    install(app, "welcome", json!({})).await?;
    install(app, "win-back", json!({})).await?;
    install(app, "red-packet", json!({"budget": "spring", "min": 88, "max": 888, "order_min": 200, "draw": "lucky"}))
        .await
}

async fn install(app: &App, name: &str, config: Value) -> anyhow::Result<()> {
    let input = InstallationInput {
        plugin: None,
        version: bundle::version(name)?,
        mode: Mode::Live,
        config,
        grants: Some(GrantsInput::Requested),
        secrets: BTreeMap::new(),
    };
    app.put_installation(&local_operator(), TENANT, name, input)
        .await
        .with_context(|| format!("{name} is not installed"))?;
    Ok(())
}

async fn load(app: &App, tenant: TenantId, rows: &[Row]) -> anyhow::Result<()> {
    let mut met = HashSet::new();
    for rows in rows.chunks(LOAD) {
        let mut batch = Vec::with_capacity(rows.len() * 2);
        for row in rows {
            if met.insert(row.customer) {
                batch.push(row.identify());
            }
            batch.push(row.event());
        }
        send(app, tenant, batch).await?;
    }
    settled(app, tenant).await
}

/// Plays `live` spread over `length`, as far apart as the orders really were.
async fn play(app: &App, tenant: TenantId, past: &[Row], live: &[Row], length: Duration) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (live.first(), live.last()) else { return Ok(()) };
    let span = (last.at - first.at).max(1);
    let scale = length.as_secs_f64() / span as f64;
    let mut met: HashSet<u32> = past.iter().map(|row| row.customer).collect();
    let started = tokio::time::Instant::now();
    for row in live {
        tokio::time::sleep_until(started + Duration::from_secs_f64((row.at - first.at) as f64 * scale)).await;
        let mut batch = Vec::new();
        if met.insert(row.customer) {
            batch.push(row.identify());
        }
        batch.push(row.event());
        send(app, tenant, batch).await?;
    }
    Ok(())
}

/// Takes the same way as a request of a Segment library; waits when there is too much.
async fn send(app: &App, tenant: TenantId, batch: Vec<Value>) -> anyhow::Result<()> {
    for batch in batch.chunks(500) {
        let body = serde_json::to_vec(&json!({ "batch": batch }))?;
        let readings = segment::read(Call::Batch, &body, None, app.ambient().now(), &mut || app.event_id())?;
        let events: Vec<NewEvent> = readings.into_iter().collect::<Result<_, _>>()?;
        loop {
            match app.ingest(tenant, events.clone()).await {
                Ok(_) => break,
                Err(AppError::Overloaded(seconds)) => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Waits until the log is worked off.
async fn settled(app: &App, tenant: TenantId) -> anyhow::Result<()> {
    loop {
        let mut read = app.store().read(Rows::Tenant(tenant)).await?;
        if read.position(tenant).await? >= read.head(tenant).await? {
            return Ok(());
        }
        drop(read);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
