//! `GET /api/v1/tenants/{tenant}/people/{id}/path`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, PathView};
use guanxi_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AcquaintanceBody;
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// To whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PathQuery {
    /// `per_…`; must be given.
    #[param(value_type = Option<String>)]
    pub to: Option<PersonId>,
}

/// How one person knows another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Path)]
pub struct PathBody {
    /// How many steps it takes, each along a relation in either direction; `null` if no way was found.
    pub steps: Option<usize>,
    /// A shortest way, both ends included.
    pub people: Vec<AcquaintanceBody>,
    /// Whether there is no way if none was found: a question looks at a bounded number of relations.
    pub complete: bool,
}

/// Find how one person knows another
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/path",
    tag = "relations",
    operation_id = "find_path",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
        PathQuery,
    ),
    responses((status = 200, description = "A shortest way", body = PathBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn path(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Query(query): Query<PathQuery>,
) -> ApiResult<Json<PathBody>> {
    Ok(Json(app.path(&caller, &tenant, id, query.to).await?.into()))
}

impl From<PathView> for PathBody {
    fn from(view: PathView) -> Self {
        let steps = view.people.as_ref().map(|people| people.len().saturating_sub(1));
        let people = view.people.unwrap_or_default().into_iter().map(AcquaintanceBody::from).collect();
        Self { steps, people, complete: view.complete }
    }
}
