//! Takes away receipts that are older than their tenant keeps them, log lines that are as old or too many, and old exchanges
//! with channels.

use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::channel_health;
use guanxi_domain::exchange::DAYS_DEFAULT;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::Installation;
use guanxi_domain::limits::LOG_LINES_KEPT;
use guanxi_domain::plugin_log::Level;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_domain::{DAY, Millis};
use guanxi_store::{LogPlace, LogQuery, Scope as Rows};
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// How often to look.
const PAUSE: Duration = Duration::from_secs(3_600);
/// Receipts of one transaction: others write meanwhile.
const ROWS: u32 = 1_000;
/// Tenants that are read at once.
const TENANTS: u32 = 1_000;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let round = async {
            if let Err(error) = forget(&engine).await {
                tracing::warn!(%error, "old receipts and log lines wait");
            }
            tokio::time::sleep(PAUSE).await;
        };
        // Each step is a transaction of its own.
        tokio::select! {
            () = stop.cancelled() => return,
            () = round => {}
        }
    }
}

/// Of every tenant what is too old by now.
pub(crate) async fn forget(engine: &Engine) -> Result<(), AppError> {
    let mut after: Option<TenantId> = None;
    loop {
        let page = engine.app.store().read(Rows::Host).await?.tenants(after, TENANTS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for tenant in &page {
            forget_of(engine, tenant).await?;
        }
    }
}

async fn forget_of(engine: &Engine, tenant: &Tenant) -> Result<(), AppError> {
    let now = engine.app.ambient().now();
    let before = tenant.settings.receipt_days.map(|days| now - Millis::from(days) * DAY);
    if let Some(before) = before {
        forget_receipts(engine, tenant.id, before).await?;
    }
    let days = tenant.settings.exchange_days.unwrap_or(DAYS_DEFAULT);
    forget_exchanges(engine, tenant.id, now - Millis::from(days) * DAY).await?;
    forget_tries(engine, tenant.id, now - channel_health::KEPT).await?;
    for (installation, first) in first_logs_kept(engine, tenant.id, before).await? {
        forget_logs(engine, tenant.id, installation, first).await?;
    }
    Ok(())
}

async fn forget_receipts(engine: &Engine, tenant: TenantId, before: Millis) -> Result<(), AppError> {
    loop {
        let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
        let gone = work.forget_decisions(tenant, before, ROWS).await?;
        work.commit().await?;
        if gone < u64::from(ROWS) {
            return Ok(());
        }
    }
}

async fn forget_exchanges(engine: &Engine, tenant: TenantId, before: Millis) -> Result<(), AppError> {
    let mut first = engine.app.store().read(Rows::Tenant(tenant)).await?.first_exchange(tenant).await?;
    while first.is_some_and(|at| at < before) {
        let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
        work.forget_exchanges(tenant, before, ROWS).await?;
        first = work.first_exchange(tenant).await?;
        work.commit().await?;
    }
    Ok(())
}

async fn forget_tries(engine: &Engine, tenant: TenantId, before: Millis) -> Result<(), AppError> {
    if engine.app.store().read(Rows::Tenant(tenant)).await?.has_tries_before(tenant, before).await? {
        let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
        work.forget_tries(tenant, before).await?;
        work.commit().await?;
    }
    Ok(())
}

/// Where lines begin that are neither too old nor too many, of every installation that has others. Only what has something to
/// lose takes the turn to write.
async fn first_logs_kept(
    engine: &Engine,
    tenant: TenantId,
    before: Option<Millis>,
) -> Result<Vec<(InstallationId, LogPlace)>, AppError> {
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let mut found = Vec::new();
    if !read.has_logs(tenant).await? {
        return Ok(found);
    }
    for Installation { id, .. } in read.installations(tenant).await? {
        let kept = read.oldest_log_kept(tenant, id, LOG_LINES_KEPT).await?;
        let Some(first) = kept.max(before.map(LogPlace::first_at)) else { continue };
        let others = LogQuery { installation: id, level: Level::Debug, before: Some(first), limit: 1 };
        if !read.logs(tenant, &others).await?.is_empty() {
            found.push((id, first));
        }
    }
    Ok(found)
}

async fn forget_logs(
    engine: &Engine,
    tenant: TenantId,
    installation: InstallationId,
    first: LogPlace,
) -> Result<(), AppError> {
    loop {
        let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
        let gone = work.forget_logs(tenant, installation, first, ROWS).await?;
        work.commit().await?;
        if gone < u64::from(ROWS) {
            return Ok(());
        }
    }
}
