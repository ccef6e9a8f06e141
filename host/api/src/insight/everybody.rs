//! `GET /api/v1/tenants/{tenant}/insight`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::InsightBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show what everybody is like
///
/// Answers at once with the portrait that was counted last, and has a newer one counted where people have changed.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/insight",
    tag = "insight",
    operation_id = "get_insight",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The portrait", body = InsightBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn everybody(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<InsightBody>> {
    Ok(Json(app.portrait(&caller, &tenant, None).await?.into()))
}
