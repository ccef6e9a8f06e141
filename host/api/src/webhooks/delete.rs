//! `DELETE /api/v1/tenants/{tenant}/webhooks/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Delete a webhook
///
/// With what is on its way there and what is known of its deliveries.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}",
    tag = "webhooks",
    operation_id = "delete_webhook",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    responses((status = 204, description = "Deleted")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
) -> ApiResult<StatusCode> {
    app.delete_webhook(&caller, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
