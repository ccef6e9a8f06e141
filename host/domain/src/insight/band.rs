//! Live and dead data (活数据、死数据): how long ago somebody was last seen, and whether that still says anything.

use serde::{Deserialize, Serialize};

use super::MEASURED;
use crate::{DAY, Millis};

/// How long ago a person's last own event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    /// At most 48 hours.
    TwoDays,
    /// At most 30 days.
    Month,
    /// At most 90 days.
    Quarter,
    /// At most 180 days.
    HalfYear,
    /// Longer.
    Older,
    /// Known from elsewhere, such as an import, and never seen.
    Never,
}

impl Band {
    /// All of them, the liveliest first.
    pub const ALL: [Self; 6] = [Self::TwoDays, Self::Month, Self::Quarter, Self::HalfYear, Self::Older, Self::Never];

    /// The band of somebody who was last seen then; 0 is never.
    pub fn of(last_seen: Millis, now: Millis) -> Self {
        match now.saturating_sub(last_seen) {
            _ if last_seen == 0 => Self::Never,
            ..=172_800_000 => Self::TwoDays,
            age if age <= 30 * DAY => Self::Month,
            age if age <= 90 * DAY => Self::Quarter,
            age if age <= 180 * DAY => Self::HalfYear,
            _ => Self::Older,
        }
    }

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TwoDays => "two-days",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::HalfYear => "half-year",
            Self::Older => "older",
            Self::Never => "never",
        }
    }
}

/// When a person was seen: times of events of their own, not of the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// First event, 0 if none.
    pub first: Millis,
    /// Latest event, 0 if none.
    pub last: Millis,
    /// Latest event until [`MEASURED`] ago; only wanted of those who were seen both before and since.
    pub before: Option<Millis>,
    /// Since when the person is stored.
    pub known_since: Millis,
}

impl Seen {
    /// In which band the person was [`MEASURED`] ago, and whether they did something since; nothing of somebody who was
    /// not known then.
    pub fn measured(&self, now: Millis) -> Option<(Band, bool)> {
        let then = now.saturating_sub(MEASURED);
        let active = self.last > then;
        if self.first == 0 || self.first > then {
            return (self.known_since <= then).then_some((Band::Never, active));
        }
        let last = if active { self.before.unwrap_or(self.first) } else { self.last };
        Some((Band::of(last, then), active))
    }
}

/// People of a band, and what their like did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandShare {
    /// How long ago their last own event was.
    pub band: Band,
    /// Who is in it now.
    pub people: u64,
    /// Who was in it 30 days ago, by their last own event until then.
    pub before: u64,
    /// Who of these had an own event since.
    pub active: u64,
    /// The share of these, 0 to 1: what may be expected of the band. Nothing if nobody was in it.
    pub participation: Option<f64>,
}
