//! `GET /api/v1/tenants/{tenant}/messages`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, MessageLogFilter};
use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use guanxi_domain::message::{MessageClass, MessageStatus};
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
    /// Those over this connector, by the installation's name.
    pub installation: Option<String>,
    /// Those of this class: `reply`, `transactional` or `marketing`.
    #[param(value_type = Option<String>)]
    pub class: Option<MessageClass>,
    /// Those for this purpose.
    pub purpose: Option<String>,
    /// Those whose last try had this outcome, such as `rejected`.
    pub outcome: Option<String>,
    /// Those decided at this time or later, milliseconds since the epoch.
    pub from: Option<Millis>,
    /// Those decided before this time, milliseconds since the epoch.
    pub to: Option<Millis>,
    /// `next` of the page before, with the same filters.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List messages
///
/// Newest first. What a filter leaves is looked for among 50,000 messages a page: a page may have fewer items than it could and
/// still have a `next`.
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
    let connector = match &query.installation {
        Some(name) => Some(app.installation(&caller, &tenant, name).await?.installation.id),
        None => None,
    };
    let filter = MessageLogFilter {
        person: query.person,
        connector,
        status: query.status,
        class: query.class,
        purpose: query.purpose,
        outcome: query.outcome,
        from: query.from,
        to: query.to,
    };
    let page = app.messages(&caller, &tenant, &filter, before, Some(size)).await?;
    let next = page.more.map(|more| cursor::encode(LIST, more)).transpose()?;
    Ok(Json(Page { items: page.messages.into_iter().map(MessageBody::from).collect(), next }))
}
