//! `GET /api/v1/tenants/{tenant}/erasures/{id}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::ErasureId;

use super::ErasureBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show an erasure
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/erasures/{id}",
    tag = "people",
    operation_id = "get_erasure",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`era_…`"),
    ),
    responses((status = 200, description = "How far it has come", body = ErasureBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ErasureId)>,
) -> ApiResult<Json<ErasureBody>> {
    Ok(Json(app.erasure(&caller, &tenant, id).await?.into()))
}
