//! `POST /api/v1/tenants/{tenant}/messages/{id}/cancel`, and the same for many at once.

use axum::extract::State;
use guanxi_app::{App, MessageWish};
use guanxi_domain::Millis;
use guanxi_domain::ids::MessageId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Changed, MessageBody};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Which messages are called off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelFilter {
    /// Those over the connector's installation of this name.
    #[serde(default)]
    pub installation: Option<String>,
    /// Those decided at this time or later, milliseconds since the epoch.
    #[serde(default)]
    pub from: Option<Millis>,
    /// Those decided before this time, milliseconds since the epoch.
    #[serde(default)]
    pub to: Option<Millis>,
}

/// Call a message off
///
/// One that waits does not leave any more. What is being sent, or has ended, is refused.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/messages/{id}/cancel",
    tag = "messages",
    operation_id = "cancel_message",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`msg_…`"),
    ),
    responses((status = 200, description = "Called off", body = MessageBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn one(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, MessageId)>,
) -> ApiResult<axum::Json<MessageBody>> {
    Ok(axum::Json(app.cancel_message(&caller, &tenant, id).await?.into()))
}

/// Call messages off
///
/// At most 10,000 a request; while `more` is `true` there may be others.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/messages/cancel",
    tag = "messages",
    operation_id = "cancel_messages",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = CancelFilter,
    responses((status = 200, description = "Called off", body = Changed)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn many(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(filter): Json<CancelFilter>,
) -> ApiResult<axum::Json<Changed>> {
    let CancelFilter { installation, from, to } = filter;
    let wish = MessageWish { installation, from, to, ..MessageWish::default() };
    Ok(axum::Json(app.cancel_messages(&caller, &tenant, wish).await?.into()))
}
