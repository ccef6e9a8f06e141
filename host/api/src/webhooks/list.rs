//! `GET /api/v1/tenants/{tenant}/webhooks`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::WebhookBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List webhooks
///
/// All of them, the oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/webhooks",
    tag = "webhooks",
    operation_id = "list_webhooks",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The addresses", body = Page<WebhookBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<WebhookBody>>> {
    Ok(Json(cursor::whole(app.webhooks(&caller, &tenant).await?, WebhookBody::from)))
}
