//! `GET /api/v1/tenants/{tenant}/dead-letters`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, BuriedEvent};
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::events::EventBody;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;
use crate::queries::Paged;

const LIST: &str = "dead-letters";

/// An event that could not be processed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub struct DeadLetterBody {
    /// The event.
    pub event: EventBody,
    /// Why.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was given up, milliseconds since the epoch.
    pub at: Millis,
}

/// List dead letters
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/dead-letters",
    tag = "dead letters",
    operation_id = "list_dead_letters",
    params(("tenant" = String, Path, description = "The tenant's slug"), Paged),
    responses((status = 200, description = "A page of dead letters", body = Page<DeadLetterBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<Page<DeadLetterBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let letters = app.dead_letters(&caller, &tenant, before, Some(size)).await?;
    cursor::page(LIST, size, letters, |last| last.event.position, |letter| Ok(letter.into())).map(Json)
}

impl From<BuriedEvent> for DeadLetterBody {
    fn from(letter: BuriedEvent) -> Self {
        Self { event: letter.event.into(), reason: letter.reason, tries: letter.tries, at: letter.at }
    }
}
