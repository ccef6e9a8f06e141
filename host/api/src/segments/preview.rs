//! `POST /api/v1/tenants/{tenant}/segments/preview`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::Millis;
use guanxi_domain::segment::Tongue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Said;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::people::PersonBody;
use crate::problem::ApiResult;

/// A filter to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewWish {
    /// Who is meant.
    #[schema(value_type = Object)]
    pub filter: Value,
}

/// What a filter finds now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentPreview)]
pub struct PreviewBody {
    /// The filter in its usual spelling.
    #[schema(value_type = Object)]
    pub filter: Value,
    /// The filter in one line, in English and Chinese.
    pub said: Said,
    /// How many it means, exactly.
    pub count: u64,
    /// Some of them, the latest first.
    pub sample: Vec<PersonBody>,
    /// How long counting took, in milliseconds.
    pub took_ms: Millis,
}

/// Try a filter
///
/// Counts whom it means and shows some of them; nothing is saved.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/segments/preview",
    tag = "segments",
    operation_id = "preview_segment",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = PreviewWish,
    responses((status = 200, description = "What it finds", body = PreviewBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn preview(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<PreviewWish>,
) -> ApiResult<axum::Json<PreviewBody>> {
    let preview = app.preview_segment(&caller, &tenant, &wish.filter).await?;
    Ok(axum::Json(PreviewBody {
        said: Said { en: preview.filter.say(Tongue::English), zh: preview.filter.say(Tongue::Chinese) },
        filter: preview.filter.to_json(),
        count: preview.count,
        sample: preview.sample.into_iter().map(PersonBody::from).collect(),
        took_ms: preview.took_ms,
    }))
}
