//! `POST /api/v1/tenants/{tenant}/webhooks/{id}/test`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;

use super::DeliveryBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Try a webhook
///
/// Sends it a notice of the kind `guanxi.test`; what comes of it stands among its deliveries.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}/test",
    tag = "webhooks",
    operation_id = "test_webhook",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    responses((status = 202, description = "On its way", body = DeliveryBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn test(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
) -> ApiResult<(StatusCode, Json<DeliveryBody>)> {
    let delivery = app.test_webhook(&caller, &tenant, id).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryBody::of(delivery)?)))
}
