//! `GET /api/v1/tenants/{tenant}/installations/{name}/poll`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::PollBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// How far a channel was asked
///
/// Of connectors that ask their channel for what is new; `404` for others.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}/poll",
    tag = "installations",
    operation_id = "get_poll",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "How far", body = PollBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<PollBody>> {
    Ok(Json(app.poll_state(&caller, &tenant, &name).await?.into()))
}
