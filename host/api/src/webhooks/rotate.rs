//! `POST /api/v1/tenants/{tenant}/webhooks/{id}/rotate`.

use axum::extract::State;
use axum::{Extension, Json};
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;

use super::{WebhookSecret, shown};
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::idempotency::ShownOnce;
use crate::problem::ApiResult;

/// Rotate the secret of a webhook
///
/// Only this answer shows the new one. For a day both sign, so that the receiver can change it in between.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}/rotate",
    tag = "webhooks",
    operation_id = "rotate_webhook",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
    ),
    responses((status = 200, description = "Rotated", body = WebhookSecret)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn rotate(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
) -> ApiResult<(Extension<ShownOnce>, Json<WebhookSecret>)> {
    let new = app.rotate_webhook(&caller, &tenant, id).await?;
    Ok((Extension(ShownOnce(shown(id))), Json(new.into())))
}
