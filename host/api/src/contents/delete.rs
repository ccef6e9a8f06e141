//! `DELETE /api/v1/tenants/{tenant}/contents/{name}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Delete a content
///
/// A campaign that still names it is refused, with the reason in its receipt.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/contents/{name}",
    tag = "contents",
    operation_id = "delete_content",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The content's name"),
    ),
    responses((status = 204, description = "Deleted")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.delete_content(&caller, &tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
