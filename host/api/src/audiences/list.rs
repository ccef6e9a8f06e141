//! `GET /api/v1/tenants/{tenant}/audiences`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::AudienceBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List audiences
///
/// All of them, by name, with where they stand.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/audiences",
    tag = "audiences",
    operation_id = "list_audiences",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The audiences", body = Page<AudienceBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<AudienceBody>>> {
    Ok(Json(cursor::whole(app.audiences(&caller, &tenant).await?, AudienceBody::from)))
}
