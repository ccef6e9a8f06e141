//! `POST /api/v1/tenants/{tenant}/imports/{id}/start` and `…/stop`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::ImportId;

use super::ImportBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Start an import
///
/// It goes on with the row after the last that was handed over, also after a stop or a crash. What runs already runs on.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/imports/{id}/start",
    tag = "imports",
    operation_id = "start_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    responses((status = 200, description = "Waiting for its turn", body = ImportBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn start(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
) -> ApiResult<Json<ImportBody>> {
    Ok(Json(app.start_import(&caller, &tenant, id).await?.into()))
}

/// Stop an import
///
/// Rows that were handed over are still decided.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/imports/{id}/stop",
    tag = "imports",
    operation_id = "stop_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    responses((status = 200, description = "Stopped", body = ImportBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn stop(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
) -> ApiResult<Json<ImportBody>> {
    Ok(Json(app.stop_import(&caller, &tenant, id).await?.into()))
}
