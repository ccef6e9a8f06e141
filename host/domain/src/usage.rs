//! What calls of plugins cost, and how much of it a tenant may have.

use std::ops::AddAssign;

use crate::{DAY, Millis};

/// What plugins are called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// Deciding about events and scoring people.
    Pipeline,
    /// Bringing messages to their channels.
    Delivery,
    /// Deciding again about what was decided, with another version or configuration.
    Backtest,
    /// Executing one decision again.
    Replay,
}

impl WorkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pipeline, Self::Delivery, Self::Backtest, Self::Replay];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline",
            Self::Delivery => "delivery",
            Self::Backtest => "backtest",
            Self::Replay => "replay",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether nobody waits for it and nothing follows from it: real work is never refused because of what it cost.
    pub fn is_trial(self) -> bool {
        matches!(self, Self::Backtest | Self::Replay)
    }
}

/// What calls came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Usage {
    /// How many.
    pub calls: u64,
    /// People, moments or messages that they were about.
    pub items: u64,
    /// Calls that came to nothing because the plugin crashed.
    pub crashes: u64,
    /// Those among the crashes that computed too much or took too long.
    pub timeouts: u64,
    /// Operations that were asked for and that the host refused.
    pub refusals: u64,
    /// Fuel that they burnt.
    pub fuel: u64,
    /// How long they ran, microseconds.
    pub micros: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        for (own, others) in [
            (&mut self.calls, other.calls),
            (&mut self.items, other.items),
            (&mut self.crashes, other.crashes),
            (&mut self.timeouts, other.timeouts),
            (&mut self.refusals, other.refusals),
            (&mut self.fuel, other.fuel),
            (&mut self.micros, other.micros),
        ] {
            *own = own.saturating_add(others);
        }
    }
}

/// How much a tenant may have, as its operator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Fuel that its plugins may burn in a day (UTC) together; nothing if that is not limited. [Trials](WorkKind::is_trial)
    /// stop when everything together has burnt it, real work when real work has.
    pub fuel_per_day: Option<u64>,
    /// How large its share of the processors is beside other tenants who have something to do at the same time.
    pub weight: u32,
}

/// The greatest weight.
pub const WEIGHT_MAX: u32 = 100;

impl Default for Quota {
    fn default() -> Self {
        Self { fuel_per_day: None, weight: 1 }
    }
}

/// The day (UTC) of a time, in days since the epoch.
pub fn day(at: Millis) -> i64 {
    at.div_euclid(DAY)
}
