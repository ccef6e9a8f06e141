//! `GET /api/v1/tenants/{tenant}/reviews`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, ConflictCursor, IdentityConflict};
use serde::{Deserialize, Serialize};

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::people::get::ConflictBody;
use crate::problem::ApiResult;
use crate::queries::Paged;

const LIST: &str = "reviews";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    position: i64,
    kind: String,
    value: String,
}

/// List what waits for review
///
/// Identities that events named for one person while they belong to another, or of which one person would have too many,
/// oldest first. Settle them with the actions on identities, with a merge, or with `dismiss`.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/reviews",
    tag = "people",
    operation_id = "list_reviews",
    params(("tenant" = String, Path, description = "The tenant's slug"), Paged),
    responses((status = 200, description = "A page of conflicts", body = Page<ConflictBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<Page<ConflictBody>>> {
    let after: Option<Last> = cursor::read(LIST, query.cursor.as_deref())?;
    let after = after.map(|Last { position, kind, value }| ConflictCursor { position, kind, value });
    let size = cursor::page_size(query.limit);
    let rows = app.review_queue(&caller, &tenant, after.as_ref(), Some(size)).await?;
    cursor::page(LIST, size, rows, last, |row| Ok(row.into())).map(Json)
}

fn last(row: &IdentityConflict) -> Last {
    let (kind, value) = (row.identity.kind().to_owned(), row.identity.value().to_owned());
    Last { position: row.position, kind, value }
}
