//! `POST /api/v1/publishers/{name}/revoke`.

use axum::extract::State;
use guanxi_app::App;

use super::{KeyWish, PublisherBody};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Revoke a publisher's key
///
/// For operators. Lets in nothing more that is signed with it, for ever. What is in the library stays there: yank what must
/// not be installed.
#[utoipa::path(
    post,
    path = "/api/v1/publishers/{name}/revoke",
    tag = "plugins",
    operation_id = "revoke_publisher_key",
    params(("name" = String, Path, description = "The publisher's name")),
    request_body = KeyWish,
    responses((status = 200, description = "As it is now", body = PublisherBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn revoke(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(wish): Json<KeyWish>,
) -> ApiResult<axum::Json<PublisherBody>> {
    Ok(axum::Json(app.revoke_key(&caller, &name, &wish.key).await?.into()))
}
