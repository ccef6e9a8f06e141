//! `POST /api/v1/tenants/{tenant}/people/{id}/identities`.

use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::Verb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::links::OutcomeBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::{ApiResult, Problem};

/// What to do about an identity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityWish {
    /// `link` gives it to the person; `confirm`, `dispute`, `invalidate` and `recheck` change their link to it; `dismiss`
    /// puts somebody's claim to it aside.
    pub action: WishedAction,
    /// `kind:value`.
    #[schema(example = "phone:+8613800138000")]
    pub identity: String,
    /// For `dismiss`: who claims it, `per_…`.
    #[schema(value_type = Option<String>)]
    pub claimed_by: Option<PersonId>,
    /// Why, 1 to 500 characters; kept.
    pub reason: String,
}

/// Actions on one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WishedAction {
    Link,
    Confirm,
    Dispute,
    Invalidate,
    Recheck,
    Dismiss,
}

/// Link, confirm, dispute or invalidate an identity
///
/// It is an event in the log; the answer waits until it is decided. `409` says why it is refused.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/people/{id}/identities",
    tag = "people",
    operation_id = "act_on_identity",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    request_body = IdentityWish,
    responses((status = 200, description = "Done", body = OutcomeBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn act(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Json(wish): Json<IdentityWish>,
) -> ApiResult<axum::Json<OutcomeBody>> {
    let identity = app.read_identity(&caller, &tenant, &wish.identity).await?;
    let verb = match wish.action {
        WishedAction::Link => Verb::Link { identity },
        WishedAction::Confirm => Verb::Confirm { identity },
        WishedAction::Dispute => Verb::Dispute { identity },
        WishedAction::Invalidate => Verb::Invalidate { identity },
        WishedAction::Recheck => Verb::Recheck { identity },
        WishedAction::Dismiss => {
            let claimed_by =
                wish.claimed_by.ok_or_else(|| Problem::invalid("claimed_by", "say whose claim is put aside"))?;
            Verb::Dismiss { identity, claimed_by }
        }
    };
    Ok(axum::Json(app.act_on_identity(&caller, &tenant, id, verb, &wish.reason).await?.into()))
}
