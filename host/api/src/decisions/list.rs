//! `GET /api/v1/tenants/{tenant}/decisions`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::DecisionBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "decisions";

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DecisionsQuery {
    /// Those about this person, `per_…`.
    #[param(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// `next` of the page before, with the same `person`.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List decisions
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/decisions",
    tag = "decisions",
    operation_id = "list_decisions",
    params(("tenant" = String, Path, description = "The tenant's slug"), DecisionsQuery),
    responses((status = 200, description = "A page of decisions", body = Page<DecisionBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<DecisionsQuery>,
) -> ApiResult<Json<Page<DecisionBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let decisions = app.decisions(&caller, &tenant, query.person, before, Some(size)).await?;
    cursor::page(LIST, size, decisions, |last| last.row.id, DecisionBody::of).map(Json)
}
