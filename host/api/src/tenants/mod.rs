//! Brands on this host.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;

use guanxi_domain::Millis;
use guanxi_domain::tenant::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// A brand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantBody {
    /// Names it in every path; never changes.
    #[schema(example = "acme")]
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self { slug: tenant.slug.to_string(), name: tenant.name, created_at: tenant.created_at }
    }
}
