//! `POST /api/v1/tenants/{tenant}/people/tags`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Tag;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Tags to put on people and to take off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagsWish {
    /// `per_…`; at most 500.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
    /// At most 20 together with `remove`.
    #[serde(default)]
    pub add: Vec<TagWish>,
    /// Weights are not looked at.
    #[serde(default)]
    pub remove: Vec<TagWish>,
}

/// A tag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagWish {
    /// What sort of label.
    pub dimension: String,
    /// The label itself.
    pub name: String,
    /// Strength, 0 to 1; 1 if not given.
    #[serde(default = "whole")]
    pub weight: f64,
}

fn whole() -> f64 {
    1.0
}

/// Where a request stands in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tagged {
    /// Its place in the log.
    pub position: i64,
}

/// Tag people
///
/// It is an event in the log; the answer waits until it is decided.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/tags",
    tag = "people",
    operation_id = "tag_people",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = TagsWish,
    responses((status = 200, description = "Done", body = Tagged)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn tag(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<TagsWish>,
) -> ApiResult<axum::Json<Tagged>> {
    let tags = |wishes: Vec<TagWish>| -> Vec<Tag> {
        wishes.into_iter().map(|w| Tag { dimension: w.dimension, name: w.name, weight: w.weight }).collect()
    };
    let position = app.tag_people(&caller, &tenant, wish.people, tags(wish.add), tags(wish.remove)).await?;
    Ok(axum::Json(Tagged { position }))
}
