//! `POST /api/v1/tenants/{tenant}/backtests`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::{App, BacktestInput};
use guanxi_domain::Millis;
use guanxi_domain::backtest::BacktestKind;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::BacktestBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// What is to be compared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestWish {
    /// The installation whose decisions or scores are looked at.
    #[schema(example = "welcome")]
    pub installation: String,
    /// The version that decides; the installation's own if not given.
    #[serde(default)]
    pub version: Option<String>,
    /// The configuration; the installation's own if not given. What is left out gets the schema's default.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub config: Option<Value>,
    /// Decisions about events received from then on, milliseconds since the epoch; 30 days before `to` if not given,
    #[serde(default)]
    pub from: Option<Millis>,
    /// and before then; now if not given. Of a scorer neither can be given: everybody is scored as of now.
    #[serde(default)]
    pub to: Option<Millis>,
    /// What is compared: `campaign`, or `scorer`. Only to be said of a plugin that is both; decisions if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "scorer")]
    pub kind: Option<BacktestKind>,
    /// Of a scorer, of how many people at most, 1 to 100000: if there are more, of some that are spread evenly over all.
    #[serde(default)]
    pub people: Option<u32>,
}

/// Start a backtest
///
/// In the background: another version or configuration decides about the recorded moments of an installation, or scores the
/// people of today. Nobody is told, nothing is sent and no score is kept. At most three are open at once; the latest 50 are kept.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/backtests",
    tag = "backtests",
    operation_id = "start_backtest",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = BacktestWish,
    responses((status = 202, description = "Waiting for its turn", body = BacktestBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn start(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<BacktestWish>,
) -> ApiResult<(StatusCode, axum::Json<BacktestBody>)> {
    let BacktestWish { installation, version, config, from, to, kind, people } = wish;
    let input = BacktestInput { installation, version, config, from, to, kind, people };
    Ok((StatusCode::ACCEPTED, axum::Json(app.start_backtest(&caller, &tenant, input).await?.into())))
}
