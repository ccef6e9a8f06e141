//! `GET /api/v1/tenants/{tenant}/messages/{id}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, MessageView};
use guanxi_domain::Millis;
use guanxi_domain::exchange::Exchange;
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::{Attempt, MessageAction};
use serde::Serialize;
use utoipa::ToSchema;

use super::MessageBody;
use super::exchange::ExchangeBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// A message with its tries.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageDetail {
    /// What lists show, too.
    #[serde(flatten)]
    pub message: MessageBody,
    /// Every try.
    pub tries: Vec<AttemptBody>,
    /// What staff asked of it, the first first.
    pub actions: Vec<ActionBody>,
}

/// What staff asked of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageAction)]
pub struct ActionBody {
    /// When, milliseconds since the epoch.
    pub at: Millis,
    /// `retry` or `cancel`.
    #[schema(example = "retry")]
    pub action: String,
    /// The token that was shown, `tok_…`.
    pub actor: String,
}

/// One try to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptBody {
    /// 1 for the first try.
    pub number: u32,
    /// When it started, milliseconds since the epoch.
    pub at: Millis,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// The last HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// `sent`, `retry-after`, `rejected`, `timeout` …
    pub outcome: String,
    /// Details in words.
    pub detail: Option<String>,
    /// Every request with its answer, as long as that is kept.
    pub exchanges: Vec<ExchangeBody>,
}

/// Show a message
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/messages/{id}",
    tag = "messages",
    operation_id = "get_message",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`msg_…`"),
    ),
    responses((status = 200, description = "The message", body = MessageDetail)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, MessageId)>,
) -> ApiResult<Json<MessageDetail>> {
    Ok(Json(app.message(&caller, &tenant, id).await?.into()))
}

impl From<MessageView> for MessageDetail {
    fn from(view: MessageView) -> Self {
        let mut exchanges: BTreeMap<u32, Vec<Exchange>> =
            view.exchanges.into_iter().map(|tried| (tried.attempt, tried.exchanges)).collect();
        let tries = view.attempts.into_iter().map(|attempt| {
            let exchanged = exchanges.remove(&attempt.number).unwrap_or_default();
            AttemptBody::of(attempt, exchanged)
        });
        Self {
            message: view.message.into(),
            tries: tries.collect(),
            actions: view.actions.into_iter().map(ActionBody::from).collect(),
        }
    }
}

impl From<MessageAction> for ActionBody {
    fn from(MessageAction { at, action, actor, .. }: MessageAction) -> Self {
        Self { at, action, actor }
    }
}

impl AttemptBody {
    fn of(attempt: Attempt, exchanged: Vec<Exchange>) -> Self {
        let Attempt { number, at, took_ms, http_status, outcome, detail, .. } = attempt;
        let exchanges = exchanged.into_iter().map(ExchangeBody::from).collect();
        Self { number, at, took_ms, http_status, outcome, detail, exchanges }
    }
}
