//! `GET /api/v1/tenants/{tenant}/people/{id}/insight`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;

use super::PersonInsightBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show what a person is like
///
/// Made from the person's own rows, and of somebody who was joined with others from those of all of them.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/insight",
    tag = "insight",
    operation_id = "get_person_insight",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The portrait", body = PersonInsightBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn of_person(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<PersonInsightBody>> {
    let portrait = app.portrait_of(&caller, &tenant, id).await?;
    Ok(Json(PersonInsightBody { status: "ready", computed_at: app.ambient().now(), portrait }))
}
