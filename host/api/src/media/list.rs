//! `GET /api/v1/tenants/{tenant}/media`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::MediaBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List media
///
/// All of them, by name.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/media",
    tag = "media",
    operation_id = "list_media",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "What the tenant keeps", body = Page<MediaBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<MediaBody>>> {
    Ok(Json(cursor::whole(app.media(&caller, &tenant).await?, MediaBody::from)))
}
