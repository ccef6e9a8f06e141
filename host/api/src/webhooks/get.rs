//! `GET /api/v1/tenants/{tenant}/webhooks/{id}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;

use super::WebhookBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// One webhook
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}",
    tag = "webhooks",
    operation_id = "get_webhook",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    responses((status = 200, description = "The address", body = WebhookBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
) -> ApiResult<Json<WebhookBody>> {
    Ok(Json(app.webhook(&caller, &tenant, id).await?.into()))
}
