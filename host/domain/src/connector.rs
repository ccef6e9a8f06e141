//! HTTP as data, the steps a connector takes, and what comes in through it.

use crate::{JsonMap, Millis};

/// A request that a connector asks the host to perform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// Raw bytes.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// Raw bytes, capped.
    pub body: Vec<u8>,
}

/// One message to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// Stable over every attempt.
    pub id: String,
    /// `kind:value`.
    pub address: String,
    /// One JSON object.
    pub content: String,
    /// When the message was decided.
    pub created: Millis,
    /// The time of this attempt.
    pub now: Millis,
    /// 1 for the first try.
    pub attempt: u32,
}

/// What became of a message: classes, not codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted, with the channel's own id.
    Sent(Option<String>),
    /// A new session is needed.
    RefreshSession,
    /// Seconds to wait.
    RetryAfter(u32),
    /// No more before this time.
    QuotaExhausted(Millis),
    /// The reply window is over.
    WindowClosed,
    /// This address reaches nobody any more.
    RecipientGone(String),
    /// Never try again.
    Rejected(String),
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Perform the request, then resume with the continuation.
    Perform {
        /// To be performed by the host.
        request: Request,
        /// Handed back with the response.
        continuation: Vec<u8>,
    },
    /// Done.
    Done(Outcome),
}

/// How a channel gives a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// To be performed by the host.
    pub request: Request,
    /// JSON pointer to the token in the answer.
    pub token_pointer: String,
    /// JSON pointer to the lifetime in seconds in the answer.
    pub lifetime_pointer: Option<String>,
    /// Lifetime in seconds where the answer says none.
    pub lifetime_seconds: u32,
}

/// A request of a channel, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `GET` or `POST`.
    pub method: String,
    /// Raw, without the question mark.
    pub query: String,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// Raw bytes.
    pub body: Vec<u8>,
}

/// What to answer to a channel, and what to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Reception {
    /// Sent back once the events are kept.
    pub reply: Response,
    /// What happened, with who it is about.
    pub events: Vec<Received>,
}

/// An event as a connector read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// By which a repetition is known.
    pub key: String,
    /// `kind:value` identities of the person.
    pub identities: Vec<String>,
    /// `Message Received` …
    pub kind: String,
    /// When it happened, by the channel's clock.
    pub at: Millis,
    /// The channel, if the connector says one.
    pub channel: Option<String>,
    /// The place of contact.
    pub touchpoint: Option<String>,
    /// What the channel said about it.
    pub properties: JsonMap,
}

/// One page of what is new on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Where to go on the next time.
    pub cursor: Option<String>,
    /// What happened, in order.
    pub events: Vec<Received>,
    /// Whether to ask again at once.
    pub more: bool,
}

/// What happens next when a channel is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum PollStep {
    /// Perform the request, then resume with the continuation.
    Perform {
        /// To be performed by the host.
        request: Request,
        /// Handed back with the response.
        continuation: Vec<u8>,
    },
    /// A page is there.
    Done(Page),
    /// This time there is none.
    Failed(Outcome),
}

/// A change of an audience on an advertising channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceChange {
    /// The audience on the channel's side.
    pub audience: String,
    /// `kind:` and SHA-256 in lower-case hex, to add.
    pub add: Vec<String>,
    /// The same, to remove.
    pub remove: Vec<String>,
}

/// Why a request of a channel is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature is missing or wrong.
    #[error("the signature is missing or wrong")]
    BadSignature,
    /// Signed too long ago.
    #[error("it was signed too long ago")]
    Stale,
    /// Cannot be read.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// The configuration cannot be used.
    #[error("the configuration cannot be used: {0}")]
    BadConfig(String),
}
