//! A start with a thousand installations: until the server is ready, and what it takes in memory, before and after every
//! installation has worked.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;

use crate::database::{Database, number};
use crate::load;
use crate::measure::{self, Rounds};
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

const PLUGINS: [&str; 5] = ["social-value", "ror", "welcome", "win-back", "sandbox"];
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the server several times over the same data, then lets every tenant's plugins work once.
pub async fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (starts, count) = (surroundings.size(5, 2), surroundings.size(200, 40));
    let database = Database::sqlite(surroundings)?;
    let setup = Setup::open(&database.url).await?;
    let versions = setup.upload(surroundings, &PLUGINS).await?;
    let mut tenants = Vec::with_capacity(count);
    for number in 0..count {
        let tenant = setup.tenant(&format!("brand-{number}")).await?;
        for (name, version) in &versions {
            setup.install(&tenant, name, version, json!({}), &[]).await?;
        }
        tenants.push(tenant);
    }
    setup.close().await;

    let client = server::client()?;
    // The first start compiles the plugins; what an operator waits for is every later one.
    Server::start(surroundings, &database, &client).await?.stop().await?;
    let (mut ready, mut memory, mut worked) = (Rounds::default(), Rounds::default(), 0.0);
    for start in 0..starts {
        let server = Server::start(surroundings, &database, &client).await?;
        ready.push(server.ready_after.as_secs_f64());
        memory.push(server.memory()?.0 as f64 / 1e6);
        if start + 1 == starts {
            introduce_everywhere(&client, &server, &tenants, &database).await?;
            worked = server.memory()?.0 as f64 / 1e6;
        }
        server.stop().await?;
    }
    database.remove().await?;
    let installations = count * PLUGINS.len();
    Ok(vec![
        Row::new("start_ready", ready.median(), "s").at_most(2.0).note(format!(
            "from the start of the process to 200 of /readyz, {installations} installations of {count} tenants on SQLite"
        )),
        Row::new("start_memory", memory.median(), "MB").at_most(400.0).note("resident when ready"),
        Row::new("start_memory_worked", worked, "MB").at_most(400.0).note("resident after every installation has worked"),
    ])
}

async fn introduce_everywhere(
    client: &reqwest::Client,
    server: &Server,
    tenants: &[Tenant],
    database: &Database,
) -> Result<()> {
    let url = format!("{}/v1/identify", server.address);
    futures::stream::iter(tenants.iter().enumerate())
        .map(|(number, tenant)| server::send(client, &url, &tenant.write_key, load::newcomer(number, "start")))
        .buffer_unordered(16)
        .try_for_each(|accepted| {
            std::future::ready(if accepted == 1 { Ok(()) } else { Err(anyhow::anyhow!("not accepted")) })
        })
        .await?;
    let pool = database.connect().await?;
    let start = measure::now();
    let whole = i64::try_from(tenants.len()).context("a count")?;
    while number(&pool, "select count(*) from messages where status = 'sent'").await? < whole {
        ensure!(measure::now().duration_since(start) < PATIENCE, "not every tenant's newcomer was welcomed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    pool.close().await;
    Ok(())
}
