//! `GET /api/v1/usage`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use serde::Serialize;
use utoipa::ToSchema;

use super::{UsageBody, UsageQuery};
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Query;
use crate::problem::ApiResult;

/// What plugins cost one of the tenants.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageOfTenant {
    /// The tenant's slug.
    pub tenant: String,
    /// What they cost.
    #[serde(flatten)]
    pub usage: UsageBody,
}

/// Show what plugins cost each tenant
///
/// For operators. The greediest first, at most 200.
#[utoipa::path(
    get,
    path = "/api/v1/usage",
    tag = "usage",
    operation_id = "list_usage",
    params(UsageQuery),
    responses((status = 200, description = "What they cost", body = Page<UsageOfTenant>)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Query(UsageQuery { days }): Query<UsageQuery>,
) -> ApiResult<Json<Page<UsageOfTenant>>> {
    let all = app.usage_of_tenants(&caller, days).await?;
    Ok(Json(cursor::whole(all, |(tenant, usage)| UsageOfTenant { tenant, usage: usage.into() })))
}
