//! `GET` and `PUT /api/v1/tenants/{tenant}/quota`.

use axum::extract::State;
use guanxi_app::App;

use super::QuotaBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Show how much a tenant may have
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/quota",
    tag = "usage",
    operation_id = "get_quota",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The quota", body = QuotaBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<axum::Json<QuotaBody>> {
    Ok(axum::Json(app.quota(&caller, &tenant).await?.into()))
}

/// Say how much a tenant may have
///
/// For operators. Once a day's fuel is used up, its plugins are not called until the next day (UTC) begins: receipts of campaigns
/// say so, scores stay as they are, and messages wait. The weight is its share of the processors while others have something to do.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/quota",
    tag = "usage",
    operation_id = "put_quota",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = QuotaBody,
    responses((status = 200, description = "As it is now", body = QuotaBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(quota): Json<QuotaBody>,
) -> ApiResult<axum::Json<QuotaBody>> {
    Ok(axum::Json(app.put_quota(&caller, &tenant, quota.into()).await?.into()))
}
