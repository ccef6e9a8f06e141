//! `GET /api/v1/tenants/{tenant}/backtests`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use super::BacktestBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "backtests";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BacktestsQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List backtests
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/backtests",
    tag = "backtests",
    operation_id = "list_backtests",
    params(("tenant" = String, Path, description = "The tenant's slug"), BacktestsQuery),
    responses((status = 200, description = "A page of backtests, newest first", body = Page<BacktestBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<BacktestsQuery>,
) -> ApiResult<Json<Page<BacktestBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let backtests = app.backtests(&caller, &tenant, before, Some(size)).await?;
    cursor::page(LIST, size, backtests, |backtest| backtest.id, |backtest| Ok(backtest.into())).map(Json)
}
