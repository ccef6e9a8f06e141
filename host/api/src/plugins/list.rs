//! `GET /api/v1/plugins`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::PluginBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::problem::ApiResult;

/// List plugins
///
/// The versions in the library, newest first, at most 200.
#[utoipa::path(
    get,
    path = "/api/v1/plugins",
    tag = "plugins",
    operation_id = "list_plugins",
    responses((status = 200, description = "The plugins", body = Page<PluginBody>)),
    security(("token" = [])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
) -> ApiResult<Json<Page<PluginBody>>> {
    Ok(Json(cursor::whole(app.plugins(&caller).await?, PluginBody::from)))
}
