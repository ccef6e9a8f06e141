//! `GET /api/v1/tenants/{tenant}/installations`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::InstallationBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List installations
///
/// All of them, by name.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations",
    tag = "installations",
    operation_id = "list_installations",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The installations", body = Page<InstallationBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<InstallationBody>>> {
    Ok(Json(cursor::whole(app.installations(&caller, &tenant).await?, InstallationBody::from)))
}
