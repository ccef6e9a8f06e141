//! Versions that wait beside what is installed until somebody approves them.

use std::collections::BTreeMap;

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::installation::{Installation, Upgrade};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, Work};

use super::{GrantsInput, InstallationInput, InstallationView};
use crate::{App, AppError};

/// What somebody approves of.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The version that they looked at.
    pub version: String,
    /// When it was asked for: it may have come again since, with another configuration.
    pub asked_at: Millis,
    /// What it may do.
    pub grants: GrantsInput,
    /// Secrets to set, or with `None` to take away; others stay as they are.
    pub secrets: BTreeMap<String, Option<String>>,
}

impl App {
    /// Lets the version that an installation waits for take the place of what it runs. Needs `manage`.
    pub async fn approve_upgrade(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        approval: Approval,
    ) -> Result<InstallationView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let view = self.installation_of(caller, tenant.id, name).await?;
        let Upgrade { version, config, mode, .. } = waiting(view.upgrade, &approval.version, approval.asked_at)?;
        let input = InstallationInput {
            plugin: Some(view.installation.plugin),
            version,
            mode,
            config,
            grants: Some(approval.grants),
            secrets: approval.secrets,
        };
        Ok(self.put_installation(caller, slug, name, input).await?.view)
    }

    /// Drops the version that an installation waits for; what it runs stays. Needs `manage`.
    pub async fn refuse_upgrade(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        version: &str,
        asked_at: Millis,
    ) -> Result<InstallationView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let found = work.installation(tenant.id, name).await?.ok_or(AppError::NotFound("installation"))?;
        waiting(work.upgrade(tenant.id, found.id).await?, version, asked_at)?;
        work.drop_upgrade(tenant.id, found.id).await?;
        work.commit().await?;
        self.installation_of(caller, tenant.id, name).await
    }
}

/// Lets an installation wait no more for what it has become, nor for anything once another version is put in place.
pub(super) async fn drop_overtaken(
    work: &mut Work,
    tenant: TenantId,
    before: Option<&Installation>,
    installation: &Installation,
) -> Result<(), AppError> {
    let Some(waits) = work.upgrade(tenant, installation.id).await? else { return Ok(()) };
    let replaced = before.is_some_and(|before| before.digest != installation.digest);
    if replaced || (&waits.digest, &waits.config) == (&installation.digest, &installation.config) {
        work.drop_upgrade(tenant, installation.id).await?;
    }
    Ok(())
}

/// What waits, if it is what somebody looked at.
fn waiting(upgrade: Option<Upgrade>, version: &str, asked_at: Millis) -> Result<Upgrade, AppError> {
    let upgrade = upgrade.ok_or(AppError::NotFound("upgrade that waits"))?;
    if (upgrade.version.as_str(), upgrade.asked_at) == (version, asked_at) {
        return Ok(upgrade);
    }
    let Upgrade { version: waits, asked_at: since, .. } = upgrade;
    Err(AppError::Conflict(format!(
        "not {version} asked for at {asked_at} but {waits} asked for at {since} waits; look at what it asks for"
    )))
}
