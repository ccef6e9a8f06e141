//! `POST /api/v1/tenants/{tenant}/installations/{name}/poll/reset`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PollBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Where a channel is to be asked on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetWish {
    /// In the channel's own terms, at most 4 KiB; the beginning if left out.
    pub cursor: Option<String>,
    /// Why, 1 to 500 characters; kept beside the cursor and in the log.
    pub reason: String,
}

/// Set where a channel is asked on
///
/// It is asked at once. Events that come again are known by their keys and not kept twice; those between the old place and a
/// later one never come.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/poll/reset",
    tag = "installations",
    operation_id = "reset_poll",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    request_body = ResetWish,
    responses((status = 202, description = "Under way", body = PollBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn reset(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<ResetWish>,
) -> ApiResult<(StatusCode, axum::Json<PollBody>)> {
    let view = app.reset_poll(&caller, &tenant, &name, wish.cursor.as_deref(), &wish.reason).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}
