//! `GET /api/v1/plugins/{name}/{version}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::PluginBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show a plugin
#[utoipa::path(
    get,
    path = "/api/v1/plugins/{name}/{version}",
    tag = "plugins",
    operation_id = "get_plugin",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("version" = String, Path, description = "Its version"),
    ),
    responses((status = 200, description = "The plugin", body = PluginBody)),
    security(("token" = [])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> ApiResult<Json<PluginBody>> {
    Ok(Json(app.plugin(&caller, &name, Some(&version)).await?.into()))
}
