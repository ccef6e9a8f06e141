//! `POST /api/v1/tenants/{tenant}/installations/{name}/candidate/stop`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::CandidateBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Stop the candidate of an installation
///
/// What was seen of it stays.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/candidate/stop",
    tag = "candidates",
    operation_id = "stop_candidate",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "Stopped", body = CandidateBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn stop(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<CandidateBody>> {
    Ok(Json(app.stop_candidate(&caller, &tenant, &name).await?.into()))
}
