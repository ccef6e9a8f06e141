//! Counts tries by how they ended and how long they took, in the transaction that settles them: that is how a channel's
//! health is known without reading messages.

use std::collections::BTreeMap;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::channel_health::{Counted, rounded_up, slot};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Work;

use super::attempt::Tried;

/// Counts by status and time taken.
type Counts = BTreeMap<(&'static str, i64), Counted>;

/// Adds these tries to what is counted.
pub(super) async fn add(work: &mut Work, tenant: TenantId, tried: &[Tried]) -> Result<(), AppError> {
    let mut slots: BTreeMap<(InstallationId, Millis), Counts> = BTreeMap::new();
    for one in tried {
        let (Some(attempt), Some(settled)) = (&one.attempt, one.settled()) else { continue };
        let (status, took_ms) = (settled.status, rounded_up(attempt.took_ms));
        let counts = slots.entry((one.message.connector, slot(settled.now))).or_default();
        let counted = counts.entry((status.as_str(), took_ms)).or_insert(Counted { status, took_ms, count: 0 });
        counted.count += 1;
    }
    for ((installation, slot), counts) in slots {
        let counted: Vec<Counted> = counts.into_values().collect();
        work.count_tries(tenant, installation, slot, &counted).await?;
    }
    Ok(())
}
