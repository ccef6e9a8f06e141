//! `GET /api/v1/tenants/{tenant}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::TenantBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show a tenant
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}",
    tag = "tenants",
    operation_id = "get_tenant",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The tenant", body = TenantBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<TenantBody>> {
    Ok(Json(app.tenant(&caller, &tenant).await?.into()))
}
