//! `GET /api/v1/tenants/{tenant}/tokens`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::TokenBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List tokens
///
/// All of them, without their secrets.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/tokens",
    tag = "tokens",
    operation_id = "list_tokens",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The tokens", body = Page<TokenBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<TokenBody>>> {
    Ok(Json(cursor::whole(app.tokens(&caller, &tenant).await?, TokenBody::from)))
}
