//! `GET /api/v1/tenants/{tenant}/installations/{name}/test-messages`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, ChannelTestRow};
use guanxi_domain::Millis;
use guanxi_domain::ids::{MessageId, TokenId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// A test message that somebody had sent. Its address is not kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SentTestMessage)]
pub struct SentTestBody {
    /// `msg_…`, as the channel got it.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// When it left, milliseconds since the epoch.
    pub at: Millis,
    /// Whose token, `tok_…`.
    #[schema(value_type = String)]
    pub token: TokenId,
    /// `sent`, `retry-after`, `rejected`, `timeout` …
    #[schema(example = "sent")]
    pub outcome: String,
    /// Details in words.
    pub detail: Option<String>,
}

/// List test messages
///
/// The last 20 over this installation, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}/test-messages",
    tag = "channels",
    operation_id = "list_test_messages",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "All of them", body = Page<SentTestBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<Page<SentTestBody>>> {
    let tests = app.channel_tests(&caller, &tenant, &name).await?;
    Ok(Json(cursor::whole(tests, SentTestBody::from)))
}

impl From<ChannelTestRow> for SentTestBody {
    fn from(ChannelTestRow { at, message, token, outcome, detail, .. }: ChannelTestRow) -> Self {
        Self { id: message, at, token, outcome, detail }
    }
}
