//! `POST /api/v1/plugins`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use guanxi_app::App;

use super::PluginBody;
use crate::auth::Authenticated;
use crate::extract::{RawBody, essence};
use crate::problem::{ApiResult, Kind, Problem};

/// Upload a plugin
///
/// For operators. The body is the component itself, at most 32 MiB. It is checked and compiled before the answer; the
/// same bytes may be uploaded again, other bytes need another version.
#[utoipa::path(
    post,
    path = "/api/v1/plugins",
    tag = "plugins",
    operation_id = "upload_plugin",
    request_body(content = Vec<u8>, description = "A WebAssembly component", content_type = "application/wasm"),
    responses((status = 201, description = "In the library", body = PluginBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn upload(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    headers: HeaderMap,
    RawBody(component): RawBody,
) -> ApiResult<(StatusCode, axum::Json<PluginBody>)> {
    if !matches!(essence(&headers).as_deref(), None | Some("application/wasm" | "application/octet-stream")) {
        let detail = "send the component's bytes with `Content-Type: application/wasm`";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let plugin = app.upload_plugin(&caller, component.into()).await?;
    Ok((StatusCode::CREATED, axum::Json(plugin.into())))
}
