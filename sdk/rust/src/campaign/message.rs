//! Writing a message: content, values, and the rules it follows.

use serde_json::{Map, Value};

use super::{Content, MessageClass, RawMessage};
use crate::words::Instant;

/// A message to the person of the moment; marketing for the purpose `marketing` unless said otherwise.
///
/// ```
/// use guanxi_plugin::campaign::{Message, MessageClass};
///
/// let message = Message::text("Your parcel {{number}} is on its way")
///     .with("number", "SF-1024")
///     .class(MessageClass::Transactional)
///     .purpose("delivery");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    content: Content,
    variables: Map<String, Value>,
    class: MessageClass,
    purpose: String,
    channel: Option<String>,
    not_before: Option<Instant>,
    expires: Option<Instant>,
}

impl Message {
    /// A plain text; `{{name}}` stands for the value given by [`with`](Self::with).
    pub fn text(text: &str) -> Self {
        Self::document(serde_json::json!({ "text": text }))
    }

    /// A neutral content document such as `{"text": …, "title": …, "url": …}`; at least `text`.
    pub fn document(document: Value) -> Self {
        Self::of(Content::Inline(document.to_string()))
    }

    /// A content that the tenant keeps under this name.
    pub fn stored(name: &str) -> Self {
        Self::of(Content::Stored(name.to_owned()))
    }

    /// Gives `{{name}}` its value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Which rules it follows.
    #[must_use]
    pub fn class(self, class: MessageClass) -> Self {
        Self { class, ..self }
    }

    /// The purpose that the person must have consented to.
    #[must_use]
    pub fn purpose(self, purpose: &str) -> Self {
        Self { purpose: purpose.to_owned(), ..self }
    }

    /// The channel to use; the host picks the best one if none is named.
    #[must_use]
    pub fn channel(self, channel: &str) -> Self {
        Self { channel: Some(channel.to_owned()), ..self }
    }

    /// Not sent before this time.
    #[must_use]
    pub fn not_before(self, time: Instant) -> Self {
        Self { not_before: Some(time), ..self }
    }

    /// Not sent after this time.
    #[must_use]
    pub fn expires(self, time: Instant) -> Self {
        Self { expires: Some(time), ..self }
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            variables: Map::new(),
            class: MessageClass::Marketing,
            purpose: "marketing".to_owned(),
            channel: None,
            not_before: None,
            expires: None,
        }
    }
}

impl From<Message> for RawMessage {
    fn from(message: Message) -> Self {
        Self {
            content: message.content,
            variables: Value::Object(message.variables).to_string(),
            class: message.class,
            purpose: message.purpose,
            channel: message.channel,
            not_before: message.not_before,
            expires: message.expires,
        }
    }
}
