//! What subscribers are told of the engine's own commits; most of them tell nothing and ask the database for nothing.

use guanxi_app::{AppError, health_notice, import_notice};
use guanxi_domain::Millis;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::Health;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::Notice;
use guanxi_store::{ImportOutcomes, Work};

/// Notes how an installation behaves; what is to be told of it.
pub(crate) async fn put_health(
    work: &mut Work,
    tenant: TenantId,
    id: InstallationId,
    health: &Health,
) -> Result<Option<Notice>, AppError> {
    let before = work.installation_by_id(tenant, id).await?;
    work.put_health(tenant, id, health).await?;
    Ok(before.and_then(|before| health_notice(&before, health)))
}

/// Notes what became of an import's rows; what is to be told if they were its last.
pub(crate) async fn of_outcomes(
    work: &mut Work,
    tenant: TenantId,
    outcomes: &ImportOutcomes,
    now: Millis,
) -> Result<Option<Notice>, AppError> {
    if !work.add_import_outcomes(tenant, outcomes, now).await? {
        return Ok(None);
    }
    Ok(work.import(tenant, outcomes.import).await?.as_ref().map(import_notice))
}
