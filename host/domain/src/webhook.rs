//! Webhooks: addresses of a tenant's own systems that are told what becomes of it on this host, after Standard Webhooks.
//!
//! A notice carries no personal data: it says what has happened to which object, and who wants to know more asks the API.

use serde::{Deserialize, Serialize};

use crate::ids::{DeliveryId, WebhookId};
use crate::{DAY, JsonMap, Millis};

/// What follows a failed try, milliseconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, as Standard Webhooks recommends; a
/// little more than a day in all.
const DELAYS: [Millis; 7] = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000];
/// A wait is longer by up to one part in so many, so that what failed together does not come back together.
const JITTER: Millis = 5;
/// An address that took nothing for so long is switched off when one more notice is given up.
pub const FAILING_MAX: Millis = 5 * DAY;
/// How long the secret before still signs after a rotation.
pub const ROTATION: Millis = DAY;

/// What a notice is about; the `type` of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A candidate was started, stopped, promoted, or fell back.
    #[serde(rename = "guanxi.candidate")]
    Candidate,
    /// An event cannot be processed.
    #[serde(rename = "guanxi.dead-letter")]
    DeadLetter,
    /// An import is done, or has failed.
    #[serde(rename = "guanxi.import")]
    Import,
    /// An installation was quarantined, or works again.
    #[serde(rename = "guanxi.installation")]
    Installation,
    /// A version of a plugin waits for approval.
    #[serde(rename = "guanxi.upgrade")]
    Upgrade,
    /// The host has switched another address off.
    #[serde(rename = "guanxi.webhook")]
    Webhook,
    /// Somebody tries the address; nobody subscribes to it.
    #[serde(rename = "guanxi.test")]
    Test,
}

impl NoticeKind {
    /// Those that an address is subscribed to.
    pub const ALL: [Self; 6] =
        [Self::Candidate, Self::DeadLetter, Self::Import, Self::Installation, Self::Upgrade, Self::Webhook];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "guanxi.candidate",
            Self::DeadLetter => "guanxi.dead-letter",
            Self::Import => "guanxi.import",
            Self::Installation => "guanxi.installation",
            Self::Upgrade => "guanxi.upgrade",
            Self::Webhook => "guanxi.webhook",
            Self::Test => "guanxi.test",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Test]).find(|kind| kind.as_str() == text)
    }
}

/// Something that whoever subscribed is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// Ids, names that staff gave, words and numbers of the host; nothing of a person.
    pub data: JsonMap,
}

impl Notice {
    /// A notice with these fields.
    pub fn new<'a>(kind: NoticeKind, data: impl IntoIterator<Item = (&'a str, serde_json::Value)>) -> Self {
        Self { kind, data: data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect() }
    }
}

/// Why an address is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Off {
    /// Somebody of the tenant switched it off.
    SwitchedOff,
    /// It answered `410 Gone`.
    Gone,
    /// It took nothing for days.
    Failing,
}

impl Off {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched-off",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SwitchedOff, Self::Gone, Self::Failing].into_iter().find(|off| off.as_str() == text)
    }
}

/// An address that is told of notices. Its secrets stay in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `whk_…`.
    pub id: WebhookId,
    /// Where notices are posted to; unique in the tenant.
    pub address: String,
    /// Of what it is told, sorted.
    pub kinds: Vec<NoticeKind>,
    /// Why it is told nothing; `None` while it is.
    pub off: Option<Off>,
    /// When the secret was last rotated: for [`ROTATION`] from then on the one before signs, too.
    pub rotated_at: Option<Millis>,
    /// Since when every try has failed.
    pub failing_since: Option<Millis>,
    /// Notices that were dropped because too many waited.
    pub dropped: i64,
    /// When it was subscribed.
    pub created_at: Millis,
    /// When a person, or the host by switching it off, last changed it.
    pub updated_at: Millis,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryStatus {
    /// For its first or its next try.
    Waiting,
    /// A worker has it.
    Sending,
    /// The address took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryStatus {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Sending, Self::Delivered, Self::Failed].into_iter().find(|it| it.as_str() == text)
    }
}

/// One notice for one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `dlv_…`: the `webhook-id`, the same at every try.
    pub id: DeliveryId,
    /// What it is about.
    pub kind: NoticeKind,
    /// The body, byte for byte the same at every try.
    pub payload: String,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried (again); while it is being sent, when somebody else may take it.
    pub due_at: Millis,
    /// What the address answered last.
    pub http_status: Option<u16>,
    /// Why it did not arrive, in words.
    pub error: Option<String>,
    /// When it happened.
    pub created_at: Millis,
    /// When any of the above last changed.
    pub updated_at: Millis,
}

/// How long to wait after the failed try with this number (1 for the first); `None` to give up.
pub fn delay(attempts: u32, random: u32) -> Option<Millis> {
    let index = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let full = *DELAYS.get(index)?;
    Some(full + (full / JITTER) * Millis::from(random) / Millis::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn te_6_delays_are_those_of_standard_webhooks_and_end_after_about_a_day() {
        for (attempts, random, expected) in [
            (1, 0, Some(5_000)),
            (1, u32::MAX, Some(6_000)),
            (2, 0, Some(300_000)),
            (7, u32::MAX, Some(43_200_000)),
            (8, 0, None),
            (0, 0, None),
            (u32::MAX, 0, None),
        ] {
            assert_eq!(delay(attempts, random), expected, "{attempts} {random}");
        }
        let all: Millis = (1..8).filter_map(|attempts| delay(attempts, 0)).sum();
        assert!((DAY..2 * DAY).contains(&all), "{all}");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in NoticeKind::ALL.into_iter().chain([NoticeKind::Test]) {
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for off in [Off::SwitchedOff, Off::Gone, Off::Failing] {
            assert_eq!(Off::parse(off.as_str()), Some(off));
            assert_eq!(serde_json::to_value(off).unwrap(), off.as_str());
        }
        for status in
            [DeliveryStatus::Waiting, DeliveryStatus::Sending, DeliveryStatus::Delivered, DeliveryStatus::Failed]
        {
            assert_eq!(DeliveryStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
