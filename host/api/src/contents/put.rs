//! `PUT /api/v1/tenants/{tenant}/contents/{name}`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::JsonMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ContentBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// What is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentWish {
    /// The document, of at most 32 KiB.
    #[schema(value_type = Object)]
    pub content: JsonMap,
    /// The version that is to be replaced, 0 if there is none: another one is a conflict. Whatever is there if not given.
    #[serde(default)]
    pub version: Option<u32>,
}

/// Keep a content
///
/// Under this name, over one that is there. Everything that is wrong is told at once, each with its place in the document.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/contents/{name}",
    tag = "contents",
    operation_id = "put_content",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "2 to 64 of `a-z 0-9 -`"),
    ),
    request_body = ContentWish,
    responses((status = 200, description = "Kept", body = ContentBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<ContentWish>,
) -> ApiResult<axum::Json<ContentBody>> {
    Ok(axum::Json(app.put_content(&caller, &tenant, &name, wish.content, wish.version).await?.into()))
}
