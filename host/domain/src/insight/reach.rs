//! Whom a brand can reach through which channel, and who answers.

use serde::{Deserialize, Serialize};

use crate::consent::Refusal;

/// A channel that a brand has switched on: how connectors name it, and to which kinds of identity they deliver.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Kinds of identity; `*` is every kind.
    pub kinds: Vec<String>,
}

/// Why a channel does not reach a person; the first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreachable {
    /// The brand has no live connector for the channel.
    NoConnector,
    /// No identity of a kind to which the channel delivers.
    NoAddress,
    /// Every such link is invalid, disputed or stale.
    LinkInvalid,
    /// The person does not allow marketing, as far as the settings ask for it.
    NoConsent,
}

/// Messages through a channel to a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// The channel.
    pub channel: String,
    /// Who was sent a message that was decided in the last 90 days.
    pub sent: u64,
    /// Who of these had an own event within 7 days after one of these messages was sent, through that channel or
    /// through none that is known.
    pub answered: u64,
}

/// How many people a channel reaches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelShare {
    /// The channel.
    pub channel: String,
    /// Whether a live connector serves it; of one that does not, only what was sent is known.
    pub connected: bool,
    /// Who has an identity of a kind to which it delivers.
    pub with_address: u64,
    /// Who of these has one whose link is neither invalid, disputed nor stale.
    pub deliverable: u64,
    /// Who of these allows marketing, as far as the settings ask for it: who can be reached.
    pub reachable: u64,
    /// Who was sent a message that was decided in the last 90 days.
    pub sent: u64,
    /// Who of these answered: had an own event within 7 days after a message was sent, through that channel or through
    /// none that is known.
    pub answered: u64,
    /// The share of these, 0 to 1; nothing if nobody was sent a message.
    pub answer_rate: Option<f64>,
}

/// How many people have an identity of a kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressShare {
    /// The kind, such as `phone`.
    pub kind: String,
    /// Who has one.
    pub people: u64,
    /// Who has one whose link is neither invalid, disputed nor stale.
    pub deliverable: u64,
}

impl Channel {
    /// Why the channel does not reach somebody with these identities, each a kind and whether its link delivers.
    pub fn reaches(&self, addresses: &[(String, bool)], marketing: Result<(), &Refusal>) -> Result<(), Unreachable> {
        if self.kinds.is_empty() {
            return Err(Unreachable::NoConnector);
        }
        let fits = |kind: &str| self.kinds.iter().any(|wanted| wanted == "*" || wanted == kind);
        let mut fitting = addresses.iter().filter(|(kind, _)| fits(kind)).peekable();
        if fitting.peek().is_none() {
            return Err(Unreachable::NoAddress);
        }
        if !fitting.any(|(_, delivers)| *delivers) {
            return Err(Unreachable::LinkInvalid);
        }
        marketing.map_err(|_| Unreachable::NoConsent)
    }
}
