//! `GET /api/v1/tenants/{tenant}/settings`.

use axum::extract::State;
use axum::response::Response;
use guanxi_app::App;

use super::{SettingsBody, answer};
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show the settings of a tenant
///
/// The `ETag` names their revision, for `If-Match` when they are replaced.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/settings",
    tag = "tenants",
    operation_id = "get_settings",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The settings", body = SettingsBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Response> {
    answer(&app.tenant_settings(&caller, &tenant).await?)
}
