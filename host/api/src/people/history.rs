//! `GET /api/v1/tenants/{tenant}/people/{id}/identities`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use guanxi_domain::limits::PAGE_MAX;

use super::links::ActionBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// Show what was done about a person's identities
///
/// The latest 200, newest first: who linked, confirmed, disputed, joined and parted what, and why.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/identities",
    tag = "people",
    operation_id = "get_identity_history",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The history", body = Page<ActionBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn history(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<Page<ActionBody>>> {
    let actions = app.identity_history(&caller, &tenant, id, Some(PAGE_MAX)).await?;
    Ok(Json(cursor::whole(actions, ActionBody::from)))
}
