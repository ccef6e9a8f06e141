//! `GET` and `DELETE /api/v1/tenants/{tenant}/imports/{id}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::ImportId;

use super::ImportBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Look at an import
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/imports/{id}",
    tag = "imports",
    operation_id = "get_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    responses((status = 200, description = "The import", body = ImportBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
) -> ApiResult<Json<ImportBody>> {
    Ok(Json(app.import(&caller, &tenant, id).await?.into()))
}

/// Forget an import
///
/// With its file and its report; people stay as they are. It must not be running.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/imports/{id}",
    tag = "imports",
    operation_id = "delete_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    responses((status = 204, description = "Forgotten")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
) -> ApiResult<StatusCode> {
    app.delete_import(&caller, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
