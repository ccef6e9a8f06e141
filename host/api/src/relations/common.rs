//! `GET /api/v1/tenants/{tenant}/people/{id}/common`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AcquaintanceBody;
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// With whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommonQuery {
    /// `per_…`; must be given.
    #[param(value_type = Option<String>)]
    pub with: Option<PersonId>,
}

/// Whom two people know both.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Common)]
pub struct CommonBody {
    /// How many.
    pub count: usize,
    /// Some of them, at most 20.
    pub people: Vec<AcquaintanceBody>,
}

/// Find whom two people know both
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/common",
    tag = "relations",
    operation_id = "find_common",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
        CommonQuery,
    ),
    responses((status = 200, description = "Whom both know", body = CommonBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn common(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Query(query): Query<CommonQuery>,
) -> ApiResult<Json<CommonBody>> {
    let common = app.common(&caller, &tenant, id, query.with).await?;
    let people = common.people.into_iter().map(AcquaintanceBody::from).collect();
    Ok(Json(CommonBody { count: common.count, people }))
}
