//! `PUT /api/v1/publishers/{name}`.

use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PublisherBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Whom to trust.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublisherWish {
    /// What people call it, 1 to 120 characters.
    #[schema(example = "Lantern Works")]
    pub title: String,
    /// A public key of theirs: `ed25519:` and base64, or PEM. Others that are trusted stay so.
    pub key: String,
}

/// Trust a publisher
///
/// For operators. Lets in what is signed with the key.
#[utoipa::path(
    put,
    path = "/api/v1/publishers/{name}",
    tag = "plugins",
    operation_id = "trust_publisher",
    params(("name" = String, Path, description = "2 to 64 of `a-z 0-9 -`")),
    request_body = PublisherWish,
    responses((status = 200, description = "As it is now", body = PublisherBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn trust(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(wish): Json<PublisherWish>,
) -> ApiResult<axum::Json<PublisherBody>> {
    Ok(axum::Json(app.trust_publisher(&caller, &name, &wish.title, &wish.key).await?.into()))
}
