//! `POST /api/v1/tenants/{tenant}/people/{id}/erase`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ErasureBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// That a person is to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureWish {
    /// Why, 1 to 500 characters. It is kept: do not name the person.
    pub reason: String,
    /// The person's id once more.
    pub confirm: String,
}

/// Forget a person
///
/// Cannot be undone. The person and everybody who was joined with them disappear at once; what is left of them in the
/// log, receipts and messages is rewritten in the background. Totals of the brand stay.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/{id}/erase",
    tag = "people",
    operation_id = "erase_person",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = ErasureWish,
    responses((status = 202, description = "It will be done", body = ErasureBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn erase(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<ErasureWish>,
) -> ApiResult<(StatusCode, axum::Json<ErasureBody>)> {
    let erasure = app.erase_person(&caller, &tenant, id, &wish.reason, &wish.confirm).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(erasure.into())))
}
