//! `POST /api/v1/tenants/{tenant}/audiences/{name}/sync`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use super::AudienceBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Sync an audience at once
///
/// Looks at everybody again and uploads what waits, also if the channel asked for patience. Happens by itself otherwise: at
/// every change, and once a day for everybody.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/audiences/{name}/sync",
    tag = "audiences",
    operation_id = "sync_audience",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The audience's name"),
    ),
    responses((status = 202, description = "Under way", body = AudienceBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn sync(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<(StatusCode, Json<AudienceBody>)> {
    Ok((StatusCode::ACCEPTED, Json(app.sync_audience(&caller, &tenant, &name).await?.into())))
}
