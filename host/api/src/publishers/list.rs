//! `GET /api/v1/publishers`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::PublisherBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::problem::ApiResult;

/// List publishers
///
/// Everybody whose packages were ever let in by a signature, by name, at most 200.
#[utoipa::path(
    get,
    path = "/api/v1/publishers",
    tag = "plugins",
    operation_id = "list_publishers",
    responses((status = 200, description = "The publishers", body = Page<PublisherBody>)),
    security(("token" = [])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
) -> ApiResult<Json<Page<PublisherBody>>> {
    Ok(Json(cursor::whole(app.publishers(&caller).await?, PublisherBody::from)))
}
