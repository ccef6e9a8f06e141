//! `POST /api/v1/tenants/{tenant}/installations/{name}/test-message`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, TestInput, TestReport};
use guanxi_domain::ids::MessageId;
use guanxi_domain::{JsonMap, Millis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::{Json as JsonBody, Path};
use crate::messages::exchange::ExchangeBody;
use crate::problem::ApiResult;

/// A message to try a channel with.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TestMessage)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// `kind:value` of the address to deliver to.
    #[schema(example = "email:ada@example.com")]
    pub address: String,
    /// What it says, as campaigns write it.
    #[schema(value_type = Object)]
    pub content: JsonMap,
}

/// What a test message came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestReport)]
pub struct ReportBody {
    /// `msg_…`, as the channel got it.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// When it left, milliseconds since the epoch.
    pub at: Millis,
    /// `sent`, `retry-after`, `rejected`, `timeout` …
    #[schema(example = "sent")]
    pub outcome: String,
    /// Details in words.
    pub detail: Option<String>,
    /// The channel's own id for it.
    pub channel_id: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// Every request with its answer.
    pub exchanges: Vec<ExchangeBody>,
}

/// Send a test message
///
/// Through the connector to an address of one's own. It is to nobody whom the tenant knows: no consent is asked, it is tried
/// once, and it stands in nobody's timeline. The installation may be switched off. At most 10 checks and test messages a minute
/// and tenant; who sent one is noted.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/test-message",
    tag = "channels",
    operation_id = "send_test_message",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    request_body = TestBody,
    responses((status = 200, description = "What it came to", body = ReportBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn send(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    JsonBody(TestBody { address, content }): JsonBody<TestBody>,
) -> ApiResult<Json<ReportBody>> {
    Ok(Json(app.send_test(&caller, &tenant, &name, TestInput { address, content }).await?.into()))
}

impl From<TestReport> for ReportBody {
    fn from(TestReport { id, at, sent }: TestReport) -> Self {
        Self {
            id,
            at,
            outcome: sent.outcome,
            detail: sent.detail,
            channel_id: sent.channel_id,
            took_ms: sent.took_ms,
            exchanges: sent.exchanges.into_iter().map(ExchangeBody::from).collect(),
        }
    }
}
