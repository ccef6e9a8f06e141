//! `PATCH /api/v1/tenants/{tenant}/people/{id}`.

use axum::extract::State;
use guanxi_app::{App, PersonEdit};
use guanxi_domain::JsonMap;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Role, Stage};
use serde::Deserialize;
use utoipa::ToSchema;

use super::get::PersonDetail;
use super::{RoleName, StageName};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonWish {
    /// By name; `null` takes one away. Values have the types of the tenant's settings.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: JsonMap,
    /// How far the person has come.
    #[schema(value_type = Option<StageName>)]
    pub stage: Option<Stage>,
    /// All roles besides consumer.
    #[schema(value_type = Option<Vec<RoleName>>)]
    pub roles: Option<Vec<Role>>,
}

/// Change a person
///
/// It is an event in the log; the answer waits until it is decided.
#[utoipa::path(
    patch,
    path = "/api/v1/tenants/{tenant}/people/{id}",
    tag = "people",
    operation_id = "edit_person",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = PersonWish,
    responses((status = 200, description = "The person", body = PersonDetail)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn edit(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<PersonWish>,
) -> ApiResult<axum::Json<PersonDetail>> {
    let edit = PersonEdit { attributes: wish.attributes, stage: wish.stage, roles: wish.roles };
    app.edit_person(&caller, &tenant, id, edit).await?;
    Ok(axum::Json(app.person(&caller, &tenant, id).await?.into()))
}
