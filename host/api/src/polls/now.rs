//! `POST /api/v1/tenants/{tenant}/installations/{name}/poll`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use super::PollBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Ask a channel at once
///
/// Also if the channel asked for patience, or the last times came to nothing.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/poll",
    tag = "installations",
    operation_id = "poll_now",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 202, description = "Under way", body = PollBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn now(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<(StatusCode, Json<PollBody>)> {
    Ok((StatusCode::ACCEPTED, Json(app.poll_now(&caller, &tenant, &name).await?.into())))
}
