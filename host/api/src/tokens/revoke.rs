//! `DELETE /api/v1/tenants/{tenant}/tokens/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::TokenId;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Revoke a token
///
/// It stops working at once on the node that answers, within seconds on others.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/tokens/{id}",
    tag = "tokens",
    operation_id = "revoke_token",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`tok_…`"),
    ),
    responses((status = 204, description = "Revoked")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn revoke(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, TokenId)>,
) -> ApiResult<StatusCode> {
    app.revoke_token(&caller, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
