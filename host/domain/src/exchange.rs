//! What went out to a channel and what came back, as people may look at it: without secrets, and cut to what explains a try.

use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::ids::MessageId;

/// The most bytes that are kept of a body.
pub const BODY_BYTES_MAX: usize = 4 * 1024;
/// The most headers that are kept of a request or an answer.
pub const HEADERS_MAX: usize = 16;
/// The most characters that are kept of a header's value.
pub const VALUE_CHARS_MAX: usize = 512;
/// The most characters that are kept of an address.
pub const URL_CHARS_MAX: usize = 2 * 1024;
/// Days for which exchanges are kept if a tenant says nothing.
pub const DAYS_DEFAULT: u32 = 7;

/// Of which tries exchanges are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Of every try.
    #[default]
    All,
    /// Of tries after which a message was not sent.
    Failures,
    /// Of none.
    Nothing,
}

impl Keep {
    /// Reads the word that operators write.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "failures" => Some(Self::Failures),
            "none" => Some(Self::Nothing),
            _ => None,
        }
    }
}

/// One request to a channel and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// When the request left.
    pub at: Millis,
    /// How long it took until the end of the answer, milliseconds.
    pub took_ms: i64,
    /// As the connector described it: placeholders stand where the host put secrets in.
    pub request: SeenRequest,
    /// What the channel answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<SeenResponse>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A request as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Excerpt,
}

/// An answer as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenResponse {
    /// Status code.
    pub status: u16,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Excerpt,
}

/// The beginning of a body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Excerpt {
    /// Text as it is; other bytes in base64.
    pub content: String,
    /// Whether `content` is base64.
    #[serde(default, skip_serializing_if = "is_false")]
    pub base64: bool,
    /// Bytes of the whole body.
    pub bytes: u64,
    /// Whether the body goes on behind `content`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
}

/// The exchanges of one try, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedExchanges {
    /// Which message.
    pub message: MessageId,
    /// Which try, 1 for the first.
    pub attempt: u32,
    /// When the try started.
    pub at: Millis,
    /// Every request with its answer.
    pub exchanges: Vec<Exchange>,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_operators_say_in_a_word_what_is_kept() {
        for (word, expected) in [
            ("all", Some(Keep::All)),
            ("failures", Some(Keep::Failures)),
            ("none", Some(Keep::Nothing)),
            ("some", None),
            ("", None),
        ] {
            assert_eq!(Keep::parse(word), expected, "{word}");
        }
    }
}
