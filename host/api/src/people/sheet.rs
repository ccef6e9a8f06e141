//! `GET /api/v1/tenants/{tenant}/people.csv`.

use axum::extract::State;
use axum::response::Response;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::imports::sheet;
use crate::problem::ApiResult;

/// Which people, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SheetQuery {
    /// What a name starts with, or one whole identity, with or without its kind.
    pub search: Option<String>,
    /// Highest score of this name first; people without one are left out.
    pub score: Option<String>,
}

/// Download people
///
/// Everybody whom the list shows, as CSV, streamed. Attributes that the tenant's settings name have columns of their own,
/// others are JSON in the last one. Cells that a spreadsheet would take for formulas are marked as text.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people.csv",
    tag = "people",
    operation_id = "download_people",
    params(("tenant" = String, Path, description = "The tenant's slug"), SheetQuery),
    responses((status = 200, description = "The people", content_type = "text/csv")),
    security(("token" = ["read"])),
)]
pub(crate) async fn download(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<SheetQuery>,
) -> ApiResult<Response> {
    let lines = app.people_sheet(&caller, &tenant, query.search, query.score).await?;
    Ok(sheet(&format!("{tenant}-people.csv"), lines))
}
