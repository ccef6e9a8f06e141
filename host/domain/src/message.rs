//! Messages on their way to people.

use crate::event::{EventBody, NewEvent, SENT};
use crate::ids::{DecisionId, EventId, InstallationId, MessageId, PersonId, derived_uuid};
use crate::tenant::TenantId;
use crate::{JsonMap, Millis};

/// Which rules a message must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageClass {
    /// Answers something the person just did.
    Reply,
    /// Part of a purchase or service.
    Transactional,
    /// Everything else.
    Marketing,
}

impl MessageClass {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Reply, Self::Transactional, Self::Marketing];

    /// Classes that are more urgent.
    pub fn before(self) -> &'static [Self] {
        match self {
            Self::Reply => &[],
            Self::Transactional => &[Self::Reply],
            Self::Marketing => &[Self::Reply, Self::Transactional],
        }
    }

    /// The word used in SQL, JSON and WIT.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Transactional => "transactional",
            Self::Marketing => "marketing",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// Where a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageStatus {
    /// Waits for its time or for a worker.
    Queued,
    /// A worker has it.
    Sending,
    /// The channel took it.
    Sent,
    /// Given up: refused, unreachable or out of tries.
    Failed,
    /// Not sent in time.
    Expired,
    /// The host stopped between the request and its answer, and the channel cannot recognise a repetition.
    Uncertain,
    /// Called off before it left.
    Cancelled,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Expired, Self::Uncertain, Self::Cancelled];
    /// Those of messages that may be tried again.
    pub const ENDED_BADLY: [Self; 3] = [Self::Failed, Self::Expired, Self::Uncertain];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Uncertain => "uncertain",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// One message to one person over one connector.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Stable over every attempt.
    pub id: MessageId,
    /// To whom.
    pub person: PersonId,
    /// The connector's installation.
    pub connector: InstallationId,
    /// The decision that asked for it.
    pub decision: DecisionId,
    /// The channel.
    pub channel: String,
    /// `kind:value` of the identity to deliver to.
    pub address: String,
    /// The neutral content with its variables filled in.
    pub content: JsonMap,
    /// Which rules it follows.
    pub class: MessageClass,
    /// The purpose it serves.
    pub purpose: String,
    /// Where it is.
    pub status: MessageStatus,
    /// Why it failed or waits, in words.
    pub reason: Option<String>,
    /// The channel's own id for it.
    pub channel_id: Option<String>,
    /// When it was decided.
    pub created_at: Millis,
    /// Not sent before.
    pub not_before: Millis,
    /// Not sent after.
    pub expires_at: Option<Millis>,
    /// Tries so far.
    pub attempts: u32,
    /// How many events led to it through plugins.
    pub depth: u8,
    /// When `status` last changed.
    pub updated_at: Millis,
    /// What the channel told of it since.
    pub told: Told,
}

impl Message {
    /// What the log is told once a message has found its end; `which` tells apart the ends of one that was tried again.
    pub fn end(&self, tenant: TenantId, which: &str, now: Millis) -> NewEvent {
        let message_id = format!("{SENT}/{}{which}", self.id);
        let mut properties = JsonMap::new();
        properties.insert("message".to_owned(), self.id.to_string().into());
        properties.insert("status".to_owned(), self.status.as_str().into());
        properties.insert("purpose".to_owned(), self.purpose.clone().into());
        if let Some(reason) = &self.reason {
            properties.insert("reason".to_owned(), reason.clone().into());
        }
        NewEvent {
            id: EventId::from_uuid(derived_uuid(now, &[&tenant.0.to_be_bytes(), message_id.as_bytes()])),
            message_id,
            kind: SENT.to_owned(),
            occurred_at: now,
            received_at: now,
            body: EventBody {
                person: Some(self.person),
                channel: Some(self.channel.clone()),
                properties,
                depth: self.depth,
                ..EventBody::default()
            },
        }
    }
}

/// What a channel told of a message that it took, and when that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// It reached the person.
    pub delivered_at: Option<Millis>,
    /// They read it.
    pub read_at: Option<Millis>,
    /// They followed a link in it.
    pub clicked_at: Option<Millis>,
    /// It came back, or was lost behind the channel.
    pub bounced_at: Option<Millis>,
}

/// What staff asked of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAction {
    /// Which message.
    pub message: MessageId,
    /// When.
    pub at: Millis,
    /// `retry` or `cancel`.
    pub action: String,
    /// The token that was shown.
    pub actor: String,
}

/// One try to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which message.
    pub message: MessageId,
    /// 1 for the first try.
    pub number: u32,
    /// When it started.
    pub at: Millis,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// The last HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// `sent`, `retry-after`, `rejected`, `timeout` …: the outcome class.
    pub outcome: String,
    /// Details in words; never a secret.
    pub detail: Option<String>,
}
