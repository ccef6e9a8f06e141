//! `POST /api/v1/tenants/{tenant}/people/{id}/merge` and `…/split`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::Verb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::links::OutcomeBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// Who is the same person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeWish {
    /// `per_…`.
    #[schema(value_type = String)]
    pub with: PersonId,
    /// Why, 1 to 500 characters; kept.
    pub reason: String,
}

/// Why somebody is not the same person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitWish {
    /// 1 to 500 characters; kept.
    pub reason: String,
}

/// Join two people
///
/// Both stay as they are inside the person who stands for them from now on, and can be parted again. `409` says why it is
/// refused.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/{id}/merge",
    tag = "people",
    operation_id = "merge_people",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = MergeWish,
    responses((status = 200, description = "Joined: `action.person` stands for both", body = OutcomeBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn merge(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<MergeWish>,
) -> ApiResult<axum::Json<OutcomeBody>> {
    let verb = Verb::Merge { with: wish.with };
    Ok(axum::Json(app.act_on_identity(&caller, &tenant, id, verb, &wish.reason).await?.into()))
}

/// Part a person from those they were joined with
///
/// Give the id of one of the `members`. Everything goes back to where it was; what happened since stays with the person
/// whom it named.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/{id}/split",
    tag = "people",
    operation_id = "split_person",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = SplitWish,
    responses((status = 200, description = "Parted", body = OutcomeBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn split(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<SplitWish>,
) -> ApiResult<axum::Json<OutcomeBody>> {
    Ok(axum::Json(app.act_on_identity(&caller, &tenant, id, Verb::Split, &wish.reason).await?.into()))
}
