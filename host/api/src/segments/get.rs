//! `GET /api/v1/tenants/{tenant}/segments/{name}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::SegmentBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show a segment
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/segments/{name}",
    tag = "segments",
    operation_id = "get_segment",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The segment's name"),
    ),
    responses((status = 200, description = "The segment", body = SegmentBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<SegmentBody>> {
    Ok(Json(app.segment(&caller, &tenant, &name).await?.into()))
}
