//! `GET /api/v1/tenants/{tenant}/people/{id}/campaigns`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, CampaignAnswer, Step, StepSort};
use guanxi_domain::Millis;
use guanxi_domain::ids::{DecisionId, PersonId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;
use crate::segments::Said;

/// How far a campaign came with a person when it was last concerned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignAnswer)]
pub struct CampaignBody {
    /// The installation's name.
    pub installation: String,
    /// The plugin's title.
    pub title: Said,
    /// Whether it did all that it wanted to do; else the first step that does not hold says why.
    pub reached: bool,
    /// The receipt of what it decided then, `dec_…`.
    #[schema(value_type = Option<String>)]
    pub decision: Option<DecisionId>,
    /// What has to hold, in this order.
    pub steps: Vec<StepBody>,
}

/// One thing that has to hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStep)]
pub struct StepBody {
    /// `on`, `event`, `asked`, `decided`, `done` or `sent`.
    #[schema(value_type = String, example = "decided")]
    pub sort: StepSort,
    /// Whether it does.
    pub holds: bool,
    /// In English and Chinese.
    pub said: Said,
    /// When that was, milliseconds since the epoch.
    pub at: Option<Millis>,
}

impl From<CampaignAnswer> for CampaignBody {
    fn from(answer: CampaignAnswer) -> Self {
        let CampaignAnswer { installation, title, reached, decision, steps } = answer;
        let title = Said { en: title.en, zh: title.zh };
        Self { installation, title, reached, decision, steps: steps.into_iter().map(StepBody::from).collect() }
    }
}

impl From<Step> for StepBody {
    fn from(Step { sort, holds, said: [en, zh], at }: Step) -> Self {
        Self { sort, holds, said: Said { en, zh }, at }
    }
}

/// Explain what campaigns did about a person
///
/// Every campaign of the tenant: how far it came with the person when it was last concerned, and what stopped it.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/campaigns",
    tag = "people",
    operation_id = "list_person_campaigns",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The answers", body = Page<CampaignBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn campaigns(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<Page<CampaignBody>>> {
    Ok(Json(cursor::whole(app.campaigns_of(&caller, &tenant, id).await?, CampaignBody::from)))
}
