//! `GET /api/v1/tenants/{tenant}/imports`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ImportBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "imports";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportsQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List imports
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/imports",
    tag = "imports",
    operation_id = "list_imports",
    params(("tenant" = String, Path, description = "The tenant's slug"), ImportsQuery),
    responses((status = 200, description = "A page of imports, newest first", body = Page<ImportBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<ImportsQuery>,
) -> ApiResult<Json<Page<ImportBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let imports = app.imports(&caller, &tenant, before, Some(size)).await?;
    cursor::page(LIST, size, imports, |view| view.row.id, |view| Ok(view.into())).map(Json)
}
