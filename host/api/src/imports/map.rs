//! `PUT /api/v1/tenants/{tenant}/imports/{id}/mapping`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_app::import_file::Mapping;
use guanxi_domain::ids::ImportId;

use super::ImportBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Say what columns become
///
/// Before the first row is in. `columns` names columns of the file and what they become; others are left out.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/imports/{id}/mapping",
    tag = "imports",
    operation_id = "map_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    request_body(content = Object, description = "The mapping"),
    responses((status = 200, description = "The import", body = ImportBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn map(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
    Json(mapping): Json<Mapping>,
) -> ApiResult<axum::Json<ImportBody>> {
    Ok(axum::Json(app.map_import(&caller, &tenant, id, mapping).await?.into()))
}
