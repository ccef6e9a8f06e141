//! Tenants: created by the operator, seen by their own people.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::limits::{PAGE_DEFAULT, PAGE_MAX};
use guanxi_domain::tenant::{Slug, Tenant};
use guanxi_store::Scope as Rows;

use crate::{App, AppError};

/// The most characters of a name that people give to something.
pub(crate) const NAME_MAX: usize = 120;

impl App {
    /// Creates a brand. Operators only; the slug must be free.
    pub async fn create_tenant(&self, caller: &Caller, slug: &str, name: &str) -> Result<Tenant, AppError> {
        self.operator(caller)?;
        let slug: Slug =
            slug.parse().map_err(|e: guanxi_domain::tenant::BadSlug| AppError::invalid("slug", e.to_string()))?;
        let name = checked_name("name", name)?;
        let mut work = self.store().begin(Rows::Host).await?;
        let tenant = work.create_tenant(&slug, name, self.ambient().now()).await?;
        work.commit().await?;
        Ok(tenant)
    }

    /// The tenants that the caller sees, in the order of their creation, after the one called `after`.
    pub async fn tenants(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Vec<Tenant>, AppError> {
        let mut work = self.store().read(Rows::Host).await?;
        if !caller.is_operator() {
            return Ok(work.tenant(caller.tenant).await?.into_iter().collect());
        }
        let after = match after {
            Some(slug) => Some(work.tenant_by_slug(slug).await?.ok_or(AppError::NotFound("tenant"))?.id),
            None => None,
        };
        Ok(work.tenants(after, limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)).await?)
    }

    /// One tenant.
    pub async fn tenant(&self, caller: &Caller, slug: &str) -> Result<Tenant, AppError> {
        self.tenant_for(caller, slug, Scope::Read).await
    }
}

/// A name that people give to something: 1 to 120 characters, no control characters.
pub(crate) fn checked_name<'a>(at: &str, name: &'a str) -> Result<&'a str, AppError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(AppError::invalid(at, format!("give 1 to {NAME_MAX} characters without control characters")));
    }
    Ok(name)
}
