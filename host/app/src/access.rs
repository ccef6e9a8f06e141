//! Who a token belongs to and which tenant a slug names, remembered for seconds so that ingest asks the database rarely.

use std::sync::Arc;
use std::time::Duration;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_store::{Scope as Rows, TokenRow};
use sha2::{Digest, Sha256};

use crate::{App, AppError};

/// How long a revoked token may still work on another node; on this one it stops at once.
const MEMORY: Duration = Duration::from_secs(5);

pub(crate) struct Access {
    callers: moka::sync::Cache<[u8; 32], Caller>,
    tenants: moka::sync::Cache<String, Tenant>,
    homes: moka::sync::Cache<TenantId, Tenant>,
}

impl Access {
    pub(crate) fn new() -> Self {
        Self {
            callers: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(MEMORY).build(),
            tenants: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(MEMORY).build(),
            homes: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(MEMORY).build(),
        }
    }

    pub(crate) fn home(&self, tenant: TenantId) -> Option<Tenant> {
        self.homes.get(&tenant)
    }

    pub(crate) fn remember(&self, tenant: &Tenant) {
        self.tenants.insert(tenant.slug.to_string(), tenant.clone());
        self.homes.insert(tenant.id, tenant.clone());
    }

    pub(crate) fn forget_callers(&self) {
        self.callers.invalidate_all();
    }
}

/// What the store keeps of a token instead of the token. Tokens have 256 random bits, so a plain hash is enough.
pub(crate) fn fingerprint(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

pub(crate) fn caller_of(row: TokenRow) -> Caller {
    Caller { token: row.id, tenant: row.tenant, scopes: row.scopes }
}

impl App {
    /// The caller who shows this token.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, AppError> {
        let hash = fingerprint(token);
        if let Some(caller) = self.inner.access.callers.get(&hash) {
            return Ok(caller);
        }
        let row = self.store().read(Rows::Host).await?.token_by_hash(&hash).await?;
        let now = self.ambient().now();
        let valid = row.filter(|row| row.revoked_at.is_none() && row.expires_at.is_none_or(|end| end > now));
        let caller = caller_of(valid.ok_or(AppError::Unauthorized)?);
        self.inner.access.callers.insert(hash, caller.clone());
        Ok(caller)
    }

    /// The tenant called `slug`, if the caller may do `scope` things there. A tenant that the caller does not see is
    /// not found, never forbidden.
    pub async fn tenant_for(&self, caller: &Caller, slug: &str, scope: Scope) -> Result<Tenant, AppError> {
        let tenant = self.tenant_called(slug).await?;
        if !caller.sees(tenant.id) {
            return Err(AppError::NotFound("tenant"));
        }
        require(caller, &tenant, scope)?;
        Ok(tenant)
    }

    /// The tenant called `slug`, as it was at most seconds ago.
    pub(crate) async fn tenant_called(&self, slug: &str) -> Result<Tenant, AppError> {
        if let Some(tenant) = self.inner.access.tenants.get(slug) {
            return Ok(tenant);
        }
        let found = self.store().read(Rows::Host).await?.tenant_by_slug(slug).await?;
        let tenant = found.ok_or(AppError::NotFound("tenant"))?;
        self.inner.access.remember(&tenant);
        Ok(tenant)
    }

    /// What a tenant has set for itself, as it was at most seconds ago.
    pub async fn settings(&self, tenant: TenantId) -> Result<Arc<TenantSettings>, AppError> {
        if let Some(known) = self.inner.access.home(tenant) {
            return Ok(known.settings);
        }
        let found = self.store().read(Rows::Host).await?.tenant(tenant).await?;
        let found = found.ok_or(AppError::NotFound("tenant"))?;
        self.inner.access.remember(&found);
        Ok(found.settings)
    }

    pub(crate) fn operator(&self, caller: &Caller) -> Result<(), AppError> {
        if caller.is_operator() { Ok(()) } else { Err(AppError::Forbidden("operator")) }
    }
}

fn require(caller: &Caller, tenant: &Tenant, scope: Scope) -> Result<(), AppError> {
    if caller.may(tenant.id, scope) {
        return Ok(());
    }
    Err(AppError::Forbidden(match scope {
        Scope::Ingest => "ingest",
        Scope::Vouch => "vouch",
        Scope::Read => "read",
        Scope::Install => "install",
        Scope::Manage => "manage",
    }))
}
