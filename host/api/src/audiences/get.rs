//! `GET /api/v1/tenants/{tenant}/audiences/{name}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::AudienceBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// One audience
///
/// With how many identifiers the channel has, how many wait, and what the last upload came to.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/audiences/{name}",
    tag = "audiences",
    operation_id = "get_audience",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The audience's name"),
    ),
    responses((status = 200, description = "The audience", body = AudienceBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<AudienceBody>> {
    Ok(Json(app.audience(&caller, &tenant, &name).await?.into()))
}
