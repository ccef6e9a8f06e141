//! `GET /api/v1/tenants/{tenant}/backtests/{id}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::BacktestId;

use super::BacktestBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show a backtest
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/backtests/{id}",
    tag = "backtests",
    operation_id = "get_backtest",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`btt_…`"),
    ),
    responses((status = 200, description = "With what was found so far", body = BacktestBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, BacktestId)>,
) -> ApiResult<Json<BacktestBody>> {
    Ok(Json(app.backtest(&caller, &tenant, id).await?.into()))
}
