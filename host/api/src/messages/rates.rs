//! `GET /api/v1/tenants/{tenant}/messages/rates`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, RateGroup, RateView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

/// What messages are counted by.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Channel, connector, campaign and content together.
    #[default]
    Source,
    /// The channel.
    Channel,
    /// The connector's installation.
    Connector,
    /// The campaign's installation.
    Campaign,
    /// The kept content.
    Content,
}

impl From<By> for RateGroup {
    fn from(by: By) -> Self {
        match by {
            By::Source => Self::Source,
            By::Channel => Self::Channel,
            By::Connector => Self::Connector,
            By::Campaign => Self::Campaign,
            By::Content => Self::Content,
        }
    }
}

/// Which messages, and how they are counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RatesQuery {
    /// Messages that were decided within so many days: 1 to 400, 30 if not given; other numbers count as the nearest of these.
    pub days: Option<u32>,
    /// By what they are counted.
    #[serde(default)]
    #[param(inline)]
    pub by: By,
}

/// How messages of one group fared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageRates)]
pub struct RatesBody {
    /// The channel, where messages are told apart by it.
    pub channel: Option<String>,
    /// The connector's installation, in the same way.
    pub connector: Option<String>,
    /// The campaign's installation; empty if it is not known any more.
    pub campaign: Option<String>,
    /// The kept content; empty if the messages say one of their own.
    pub content: Option<String>,
    /// Messages that the channel took.
    pub sent: u64,
    /// Of these, those that somebody looked at; channels without HTML do not tell.
    pub opened: u64,
    /// Those of which somebody followed a link.
    pub clicked: u64,
    /// Those to which the person answered on the same channel within 48 hours.
    pub replied: u64,
}

impl From<RateView> for RatesBody {
    fn from(view: RateView) -> Self {
        let RateView { channel, connector, campaign, content, rates } = view;
        Self {
            channel,
            connector,
            campaign,
            content,
            sent: rates.sent,
            opened: rates.opened,
            clicked: rates.clicked,
            replied: rates.replied,
        }
    }
}

/// Count how messages fared
///
/// Looks and clicks of people, each message once; programs that look at links do not count.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/messages/rates",
    tag = "messages",
    operation_id = "list_message_rates",
    params(("tenant" = String, Path, description = "The tenant's slug"), RatesQuery),
    responses((status = 200, description = "The groups, the largest first", body = Page<RatesBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<RatesQuery>,
) -> ApiResult<Json<Page<RatesBody>>> {
    let rates = app.message_rates(&caller, &tenant, query.days, query.by.into()).await?;
    Ok(Json(cursor::whole(rates, RatesBody::from)))
}
