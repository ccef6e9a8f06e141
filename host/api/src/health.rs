//! `/healthz` says that the process lives, `/readyz` that it can serve.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ApiResult, Kind, Problem};
use crate::state::{NotReady, Ready};

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Wellbeing {
    /// `ok`.
    status: &'static str,
}

/// Is the process alive?
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    operation_id = "healthz",
    responses((status = 200, description = "Alive", body = Wellbeing)),
)]
pub(crate) async fn live() -> Json<Wellbeing> {
    Json(Wellbeing { status: "ok" })
}

/// Can it serve?
///
/// The database is reachable and its schema is the one that this version wants.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    operation_id = "readyz",
    responses((status = 200, description = "Ready", body = Wellbeing)),
)]
pub(crate) async fn ready(State(Ready(ready)): State<Ready>) -> ApiResult<Json<Wellbeing>> {
    match ready().await {
        Ok(()) => Ok(Json(Wellbeing { status: "ok" })),
        Err(NotReady(reason)) => Err(Problem::new(Kind::Unavailable, reason)),
    }
}
