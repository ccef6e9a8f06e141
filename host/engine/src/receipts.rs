//! Takes away receipts that are older than their tenant keeps them.

use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_domain::{DAY, Millis};
use guanxi_store::Scope as Rows;
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
                tracing::warn!(%error, "old receipts wait");
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
    let Some(days) = tenant.settings.receipt_days else { return Ok(()) };
    let before = engine.app.ambient().now() - Millis::from(days) * DAY;
    loop {
        let mut work = engine.app.store().begin(Rows::Tenant(tenant.id)).await?;
        let gone = work.forget_decisions(tenant.id, before, ROWS).await?;
        work.commit().await?;
        if gone < u64::from(ROWS) {
            return Ok(());
        }
    }
}
