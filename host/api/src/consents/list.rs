//! `GET /api/v1/tenants/{tenant}/people/{id}/consents`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;

use super::ConsentBody;
use crate::auth::Authenticated;
use crate::cursor::{Page, whole};
use crate::extract::Path;
use crate::problem::ApiResult;

/// List what a person allows
///
/// Every purpose that the settings name, and others on which the person said something.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/consents",
    tag = "people",
    operation_id = "list_consents",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "By purpose", body = Page<ConsentBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<Page<ConsentBody>>> {
    Ok(Json(whole(app.consents(&caller, &tenant, id).await?, ConsentBody::from)))
}
