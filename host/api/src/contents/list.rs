//! `GET /api/v1/tenants/{tenant}/contents`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::ContentBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List contents
///
/// All of them, by name.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/contents",
    tag = "contents",
    operation_id = "list_contents",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The contents", body = Page<ContentBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<ContentBody>>> {
    Ok(Json(cursor::whole(app.contents(&caller, &tenant).await?, ContentBody::from)))
}
