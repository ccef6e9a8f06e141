//! Messages on their way to people.

use crate::ids::{DecisionId, InstallationId, MessageId, PersonId};
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
        [Self::Reply, Self::Transactional, Self::Marketing].into_iter().find(|class| class.as_str() == text)
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
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Expired, Self::Uncertain];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Uncertain => "uncertain",
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
