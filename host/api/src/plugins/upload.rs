//! `POST /api/v1/plugins`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{PluginBody, refused};
use crate::auth::Authenticated;
use crate::extract::{Query, RawBody, essence};
use crate::problem::{ApiResult, Kind, Problem};

/// What an upload may say besides.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// Whether it is meant though the library has a newer version.
    #[serde(default)]
    pub older: bool,
}

/// Upload a plugin
///
/// For operators. The body is the component itself, at most 32 MiB, signed by a publisher who is trusted. It is checked and
/// compiled before the answer; the same bytes may be uploaded again, other bytes need another version. A name belongs to the
/// publisher who brought it first.
#[utoipa::path(
    post,
    path = "/api/v1/plugins",
    tag = "plugins",
    operation_id = "upload_plugin",
    params(UploadQuery),
    request_body(content = Vec<u8>, description = "A WebAssembly component", content_type = "application/wasm"),
    responses((status = 201, description = "In the library", body = PluginBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn upload(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    RawBody(component): RawBody,
) -> ApiResult<(StatusCode, axum::Json<PluginBody>)> {
    if !matches!(essence(&headers).as_deref(), None | Some("application/wasm" | "application/octet-stream")) {
        let detail = "send the component's bytes with `Content-Type: application/wasm`";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let plugin = app
        .upload_plugin(&caller, component.into(), query.older)
        .await
        .inspect_err(|error| refused("upload", error))?;
    Ok((StatusCode::CREATED, axum::Json(plugin.into())))
}
