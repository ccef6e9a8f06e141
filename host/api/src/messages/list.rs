//! `GET /api/v1/tenants/{tenant}/messages`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use guanxi_domain::message::MessageStatus;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{MessageBody, StatusName};
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "messages";

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Those to this person, `per_…`.
    #[param(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// Those in this status.
    #[param(value_type = Option<StatusName>)]
    pub status: Option<MessageStatus>,
    /// `next` of the page before, with the same `person` and `status`.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List messages
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/messages",
    tag = "messages",
    operation_id = "list_messages",
    params(("tenant" = String, Path, description = "The tenant's slug"), MessagesQuery),
    responses((status = 200, description = "A page of messages", body = Page<MessageBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<MessagesQuery>,
) -> ApiResult<Json<Page<MessageBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let messages = app.messages(&caller, &tenant, query.person, query.status, before, Some(size)).await?;
    cursor::page(LIST, size, messages, |last| last.id, |message| Ok(message.into())).map(Json)
}
