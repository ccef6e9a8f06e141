//! `GET /api/v1/tenants/{tenant}/imports/{id}/report`.

use axum::extract::State;
use axum::response::Response;
use guanxi_app::App;
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::RowResult;
use serde::Deserialize;
use utoipa::IntoParams;

use super::sheet;
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// `new`, `recognised`, `unchanged`, `conflicting` or `refused`; all rows if not given.
    #[param(value_type = Option<String>)]
    pub result: Option<RowResult>,
}

/// Download what became of rows
///
/// CSV with the columns row, result, subject and reason. Cells that a spreadsheet would take for formulas are marked as
/// text.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/imports/{id}/report",
    tag = "imports",
    operation_id = "report_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
        ReportQuery,
    ),
    responses((status = 200, description = "The report", content_type = "text/csv")),
    security(("token" = ["read"])),
)]
pub(crate) async fn report(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
    Query(query): Query<ReportQuery>,
) -> ApiResult<Response> {
    let lines = app.import_report(&caller, &tenant, id, query.result).await?;
    let of = query.result.map_or("all", RowResult::as_str);
    Ok(sheet(&format!("{id}-{of}.csv"), lines))
}
