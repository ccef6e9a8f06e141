//! What channels tell of messages that they took: noted on the messages, in the commit that takes the events in.

use guanxi_app::{AppError, Live, LiveKind};
use guanxi_domain::Millis;
use guanxi_domain::delivery_receipt::DeliveryReceipt;
use guanxi_domain::message::Message;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, Work};

use crate::{Engine, gone};

/// What came of the receipts of a batch.
pub(crate) struct Receipts {
    /// The messages that were meant, as they are now.
    meant: Vec<(Message, DeliveryReceipt)>,
    /// Whether the log was told of addresses that reach nobody any more.
    pub(crate) is_told: bool,
}

/// Writes what channels told, and tells the log of addresses that reach nobody any more.
pub(crate) async fn write(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    receipts: &[DeliveryReceipt],
    now: Millis,
) -> Result<Receipts, AppError> {
    engine.early.keep(tenant, receipts, now);
    let noted = note(work, tenant, receipts, now).await?;
    for (_, receipt) in &noted.meant {
        engine.early.take(tenant, receipt.connector, receipt.channel_id.as_deref().into_iter());
    }
    Ok(noted)
}

/// Writes what came before the channel's ids of these messages did.
pub(crate) async fn write_early(
    engine: &Engine,
    tenant: TenantId,
    receipts: &[DeliveryReceipt],
    now: Millis,
) -> Result<(), AppError> {
    let mut work = engine.app.store().begin_unhurried(Rows::Tenant(tenant)).await?;
    let noted = note(&mut work, tenant, receipts, now).await?;
    work.commit().await?;
    if noted.is_told {
        engine.app.signals().appended.ring(tenant);
    }
    if engine.app.is_watched() {
        noted.tell(engine, tenant, now);
    }
    Ok(())
}

async fn note(
    work: &mut Work,
    tenant: TenantId,
    receipts: &[DeliveryReceipt],
    now: Millis,
) -> Result<Receipts, AppError> {
    let meant = work.apply_receipts(tenant, receipts, now).await?;
    let gone = meant.iter().filter(|(_, receipt)| receipt.gone);
    let why = |receipt: &DeliveryReceipt| receipt.reason.clone().unwrap_or_else(|| "it says no reason".to_owned());
    let told: Vec<_> = gone.filter_map(|(message, receipt)| gone::event(tenant, message, &why(receipt), now)).collect();
    work.append(tenant, &told).await?;
    Ok(Receipts { meant, is_told: !told.is_empty() })
}

impl Receipts {
    /// Tells onlookers.
    pub(crate) fn tell(&self, engine: &Engine, tenant: TenantId, at: Millis) {
        for (message, receipt) in &self.meant {
            engine.app.tell(Live {
                tenant,
                kind: LiveKind::Message,
                at,
                id: message.id.to_string(),
                person: Some(message.person.to_string()),
                name: None,
                what: message.channel.clone(),
                detail: format!("{}: {}", message.status.as_str(), receipt.state.as_str()),
            });
        }
    }
}
