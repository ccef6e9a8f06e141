//! `PUT /api/v1/tenants/{tenant}/settings`.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use guanxi_app::App;

use super::{SettingsBody, answer};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::{ApiResult, Problem};

/// Replace the settings of a tenant
///
/// With `If-Match` and the `ETag` of the settings that were read, only if nobody has changed them since; without it the
/// last one wins. Who changed which part stands in the log as `guanxi.settings`.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/settings",
    tag = "tenants",
    operation_id = "put_settings",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the settings that were read"),
    ),
    request_body = SettingsBody,
    responses((status = 200, description = "As they are now", body = SettingsBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Json(body): Json<SettingsBody>,
) -> ApiResult<Response> {
    let expected = expected(&headers)?;
    answer(&app.put_settings(&caller, &tenant, body.into(), expected.as_deref()).await?)
}

/// The revision of `If-Match`; `*` and none match every one.
fn expected(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let tag = tag.filter(|tag| !tag.is_empty() && !tag.contains('"'));
    tag.map(|tag| Some(tag.to_owned())).ok_or_else(|| Problem::invalid("If-Match", "give one ETag in quotes"))
}
