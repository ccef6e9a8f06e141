//! `PUT /api/v1/tenants/{tenant}/webhooks/{id}`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;

use super::{WebhookBody, WebhookWish};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Change a webhook
///
/// Switched off, it is told nothing, and what waits for it is given up. Its secret stays.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}",
    tag = "webhooks",
    operation_id = "put_webhook",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    request_body = WebhookWish,
    responses((status = 200, description = "As it is now", body = WebhookBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
    Json(wish): Json<WebhookWish>,
) -> ApiResult<axum::Json<WebhookBody>> {
    Ok(axum::Json(app.put_webhook(&caller, &tenant, id, wish.into()).await?.into()))
}
