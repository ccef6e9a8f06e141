//! `guanxi migrate`

use anyhow::Context;
use guanxi_store::SchemaState;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::open_store;

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let store = open_store(config).await?;
    if store.schema().await? == SchemaState::Current {
        print("The schema is up to date.");
        return Ok(());
    }
    store.migrate().await.context("the schema cannot be brought up to date")?;
    print("The schema was brought up to date.");
    Ok(())
}
