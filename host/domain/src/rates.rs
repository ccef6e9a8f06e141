//! How messages fare: what becomes of a message once it is there, and how many fare so, by what made them.

use crate::ids::{InstallationId, MessageId};

/// What became of a message once it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// Somebody looked at it.
    Opened,
    /// Somebody followed a link of it.
    Clicked,
    /// The person wrote on the same channel soon after.
    Replied,
}

impl Mark {
    const ALL: [Self; 3] = [Self::Opened, Self::Clicked, Self::Replied];

    /// The word used in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Replied => "replied",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.as_str() == text)
    }
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fate {
    /// The message.
    pub message: MessageId,
    /// What became of it.
    pub mark: Mark,
}

/// What made messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The connector's installation.
    pub connector: InstallationId,
    /// Its channel.
    pub channel: String,
    /// The campaign's installation, if it is known.
    pub campaign: Option<InstallationId>,
    /// The kept content that they say; empty if they say one that was not kept.
    pub content: String,
}

/// How many messages fared how. Those that the channel took are `sent`; of the others each counts once a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// The channel took them.
    pub sent: u64,
    /// Somebody looked at them.
    pub opened: u64,
    /// Somebody followed a link.
    pub clicked: u64,
    /// The person answered.
    pub replied: u64,
}

impl Rates {
    /// One more that fared so.
    pub fn count(&mut self, mark: Mark) {
        match mark {
            Mark::Opened => self.opened += 1,
            Mark::Clicked => self.clicked += 1,
            Mark::Replied => self.replied += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            opened: self.opened + other.opened,
            clicked: self.clicked + other.clicked,
            replied: self.replied + other.replied,
        }
    }
}
