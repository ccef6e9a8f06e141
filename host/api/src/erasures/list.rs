//! `GET /api/v1/tenants/{tenant}/erasures`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ErasureBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "erasures";

/// Which erasures.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ErasuresQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List erasures
///
/// Newest first. Keep the list beside the back-ups: after an older one was restored, they have to be done again.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/erasures",
    tag = "people",
    operation_id = "list_erasures",
    params(("tenant" = String, Path, description = "The tenant's slug"), ErasuresQuery),
    responses((status = 200, description = "A page of erasures", body = Page<ErasureBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<ErasuresQuery>,
) -> ApiResult<Json<Page<ErasureBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let erasures = app.erasures(&caller, &tenant, before, Some(size)).await?;
    cursor::page(LIST, size, erasures, |last| last.id, |erasure| Ok(erasure.into())).map(Json)
}
