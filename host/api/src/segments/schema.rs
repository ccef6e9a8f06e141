//! `GET /api/v1/tenants/{tenant}/segments/schema`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use guanxi_app::App;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show the language of segments
///
/// A JSON Schema of filters, with examples.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/segments/schema",
    tag = "segments",
    operation_id = "get_segment_schema",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The schema", body = serde_json::Value, content_type = "application/schema+json")),
    security(("token" = ["read"])),
)]
pub(crate) async fn schema(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Response> {
    let schema = app.segment_schema(&caller, &tenant).await?;
    Ok(([(header::CONTENT_TYPE, "application/schema+json")], schema).into_response())
}
