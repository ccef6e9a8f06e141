//! `PUT /api/v1/tenants/{tenant}/media/{name}`.

use axum::extract::State;
use guanxi_app::App;

use super::MediaBody;
use crate::auth::Authenticated;
use crate::extract::{Path, RawBody};
use crate::problem::ApiResult;

/// Keep media
///
/// The body is the file itself: PNG, JPEG, GIF, WebP, MP3, AMR or MP4, of at most 10 MiB. What it is follows from its bytes,
/// whatever the content type says. It takes the place of what is kept under the name, at another address.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/media/{name}",
    tag = "media",
    operation_id = "put_media",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "2 to 64 of `a-z 0-9 -`"),
    ),
    request_body(content = Vec<u8>, description = "The file", content_type = "application/octet-stream"),
    responses((status = 200, description = "Kept", body = MediaBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    RawBody(bytes): RawBody,
) -> ApiResult<axum::Json<MediaBody>> {
    Ok(axum::Json(app.put_media(&caller, &tenant, &name, &bytes).await?.into()))
}
