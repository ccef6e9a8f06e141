//! `POST /api/v1/tenants/{tenant}/dead-letters/{position}/retry`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Where the event is in the log now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retried {
    /// Its new place.
    pub position: i64,
}

/// Try a dead letter again
///
/// Puts it at the end of the log.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/dead-letters/{position}/retry",
    tag = "dead letters",
    operation_id = "retry_dead_letter",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("position" = i64, Path, description = "The event's place in the log"),
    ),
    responses((status = 202, description = "In the log again", body = Retried)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn retry(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, position)): Path<(String, i64)>,
) -> ApiResult<(StatusCode, axum::Json<Retried>)> {
    let position = app.retry_dead_letter(&caller, &tenant, position).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Retried { position })))
}
