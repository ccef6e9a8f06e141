//! `GET /api/v1/tenants/{tenant}/events`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::EventBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;
use crate::queries::Paged;

const LIST: &str = "events";

/// List events
///
/// Newest in the log first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/events",
    tag = "events",
    operation_id = "list_events",
    params(("tenant" = String, Path, description = "The tenant's slug"), Paged),
    responses((status = 200, description = "A page of events", body = Page<EventBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<Page<EventBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let events = app.events(&caller, &tenant, before, Some(size)).await?;
    cursor::page(LIST, size, events, |last| last.position, |event| Ok(event.into())).map(Json)
}
