//! `GET /api/v1/tenants/{tenant}/installations/{name}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::InstallationBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show an installation
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}",
    tag = "installations",
    operation_id = "get_installation",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "The installation", body = InstallationBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<InstallationBody>> {
    Ok(Json(app.installation(&caller, &tenant, &name).await?.into()))
}
