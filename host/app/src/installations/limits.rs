//! Which limits of operations are in force for an installation, and how much of today's is used.

use guanxi_domain::grants::{Bound, Grants, Per, bounds};
use guanxi_domain::insight::Clock;
use guanxi_domain::tenant::TenantId;
use guanxi_store::OperationCount;

use super::InstallationView;
use crate::{App, AppError};

/// One limit of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitView {
    /// The operation, by its contract name.
    pub operation: String,
    /// How often, counting what, by whose word.
    pub bound: Bound,
    /// How much of it is used today, in the brand's time zone; not told of a limit for each person.
    pub used: Option<u64>,
}

impl App {
    /// What was counted today of a tenant's limited operations, about everybody together.
    pub(super) async fn counted_today(&self, tenant: TenantId) -> Result<Vec<OperationCount>, AppError> {
        let settings = self.settings(tenant).await?;
        let today = Clock::of(&settings).day(self.ambient().now());
        Ok(self.store().read(guanxi_store::Scope::Tenant(tenant)).await?.operation_counts(tenant, today).await?)
    }
}

impl InstallationView {
    /// Whether anything is limited.
    pub(super) fn is_limited(&self) -> bool {
        !self.limits.is_empty()
    }

    /// The view with its limits, of which nothing is used yet.
    pub(super) fn with_limits(self) -> Self {
        let requested = Grants::requested(&self.plugin.manifest);
        let found = bounds(&requested, self.allowance.as_ref(), &self.installation.grants);
        let of = |(operation, bounds): (String, Vec<Bound>)| {
            let used = |bound: &Bound| (bound.per == Per::Day).then_some(0);
            let view = move |bound: Bound| LimitView { operation: operation.clone(), used: used(&bound), bound };
            bounds.into_iter().map(view).collect::<Vec<_>>()
        };
        Self { limits: found.into_iter().flat_map(of).collect(), ..self }
    }

    /// Notes how much of its limits is used.
    pub(super) fn note_used(&mut self, counted: &[OperationCount]) {
        let id = self.installation.id;
        for limit in self.limits.iter_mut().filter(|limit| limit.bound.per == Per::Day) {
            let own = counted.iter().find(|count| count.installation == id && count.operation == limit.operation);
            limit.used = Some(own.map_or(0, |count| count.done));
        }
    }
}
