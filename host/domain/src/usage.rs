//! What calls of plugins cost, and how much of it a tenant may have.

use std::ops::AddAssign;

use crate::{DAY, Millis};

/// What calls came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Usage {
    /// How many.
    pub calls: u64,
    /// People, moments or messages that they were about.
    pub items: u64,
    /// Calls that came to nothing because the plugin crashed.
    pub crashes: u64,
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
    /// Fuel that its plugins may burn in a day (UTC) together; nothing if that is not limited.
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
