//! Forgets deliveries that ended long ago, or of which there are very many.

use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::DAY;
use guanxi_domain::limits::{WEBHOOK_DELIVERIES_KEPT, WEBHOOK_DELIVERY_DAYS};
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// How often to look.
const PAUSE: Duration = Duration::from_secs(3_600);
/// Tenants that are read at once.
const TENANTS: u32 = 1_000;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let round = async {
            if let Err(error) = forget(&engine).await {
                tracing::warn!(%error, "old deliveries to webhooks wait");
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

async fn forget(engine: &Engine) -> Result<(), AppError> {
    let before = engine.app.ambient().now() - WEBHOOK_DELIVERY_DAYS * DAY;
    let mut after: Option<TenantId> = None;
    loop {
        let page = engine.app.store().read(Rows::Host).await?.tenants(after, TENANTS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for tenant in page.iter().map(|tenant| tenant.id) {
            let webhooks = engine.app.store().read(Rows::Tenant(tenant)).await?.webhooks(tenant).await?;
            for webhook in webhooks {
                let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
                work.forget_deliveries(tenant, webhook.id, before, WEBHOOK_DELIVERIES_KEPT).await?;
                work.commit().await?;
            }
        }
    }
}
