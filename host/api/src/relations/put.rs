//! `POST /api/v1/tenants/{tenant}/relations`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::Millis;
use guanxi_domain::relations::{Relation, Who};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Relations that came to be, changed or ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelations {
    /// 1 to 500, in this order.
    pub edges: Vec<NewRelation>,
}

/// A relation that came to be, changed or ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// Who has it (the follower, the one who was brought): an identity `kind:value`, whose person is made if there is
    /// none, or `per_…`.
    #[schema(value_type = String, example = "user:ada")]
    pub from: Who,
    /// To whom, written in the same way.
    #[schema(value_type = String, example = "user:lin")]
    pub to: Who,
    /// 1 to 32 of `a-z 0-9 _ -`.
    #[schema(example = "friend")]
    pub kind: String,
    /// 0 to 1; a half if not given.
    pub strength: Option<f64>,
    /// Since when, milliseconds since the epoch; now if not given.
    pub at: Option<Millis>,
    /// Whether the same holds the other way round.
    #[serde(default)]
    pub mutual: bool,
    /// Whether it has ended.
    #[serde(default)]
    pub remove: bool,
}

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenRelations {
    /// How many relations.
    pub accepted: usize,
    /// The place in the log from which on they hold.
    pub position: i64,
}

/// Tell of relations
///
/// They are durable when this is answered and hold as soon as the log was decided up to their position, usually within
/// milliseconds.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/relations",
    tag = "relations",
    operation_id = "put_relations",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = NewRelations,
    responses((status = 202, description = "Taken", body = TakenRelations)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(new): Json<NewRelations>,
) -> ApiResult<(StatusCode, axum::Json<TakenRelations>)> {
    let edges: Vec<Relation> = new.edges.into_iter().map(Relation::from).collect();
    let accepted = edges.len();
    let position = app.relate(&caller, &tenant, edges).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TakenRelations { accepted, position })))
}

impl From<NewRelation> for Relation {
    fn from(new: NewRelation) -> Self {
        let NewRelation { from, to, kind, strength, at, mutual, remove } = new;
        Self { from, to, kind, strength, at, mutual, remove }
    }
}
