//! `POST /api/v1/tenants/{tenant}/webhooks/{id}/retry`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::{DeliveryId, WebhookId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::DeliveryBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Which delivery is tried once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryWish {
    /// `dlv_…`.
    #[schema(value_type = String)]
    pub delivery: DeliveryId,
}

/// Send a notice once more
///
/// At once and under the same `webhook-id`, whatever became of it.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}/retry",
    tag = "webhooks",
    operation_id = "retry_delivery",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    request_body = RetryWish,
    responses((status = 202, description = "On its way", body = DeliveryBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn retry(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
    Json(wish): Json<RetryWish>,
) -> ApiResult<(StatusCode, axum::Json<DeliveryBody>)> {
    let delivery = app.retry_delivery(&caller, &tenant, id, wish.delivery).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DeliveryBody::of(delivery)?)))
}
