//! `GET /api/v1/tenants/{tenant}/usage`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, UsageView};
use guanxi_domain::{DAY, Millis};
use serde::Serialize;
use utoipa::ToSchema;

use super::{QuotaBody, UsageBody, UsageQuery};
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// What plugins cost a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantUsage)]
pub struct TenantUsageBody {
    /// How much the tenant may have.
    pub quota: QuotaBody,
    /// What was burnt today, for whatever.
    pub fuel_today: u64,
    /// What of that backtests and replays burnt: no decision and no delivery is refused because of it.
    pub trial_fuel_today: u64,
    /// By installation, those that cost anything.
    pub installations: Vec<InstallationUsage>,
    /// By what it was for, what cost anything.
    pub works: Vec<WorkUsage>,
    /// By day, the latest first.
    pub days: Vec<DayUsage>,
}

/// What an installation cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstallationUsage {
    /// Its name.
    pub name: String,
    /// What it cost.
    #[serde(flatten)]
    pub usage: UsageBody,
}

/// What one kind of work cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkUsage {
    /// `pipeline`, `delivery`, `backtest` or `replay`.
    #[schema(example = "pipeline")]
    pub work: &'static str,
    /// What it cost.
    #[serde(flatten)]
    pub usage: UsageBody,
}

/// What a day cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayUsage {
    /// When it began (UTC), milliseconds since the epoch.
    pub day: Millis,
    /// What it cost.
    #[serde(flatten)]
    pub usage: UsageBody,
}

impl From<UsageView> for TenantUsageBody {
    fn from(view: UsageView) -> Self {
        let UsageView { quota, fuel_today, trial_fuel_today, installations, works, days } = view;
        let works = works.into_iter().map(|(work, usage)| WorkUsage { work: work.as_str(), usage: usage.into() });
        let installations =
            installations.into_iter().map(|(name, usage)| InstallationUsage { name, usage: usage.into() });
        let days = days.into_iter().map(|(day, usage)| DayUsage { day: day * DAY, usage: usage.into() });
        Self {
            quota: quota.into(),
            fuel_today,
            trial_fuel_today,
            installations: installations.collect(),
            works: works.collect(),
            days: days.collect(),
        }
    }
}

/// Show what plugins cost
///
/// Every call of a plugin is counted and known here a second or so later, by what it was for.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/usage",
    tag = "usage",
    operation_id = "get_usage",
    params(("tenant" = String, Path, description = "The tenant's slug"), UsageQuery),
    responses((status = 200, description = "What they cost", body = TenantUsageBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(UsageQuery { days }): Query<UsageQuery>,
) -> ApiResult<Json<TenantUsageBody>> {
    Ok(Json(app.usage(&caller, &tenant, days).await?.into()))
}
