//! `PUT` and `DELETE /api/v1/plugins/{name}/{version}/yank`.

use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PluginBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Why a version is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YankWish {
    /// In words, 1 to 500 characters; whoever runs the version sees them.
    #[schema(example = "sends twice on the last day of a month; take 1.2.1")]
    pub reason: String,
}

/// Take a version back
///
/// For operators. It is installed nowhere anew; where it is installed, it goes on.
#[utoipa::path(
    put,
    path = "/api/v1/plugins/{name}/{version}/yank",
    tag = "plugins",
    operation_id = "yank_plugin",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("version" = String, Path, description = "Its version"),
    ),
    request_body = YankWish,
    responses((status = 200, description = "As it is now", body = PluginBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn yank(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
    Json(wish): Json<YankWish>,
) -> ApiResult<axum::Json<PluginBody>> {
    Ok(axum::Json(app.yank_plugin(&caller, &name, &version, Some(&wish.reason)).await?.into()))
}

/// Offer a version again
///
/// For operators.
#[utoipa::path(
    delete,
    path = "/api/v1/plugins/{name}/{version}/yank",
    tag = "plugins",
    operation_id = "unyank_plugin",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("version" = String, Path, description = "Its version"),
    ),
    responses((status = 200, description = "As it is now", body = PluginBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn unyank(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> ApiResult<axum::Json<PluginBody>> {
    Ok(axum::Json(app.yank_plugin(&caller, &name, &version, None).await?.into()))
}
