//! `POST /api/v1/plugins/pull`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PluginBody, refused};
use crate::auth::Authenticated;
use crate::extract::Json;
use crate::problem::ApiResult;

/// What to fetch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullWish {
    /// `registry/repository:tag`, or `registry/repository@sha256:…`.
    #[schema(example = "oci://registry.example/lantern/welcome:1.2.0")]
    pub reference: String,
    /// Whether it is meant though the library has a newer version.
    #[serde(default)]
    pub older: bool,
}

/// Pull a plugin
///
/// For operators. The host fetches the package from an OCI registry and checks it as if it had been uploaded.
#[utoipa::path(
    post,
    path = "/api/v1/plugins/pull",
    tag = "plugins",
    operation_id = "pull_plugin",
    request_body = PullWish,
    responses((status = 201, description = "In the library", body = PluginBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn pull(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Json(wish): Json<PullWish>,
) -> ApiResult<(StatusCode, axum::Json<PluginBody>)> {
    let pulled = app.pull_plugin(&caller, &wish.reference, wish.older).await;
    let plugin = pulled.inspect_err(|error| refused(&wish.reference, error))?;
    Ok((StatusCode::CREATED, axum::Json(plugin.into())))
}
