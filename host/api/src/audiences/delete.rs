//! `DELETE /api/v1/tenants/{tenant}/audiences/{name}`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// How an audience is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Whether to forget it at once and tell the channel nothing more: for channels that are gone.
    #[serde(default)]
    pub forget: bool,
}

/// Delete an audience
///
/// The channel is told to remove everybody; the audience goes once it has taken the last removal.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/audiences/{name}",
    tag = "audiences",
    operation_id = "delete_audience",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The audience's name"),
        DeleteQuery,
    ),
    responses((status = 204, description = "Deleted, or about to be")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    app.delete_audience(&caller, &tenant, &name, query.forget).await?;
    Ok(StatusCode::NO_CONTENT)
}
