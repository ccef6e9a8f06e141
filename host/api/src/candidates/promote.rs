//! `POST /api/v1/tenants/{tenant}/installations/{name}/candidate/promote`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::installations::InstallationBody;
use crate::problem::ApiResult;

/// Promote the candidate of an installation
///
/// The installation is live with its version, configuration and grants from now on, for everybody.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/candidate/promote",
    tag = "candidates",
    operation_id = "promote_candidate",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "The installation as it is now", body = InstallationBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn promote(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<InstallationBody>> {
    Ok(Json(app.promote_candidate(&caller, &tenant, &name).await?.into()))
}
