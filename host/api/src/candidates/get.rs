//! `GET /api/v1/tenants/{tenant}/installations/{name}/candidate`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, AppError};

use super::CandidateBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show the candidate of an installation
///
/// The latest one, whatever became of it.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}/candidate",
    tag = "candidates",
    operation_id = "get_candidate",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "The candidate", body = CandidateBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<CandidateBody>> {
    let found = app.candidate(&caller, &tenant, &name).await?;
    Ok(Json(found.ok_or(AppError::NotFound("candidate"))?.into()))
}
