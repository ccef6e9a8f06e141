//! `DELETE /api/v1/tenants/{tenant}/media/{name}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Delete media
///
/// Its address leads nowhere any more, and a message that names it is refused.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/media/{name}",
    tag = "media",
    operation_id = "delete_media",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "Its name"),
    ),
    responses((status = 204, description = "Deleted")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.delete_media(&caller, &tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
