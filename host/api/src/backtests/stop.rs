//! `POST /api/v1/tenants/{tenant}/backtests/{id}/stop`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::BacktestId;

use super::BacktestBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Stop a backtest
///
/// What was found so far stays.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/backtests/{id}/stop",
    tag = "backtests",
    operation_id = "stop_backtest",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`btt_…`"),
    ),
    responses((status = 200, description = "Stopped", body = BacktestBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn stop(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, BacktestId)>,
) -> ApiResult<Json<BacktestBody>> {
    Ok(Json(app.stop_backtest(&caller, &tenant, id).await?.into()))
}
