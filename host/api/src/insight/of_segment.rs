//! `GET /api/v1/tenants/{tenant}/segments/{name}/insight`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::InsightBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show what a segment is like
///
/// Answers at once with the portrait that was counted last, and has a newer one counted where the segment or its people
/// have changed.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/segments/{name}/insight",
    tag = "insight",
    operation_id = "get_segment_insight",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The segment's name"),
    ),
    responses((status = 200, description = "The portrait", body = InsightBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn of_segment(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<InsightBody>> {
    Ok(Json(app.portrait(&caller, &tenant, Some(&name)).await?.into()))
}
