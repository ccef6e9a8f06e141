//! `GET /api/v1/tenants/{tenant}/segments`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::SegmentBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List segments
///
/// All of them, by name.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/segments",
    tag = "segments",
    operation_id = "list_segments",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The segments", body = Page<SegmentBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<SegmentBody>>> {
    Ok(Json(cursor::whole(app.segments(&caller, &tenant).await?, SegmentBody::from)))
}
