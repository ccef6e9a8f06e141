//! `GET /api/v1/tenants/{tenant}/contents/{name}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::ContentBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Get a content
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/contents/{name}",
    tag = "contents",
    operation_id = "get_content",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The content's name"),
    ),
    responses((status = 200, description = "The content", body = ContentBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<ContentBody>> {
    Ok(Json(app.content(&caller, &tenant, &name).await?.into()))
}
