//! Events: everything that happens. One event names who it is about and what the sender said.

pub mod clock;
pub mod cloudevents;
pub mod document;
pub mod order;
pub mod received;
pub mod segment;
mod subject;

use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::ids::{EventId, InstallationId, PersonId};
use crate::{JsonMap, Millis};

/// Kind of the events that the host makes when a plugin's timer is due.
pub const TIMER: &str = "guanxi.timer";
/// Kind of the events that the host makes when it refuses an operation.
pub const REFUSED: &str = "guanxi.refused";
/// Kind of the events that the host makes when a message has found its end: sent, failed, expired or uncertain.
pub const SENT: &str = "guanxi.message";
/// Kind of the events by which a channel tells what became of a message: delivered, read, failed, clicked.
pub const DELIVERY: &str = "guanxi.delivery";
/// Kind of the events that the host makes when somebody follows a link of a message.
pub const CLICK: &str = "guanxi.click";
/// Kind of the events that the host makes when somebody looks at a message that shows where it was looked at.
pub const OPEN: &str = "guanxi.open";
/// Kind of the events by which staff link, confirm, dispute, join and part; see [`crate::linking::Action`].
pub const IDENTITY: &str = "guanxi.identity";
/// Kind of the events by which staff tag people; see [`crate::person::Tagging`].
pub const TAGS: &str = "guanxi.tags";
/// Kind of the events by which staff change attributes, stage and roles; see [`crate::person::Edit`].
pub const EDIT: &str = "guanxi.edit";
/// Kind of the events that carry rows of an import; see `ImportId`.
pub const IMPORT: &str = "guanxi.import";
/// Kind of the events that tell of a candidate that fell back; see [`crate::candidate`].
pub const CANDIDATE: &str = "guanxi.candidate";
/// The most notes kept on one event.
pub const NOTES_MAX: usize = 8;
/// Prefix of kinds that only the host makes.
pub const HOST_PREFIX: &str = "guanxi.";

/// An event before it is in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Made by the host.
    pub id: EventId,
    /// The sender's own id for it; a repetition within the tenant is not stored again.
    pub message_id: String,
    /// `identify`, `page`, `Order Completed`, a CloudEvents type …; 1 to 128 bytes.
    pub kind: String,
    /// When it happened, corrected for the sender's clock.
    pub occurred_at: Millis,
    /// When it came in.
    pub received_at: Millis,
    /// What it says.
    pub body: EventBody,
}

impl NewEvent {
    /// Whether a connector read it from a request of its channel.
    pub fn is_from_channel(&self) -> bool {
        self.message_id.starts_with(received::FROM_CHANNEL)
    }
}

/// What an event says; kept as one JSON document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventBody {
    /// Who it is about, strongest first; read back as it was taken, whatever the rules are now.
    #[serde(deserialize_with = "crate::identity::stored_list")]
    pub identities: Vec<Identity>,
    /// Who it is about, if the host knows (timers, its own events).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The channel it came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The place of contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touchpoint: Option<String>,
    /// Attributes of the person that it sets.
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub traits: JsonMap,
    /// What the sender said about it.
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub properties: JsonMap,
    /// What was corrected or left out when it was read, such as a wrong clock or an email that is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many events led to this one through plugins.
    #[serde(skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// Whether the sender is trusted to know who is who: identities named together are the same person's.
    #[serde(skip_serializing_if = "is_false")]
    pub vouched: bool,
    /// Told long after it happened, to be known and counted: no campaign decides about it.
    #[serde(skip_serializing_if = "is_false")]
    pub past: bool,
    /// Whoever it was about was erased, and with them everything that it said.
    #[serde(skip_serializing_if = "is_false")]
    pub erased: bool,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(depth: &u8) -> bool {
    *depth == 0
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the tenant's log, from 1, with gaps.
    pub position: i64,
    /// The event.
    pub event: NewEvent,
}

/// An event that cannot be taken: what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadEvent {
    /// Where: `batch[3].timestamp`, `type` …
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl BadEvent {
    /// A problem at a place.
    pub fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }

    /// The same problem, one level further out.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let at = match self.at.as_str() {
            "" => outer.to_owned(),
            index if index.starts_with('[') => format!("{outer}{index}"),
            field => format!("{outer}.{field}"),
        };
        Self { at, ..self }
    }
}

/// What became of each message of one request, in order.
pub type Readings = Vec<Result<NewEvent, BadEvent>>;

/// The only randomness of a decision: the lower 53 bits (what JavaScript can hold) of the first 8 bytes, little-endian, of SHA-256 over a fixed prefix, the 16 bytes of
/// the event's id and the 16 bytes of the installation's.
///
/// The same event gives the same installation the same seed however often it is decided, so a decision replays bit for
/// bit; other installations draw independently of it.
pub fn seed(event: EventId, installation: InstallationId) -> u64 {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    hasher.update(b"guanxi/decision-seed/1");
    hasher.update(event.as_bytes());
    hasher.update(installation.as_bytes());
    let whole = hasher.finalize().iter().take(8).rev().fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
    whole & ((1 << 53) - 1)
}

fn check_kind(at: &str, kind: &str) -> Result<(), BadEvent> {
    if kind.is_empty() || kind.len() > 128 || kind.chars().any(char::is_control) {
        return Err(BadEvent::new(at, "has 1 to 128 bytes and no control characters"));
    }
    if kind.starts_with(HOST_PREFIX) {
        return Err(BadEvent::new(at, format!("names that start with `{HOST_PREFIX}` are the host's own")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_seed_follows_from_event_and_installation_alone() {
        let event = |n| EventId::from_uuid(Uuid::from_u128(n));
        let installation = |n| InstallationId::from_uuid(Uuid::from_u128(n));
        // Receipts that are already written must replay: this number never changes.
        assert_eq!(seed(event(1), installation(2)), 0x0004_ad64_c170_f93f);
        assert_ne!(seed(event(1), installation(2)), seed(event(2), installation(1)));
        assert_ne!(seed(event(1), installation(2)), seed(event(1), installation(3)));
    }

    #[test]
    fn places_of_problems_read_like_paths() {
        for (at, outer, expected) in [
            ("", "body", "body"),
            ("userId", "batch[3]", "batch[3].userId"),
            ("[2].a", "properties", "properties[2].a"),
        ] {
            assert_eq!(BadEvent::new(at, "x").within(outer).at, expected);
        }
    }
}
