//! HTTP as data, and the steps a connector takes.

use crate::Millis;

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
