//! `POST /api/v1/tenants/{tenant}/webhooks`.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;

use super::{WebhookSecret, WebhookWish, shown};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::idempotency::ShownOnce;
use crate::problem::ApiResult;

/// Subscribe an address
///
/// Only this answer shows the secret. A repetition under the same `Idempotency-Key` subscribes nothing more and is answered
/// `409`.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/webhooks",
    tag = "webhooks",
    operation_id = "create_webhook",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = WebhookWish,
    responses((status = 201, description = "Subscribed", body = WebhookSecret)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn create(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<WebhookWish>,
) -> ApiResult<(StatusCode, Extension<ShownOnce>, axum::Json<WebhookSecret>)> {
    let new = app.create_webhook(&caller, &tenant, wish.into()).await?;
    let instead = ShownOnce(shown(new.webhook.id));
    Ok((StatusCode::CREATED, Extension(instead), axum::Json(new.into())))
}
