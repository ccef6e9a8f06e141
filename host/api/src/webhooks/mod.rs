//! Webhooks: addresses that are told of notices, and what became of those.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deliveries;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod retry;
pub(crate) mod rotate;
pub(crate) mod test;

use guanxi_app::{NewWebhook, WebhookInput};
use guanxi_domain::Millis;
use guanxi_domain::ids::{DeliveryId, WebhookId};
use guanxi_domain::webhook::{Delivery, DeliveryStatus, NoticeKind, Off, Webhook};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::problem::{ApiResult, Kind, Problem};

/// An address without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookBody {
    /// `whk_…`.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// Where notices are posted to.
    pub address: String,
    /// Of what it is told.
    #[schema(value_type = Vec<NoticeKindName>)]
    pub kinds: Vec<NoticeKind>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why not: `switched-off` by somebody, `gone` (it answered 410) or `failing` (it took nothing for days).
    #[schema(value_type = Option<String>)]
    pub off: Option<Off>,
    /// When the secret was last rotated, milliseconds since the epoch; for a day from then on the one before signs, too.
    pub rotated_at: Option<Millis>,
    /// Since when every try has failed, milliseconds since the epoch.
    pub failing_since: Option<Millis>,
    /// Notices that were dropped because too many waited.
    pub dropped: i64,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// What an address is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookWish)]
pub struct WebhookWish {
    /// An https address, at most 1,024 bytes; once in the tenant.
    #[schema(example = "https://hooks.example.com/guanxi")]
    pub address: String,
    /// Of what it is to be told; at least one.
    #[schema(value_type = Vec<NoticeKindName>, min_items = 1)]
    pub kinds: Vec<NoticeKind>,
    /// Whether it is told anything; `true` if left out.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
}

/// An address with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct WebhookSecret {
    /// The address.
    pub webhook: WebhookBody,
    /// `whsec_…`: checks the signatures of Standard Webhooks.
    pub secret: String,
}

/// One notice for one address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryBody {
    /// `dlv_…`: the `webhook-id` of every try.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// What it is about.
    #[schema(value_type = String, example = "guanxi.candidate")]
    pub kind: NoticeKind,
    /// `waiting` for its first or next try, `sending`, `delivered` or `failed`.
    #[schema(value_type = String, example = "delivered")]
    pub status: DeliveryStatus,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried again, milliseconds since the epoch; `null` if it is not.
    pub next_at: Option<Millis>,
    /// What the address answered last.
    pub http_status: Option<u16>,
    /// Why it did not arrive.
    pub error: Option<String>,
    /// The body as it is sent.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// When it happened, milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// What a notice is about: what becomes of a candidate, an event that cannot be processed, an import that has ended, an
/// installation in quarantine or out of it, a version that waits for approval, another address that the host has switched off.
#[derive(ToSchema)]
#[schema(as = NoticeKind)]
#[expect(dead_code, reason = "describes the domain's kinds, which know nothing of OpenAPI")]
pub enum NoticeKindName {
    #[schema(rename = "guanxi.candidate")]
    Candidate,
    #[schema(rename = "guanxi.dead-letter")]
    DeadLetter,
    #[schema(rename = "guanxi.import")]
    Import,
    #[schema(rename = "guanxi.installation")]
    Installation,
    #[schema(rename = "guanxi.upgrade")]
    Upgrade,
    #[schema(rename = "guanxi.webhook")]
    Webhook,
}

fn yes() -> bool {
    true
}

impl From<WebhookWish> for WebhookInput {
    fn from(WebhookWish { address, kinds, enabled }: WebhookWish) -> Self {
        Self { address, kinds, enabled }
    }
}

impl From<Webhook> for WebhookBody {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            address: webhook.address,
            kinds: webhook.kinds,
            enabled: webhook.off.is_none(),
            off: webhook.off,
            rotated_at: webhook.rotated_at,
            failing_since: webhook.failing_since,
            dropped: webhook.dropped,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

impl From<NewWebhook> for WebhookSecret {
    fn from(new: NewWebhook) -> Self {
        Self { webhook: new.webhook.into(), secret: new.secret }
    }
}

impl DeliveryBody {
    fn of(delivery: Delivery) -> ApiResult<Self> {
        let Delivery { id, kind, status, attempts, http_status, error, created_at, updated_at, .. } = delivery;
        let next_at = (status == DeliveryStatus::Waiting).then_some(delivery.due_at);
        let payload = RawValue::from_string(delivery.payload).map_err(|error| Problem::internal(&error))?;
        Ok(Self { id, kind, status, attempts, next_at, http_status, error, payload, created_at, updated_at })
    }
}

/// What a repetition of a request that showed a secret is answered.
fn shown(id: WebhookId) -> Problem {
    let detail = format!(
        "the secret of {id} was made by an earlier request with this Idempotency-Key and shown then; if it is lost, rotate \
         it under a new key"
    );
    Problem::new(Kind::Conflict, detail)
}
