//! Insight: what a set of people is like, and what one of them is. Portraits are counted person by person from what is
//! kept anyway ([`Count`]), so that any number of people takes the memory of one portrait. They hold labels and numbers,
//! never a name, an identity or an id.
//!
//! Time enters as `now`: bands, ages, weights and windows are as of then.

mod band;
mod count;
mod hours;
mod one;
mod reach;
mod tally;
mod traits;

use serde::{Deserialize, Serialize};

use crate::{DAY, Millis};

pub use band::{Band, BandShare, Seen};
pub use count::{Count, Sighting};
pub use hours::{Clock, HOURS, Hours};
pub use one::{OwnChannel, OwnPortrait, OwnRows};
pub use reach::{AddressShare, Answers, Channel, ChannelShare, Unreachable};
pub use tally::{Distribution, Share};
pub use traits::{AgeBand, Gender, Traits};

/// Participation is measured over this time: who was in a band that long ago, and did something since.
pub const MEASURED: Millis = 30 * DAY;
/// Messages that were decided within this time are looked at for answers.
pub const MESSAGES_WITHIN: Millis = 90 * DAY;
/// What a person does within this time after a message was sent may answer it.
pub const ANSWER_WITHIN: Millis = 7 * DAY;
/// The values of a distribution that are told by name.
pub const SHOWN: usize = 20;
/// The distinct values of a distribution that are counted by name at once; the rarest beyond it are among the others.
pub const DISTINCT_MAX: usize = 5_000;
/// The dimensions of tags that are told.
pub const DIMENSIONS_MAX: usize = 50;

/// What a set of people is like.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Portrait {
    /// People who stand for themselves or for everybody who was joined with them.
    pub people: u64,
    /// By how far they have come: `prospect`, `fan`, `customer`.
    pub stages: Distribution,
    /// By what they are to the brand. Who has several roles counts for each; `consumer` are those without another.
    pub roles: Distribution,
    /// By the attribute `gender`: `female`, `male`, `other`; unknown if it is missing or says nothing known.
    pub genders: Distribution,
    /// By age: whole years since the attribute `birthday`, else the attribute `age`; unknown if neither can be true.
    pub ages: Distribution,
    /// By the attribute `city`.
    pub cities: Distribution,
    /// By the attribute `province`.
    pub provinces: Distribution,
    /// By the attribute `country`.
    pub countries: Distribution,
    /// By the channel of the first contact with a known channel or place; unknown if that names no channel.
    pub first_channels: Distribution,
    /// Tags by dimension, that with the most people first.
    pub dimensions: Vec<DimensionShare>,
    /// What people care about most: tags over all dimensions, the greatest remaining weight first.
    pub concerns: Vec<Concern>,
    /// What they bought.
    pub purchases: Purchases,
    /// When they bought: orders that are not wholly refunded, by hour of the week in `time_zone`.
    pub hours: Hours,
    /// The brand's time zone, `UTC` if it has set none.
    pub time_zone: String,
    /// Live and dead data: by how long ago their last own event was, with measured participation.
    pub bands: Vec<BandShare>,
    /// Reachability by channel.
    pub channels: Vec<ChannelShare>,
    /// Addresses by kind of identity, that with the most people first.
    pub addresses: Vec<AddressShare>,
}

/// The tags of one dimension.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DimensionShare {
    /// `interest`, `consumption-power` …
    pub dimension: String,
    /// The names that most people have.
    pub names: Vec<TagShare>,
    /// How often somebody has another name of the dimension.
    pub others: u64,
}

/// A tag among people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TagShare {
    /// The label.
    pub name: String,
    /// Who has it with a weight that still counts.
    pub people: u64,
    /// The mean of what is left of its weight, over those people.
    pub weight: f64,
}

/// Something that people care about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Concern {
    /// The label, whatever its dimension.
    pub name: String,
    /// How often it is somebody's tag; under two dimensions it counts twice.
    pub people: u64,
    /// The sum of what is left of its weight.
    pub weight: f64,
}

/// Orders of people, as their running totals have them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Purchases {
    /// People with an order that was not wholly refunded.
    pub buyers: u64,
    /// People with two or more.
    pub repeat_buyers: u64,
    /// Orders that were not wholly refunded.
    pub orders: i64,
    /// Minor units, refunds taken off, whatever the currency.
    pub revenue: i64,
    /// Revenue for each order, minor units; nothing without orders.
    pub average_order: Option<f64>,
    /// Of the buyers those with two or more orders, 0 to 1; nothing without buyers.
    pub repeat_share: Option<f64>,
}

impl Purchases {
    /// Adds one person's.
    fn add(&mut self, orders: i64, revenue: i64) {
        self.buyers += u64::from(orders > 0);
        self.repeat_buyers += u64::from(orders > 1);
        self.orders = self.orders.saturating_add(orders);
        self.revenue = self.revenue.saturating_add(revenue);
    }

    /// With what follows from the sums.
    fn finished(mut self) -> Self {
        self.average_order = (self.orders > 0).then(|| self.revenue as f64 / self.orders as f64);
        self.repeat_share = share(self.repeat_buyers, self.buyers);
        self
    }
}

/// A part of a whole, 0 to 1; nothing of nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
