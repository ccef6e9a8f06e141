//! `DELETE /api/v1/tenants/{tenant}/segments/{name}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Delete a segment
///
/// One that other segments name stays.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/segments/{name}",
    tag = "segments",
    operation_id = "delete_segment",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The segment's name"),
    ),
    responses((status = 204, description = "It is gone")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.delete_segment(&caller, &tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
