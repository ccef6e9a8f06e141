//! `GET /api/v1/tenants/{tenant}/people/{id}/timeline`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, TimelinePage};
use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor;
use crate::decisions::DecisionBody;
use crate::events::EventBody;
use crate::extract::{Path, Query};
use crate::messages::MessageBody;
use crate::problem::ApiResult;
use crate::queries::Paged;

const LIST: &str = "timeline";

/// A part of what happened to a person, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// The events of this page.
    pub items: Vec<EventBody>,
    /// What was decided about these events.
    pub decisions: Vec<DecisionBody>,
    /// What was sent because of these decisions.
    pub messages: Vec<MessageBody>,
    /// Give it as `cursor` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// Show a person's timeline
///
/// Events, what was decided about them and what was sent, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/timeline",
    tag = "people",
    operation_id = "get_timeline",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
        Paged,
    ),
    responses((status = 200, description = "A page of the timeline", body = Timeline)),
    security(("token" = ["read"])),
)]
pub(crate) async fn timeline(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<Timeline>> {
    let before: Option<(Millis, i64)> = cursor::read(LIST, query.cursor.as_deref())?;
    let page = app.timeline(&caller, &tenant, id, before, Some(cursor::page_size(query.limit))).await?;
    Timeline::of(page).map(Json)
}

impl Timeline {
    fn of(page: TimelinePage) -> ApiResult<Self> {
        Ok(Self {
            items: page.events.into_iter().map(EventBody::from).collect(),
            decisions: page.decisions.into_iter().map(DecisionBody::of).collect::<ApiResult<_>>()?,
            messages: page.messages.into_iter().map(MessageBody::from).collect(),
            next: page.next.map(|before| cursor::encode(LIST, before)).transpose()?,
        })
    }
}
