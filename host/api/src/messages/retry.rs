//! `POST /api/v1/tenants/{tenant}/messages/{id}/retry`, and the same for many at once.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::{App, MessageWish};
use guanxi_domain::Millis;
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::MessageStatus;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Changed, MessageBody, StatusName};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// How a message is tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// Whether the person may get it a second time: asked of an `uncertain` message.
    #[serde(default)]
    pub may_repeat: bool,
}

/// Which messages are tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryFilter {
    /// Those over the connector's installation of this name.
    #[serde(default)]
    pub installation: Option<String>,
    /// Those in one of these statuses: `failed`, `expired`, `uncertain`; the first two if none is given.
    #[serde(default)]
    #[schema(value_type = Vec<StatusName>)]
    pub status: Vec<MessageStatus>,
    /// Those decided at this time or later, milliseconds since the epoch.
    #[serde(default)]
    pub from: Option<Millis>,
    /// Those decided before this time, milliseconds since the epoch.
    #[serde(default)]
    pub to: Option<Millis>,
    /// Whether people may get a message a second time: asked where `uncertain` ones are meant.
    #[serde(default)]
    pub may_repeat: bool,
}

/// Try a message again
///
/// One that failed, expired or is uncertain is queued again, under its id and with its tries so far. An expired one does not
/// expire again.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/messages/{id}/retry",
    tag = "messages",
    operation_id = "retry_message",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`msg_…`"),
    ),
    request_body = Again,
    responses((status = 202, description = "Queued again", body = MessageBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn one(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, MessageId)>,
    Json(again): Json<Again>,
) -> ApiResult<(StatusCode, axum::Json<MessageBody>)> {
    let message = app.retry_message(&caller, &tenant, id, again.may_repeat).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(message.into())))
}

/// Try messages again
///
/// At most 10,000 a request; while `more` is `true` there may be others.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/messages/retry",
    tag = "messages",
    operation_id = "retry_messages",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = RetryFilter,
    responses((status = 202, description = "Queued again", body = Changed)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn many(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(filter): Json<RetryFilter>,
) -> ApiResult<(StatusCode, axum::Json<Changed>)> {
    let RetryFilter { installation, status, from, to, may_repeat } = filter;
    let wish = MessageWish { installation, statuses: status, from, to };
    let changed = app.retry_messages(&caller, &tenant, wish, may_repeat).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(changed.into())))
}
