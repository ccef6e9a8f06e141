//! `PUT /api/v1/tenants/{tenant}/installations/{name}/candidate`.

use axum::extract::State;
use guanxi_app::{App, CandidateInput};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{CandidateBody, GuardBody};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::installations::grants::{GrantsBody, GrantsSchema};
use crate::problem::ApiResult;

/// What is to decide besides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateWish {
    /// The version; the installation's own if not given.
    #[serde(default)]
    #[schema(example = "0.2.0")]
    pub version: Option<String>,
    /// The configuration; the installation's own if not given. What is left out gets the schema's default.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub config: Option<Value>,
    /// What it may do; if not given what the installation may do, unless it asks for something new.
    #[serde(default)]
    #[schema(value_type = Option<GrantsSchema>)]
    pub grants: Option<GrantsBody>,
    /// Of a hundred people, for how many it decides with effect; 0, a shadow, if not given.
    #[serde(default)]
    #[schema(maximum = 100, example = 10)]
    pub percent: u8,
    /// What it may not exceed.
    #[serde(default)]
    pub guard: GuardBody,
    /// Try the same again that fell back, which is a conflict else.
    #[serde(default)]
    pub again: bool,
}

/// Try another version or configuration
///
/// It decides about everything that the installation decides about from now on: for `percent` of the people with effect, always
/// for the same ones, else without. Put again with another `percent` or `guard` it goes on; with anything else it is another
/// candidate, and the one before is stopped. Campaigns only.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/installations/{name}/candidate",
    tag = "candidates",
    operation_id = "put_candidate",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    request_body = CandidateWish,
    responses((status = 200, description = "As it is now", body = CandidateBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<CandidateWish>,
) -> ApiResult<axum::Json<CandidateBody>> {
    let CandidateWish { version, config, grants, percent, guard, again } = wish;
    let grants = grants.map(|grants| grants.0);
    let input = CandidateInput { version, config, grants, percent, guard: guard.into(), again };
    Ok(axum::Json(app.put_candidate(&caller, &tenant, &name, input).await?.into()))
}
