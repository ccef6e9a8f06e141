//! `GET /api/v1/tenants/{tenant}/people/{id}/reach`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, ReachView};
use guanxi_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AcquaintanceBody;
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// How far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReachQuery {
    /// 1 to 6, 2 if not given; other numbers count as the nearest of these.
    pub steps: Option<u32>,
}

/// Who is within some steps of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reach)]
pub struct ReachBody {
    /// How many are within these steps, the person not among them.
    pub total: usize,
    /// Those one step away, two …
    pub steps: Vec<StepBody>,
    /// Whether everybody was counted: a question looks at a bounded number of relations.
    pub complete: bool,
}

/// Who is as many steps away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReachStep)]
pub struct StepBody {
    /// As many.
    pub steps: usize,
    /// How many people.
    pub count: usize,
    /// Some of them, at most 20.
    pub people: Vec<AcquaintanceBody>,
}

/// Count whom a person reaches
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/reach",
    tag = "relations",
    operation_id = "find_reach",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
        ReachQuery,
    ),
    responses((status = 200, description = "Who is near", body = ReachBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn reach(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Query(query): Query<ReachQuery>,
) -> ApiResult<Json<ReachBody>> {
    Ok(Json(app.reach(&caller, &tenant, id, query.steps).await?.into()))
}

impl From<ReachView> for ReachBody {
    fn from(view: ReachView) -> Self {
        let step = |(index, (count, people)): (usize, (usize, Vec<guanxi_app::Acquaintance>))| StepBody {
            steps: index + 1,
            count,
            people: people.into_iter().map(AcquaintanceBody::from).collect(),
        };
        Self {
            total: view.steps.iter().map(|(count, _)| count).sum(),
            steps: view.steps.into_iter().enumerate().map(step).collect(),
            complete: view.complete,
        }
    }
}
