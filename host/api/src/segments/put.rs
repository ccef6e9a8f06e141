//! `PUT /api/v1/tenants/{tenant}/segments/{name}`.

use axum::extract::State;
use guanxi_app::{App, SegmentInput};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::SegmentBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// A segment as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentWish {
    /// What people read.
    #[schema(example = "Big spenders")]
    pub title: String,
    /// Who is meant, in the language that `/segments/schema` describes.
    #[schema(value_type = Object)]
    pub filter: Value,
}

/// Define or change a segment
///
/// The answer waits until its members are found. Whoever is in it from the start does not enter it; afterwards each event
/// changes it in the same moment, and `guanxi.segment.entered` and `guanxi.segment.left` tell of it.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/segments/{name}",
    tag = "segments",
    operation_id = "put_segment",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "2 to 64 of `a-z 0-9 - _`, starting with a letter"),
    ),
    request_body = SegmentWish,
    responses((status = 200, description = "As it is now", body = SegmentBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<SegmentWish>,
) -> ApiResult<axum::Json<SegmentBody>> {
    let input = SegmentInput { title: wish.title, filter: wish.filter };
    Ok(axum::Json(app.put_segment(&caller, &tenant, &name, input).await?.into()))
}
