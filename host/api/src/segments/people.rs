//! `GET /api/v1/tenants/{tenant}/segments/{name}/people`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::people::PersonBody;
use crate::problem::ApiResult;

const LIST: &str = "segment-people";

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List the members of a segment
///
/// In the order in which they became known.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/segments/{name}/people",
    tag = "segments",
    operation_id = "list_segment_people",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The segment's name"),
        MembersQuery,
    ),
    responses((status = 200, description = "A page of people", body = Page<PersonBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn people(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Query(query): Query<MembersQuery>,
) -> ApiResult<Json<Page<PersonBody>>> {
    let after: Option<u32> = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let page = app.segment_people(&caller, &tenant, &name, after.unwrap_or(0), Some(size)).await?;
    cursor::page(LIST, size, page.people, |person| person.person.number, |person| Ok(person.into())).map(Json)
}
