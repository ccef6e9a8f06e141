//! `POST /api/v1/tenants/{tenant}/people/{id}/consents`.

use axum::extract::State;
use guanxi_app::{App, ConsentInput};
use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ConsentBody;
use crate::auth::Authenticated;
use crate::cursor::{Page, whole};
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// A word of a person on a purpose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentWish {
    /// A purpose that the settings name.
    #[schema(example = "marketing")]
    pub purpose: String,
    /// `true` if it was given, `false` if it was taken back.
    pub granted: bool,
    /// What shows it: a form, a recording, a number of a contract.
    #[serde(default)]
    pub evidence: String,
    /// Milliseconds since the epoch from which on it has to be given again.
    #[serde(default)]
    pub expires_at: Option<Millis>,
}

/// Note what a person allows
///
/// Goes through the log as `guanxi.consent`; the answer comes once it counts.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/{id}/consents",
    tag = "people",
    operation_id = "note_consent",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = ConsentWish,
    responses((status = 200, description = "By purpose, as it is now", body = Page<ConsentBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn note(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<ConsentWish>,
) -> ApiResult<axum::Json<Page<ConsentBody>>> {
    let ConsentWish { purpose, granted, evidence, expires_at } = wish;
    let input = ConsentInput { purpose, granted, evidence, expires_at };
    Ok(axum::Json(whole(app.note_consent(&caller, &tenant, id, input).await?, ConsentBody::from)))
}
