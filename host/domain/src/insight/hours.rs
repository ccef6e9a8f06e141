//! Hours of the week in a brand's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{DAY, Millis};

/// Hours of a week.
pub const HOURS: usize = 168;
const HOUR: Millis = 3_600_000;
/// 1970 began on a Thursday: 72 hours after Monday.
const EPOCH: Millis = 72;
/// The most changes of a time zone's offset that are looked at; two a year.
const CHANGES_MAX: usize = 128;

/// How much for each hour of the week: seven days from Monday on, 24 hours each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours([[u64; 24]; 7]);

impl Hours {
    /// Adds to an hour, counted from Monday's first; others than 0 to 167 are left out.
    pub fn add(&mut self, hour: usize, count: u64) {
        if let Some(slot) = self.0.get_mut(hour / 24).and_then(|day| day.get_mut(hour % 24)) {
            *slot += count;
        }
    }

    /// Day by day from Monday on.
    pub fn days(&self) -> &[[u64; 24]; 7] {
        &self.0
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// The most for one hour.
    pub fn most(&self) -> u64 {
        self.0.iter().flatten().copied().max().unwrap_or(0)
    }

    /// The day with the most, from Monday 0 on, the first of equals; nothing if there is nothing.
    pub fn best_day(&self) -> Option<usize> {
        best(self.0.iter().map(|day| day.iter().sum()))
    }

    /// The hour of day with the most over all days, the first of equals; nothing if there is nothing.
    pub fn best_hour(&self) -> Option<usize> {
        best((0..24).map(|hour| self.0.iter().filter_map(|day| day.get(hour)).sum()))
    }
}

fn best(sums: impl Iterator<Item = u64>) -> Option<usize> {
    let (index, sum) = sums.enumerate().max_by_key(|(index, sum)| (*sum, std::cmp::Reverse(*index)))?;
    (sum > 0).then_some(index)
}

/// A brand's time zone.
#[derive(Debug, Clone)]
pub struct Clock {
    name: String,
    zone: TimeZone,
}

impl Clock {
    /// The time zone of this IANA name, such as `Asia/Shanghai`; nothing if there is none.
    pub fn named(name: &str) -> Option<Self> {
        let plain = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        let zone = plain.then(|| TimeZone::get(name).ok()).flatten()?;
        Some(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone })
    }

    /// The time zone that the settings name, else UTC.
    pub fn of(settings: &crate::settings::TenantSettings) -> Self {
        let named = settings.time_zone.as_deref().and_then(Self::named);
        named.unwrap_or_else(|| Self { name: "UTC".to_owned(), zone: TimeZone::UTC })
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The offsets from UTC between two times, each with the time from which on it holds, in order. The first holds
    /// before, too. Of more than 128 changes the earliest are left out.
    pub fn offsets(&self, from: Millis, to: Millis) -> Vec<(Millis, Millis)> {
        let Ok(start) = Timestamp::from_millisecond(from) else { return vec![(from, 0)] };
        let changes = self.zone.following(start).take_while(|change| change.timestamp().as_millisecond() <= to);
        let changes = changes.map(|change| (change.timestamp().as_millisecond(), change.offset()));
        let mut all: Vec<(Millis, Millis)> = std::iter::once((from, self.zone.to_offset(start)))
            .chain(changes)
            .map(|(at, offset)| (at, Millis::from(offset.seconds()) * 1_000))
            .collect();
        all.drain(..all.len().saturating_sub(CHANGES_MAX));
        all
    }

    /// The hour of the week, 0 for Monday's first.
    pub fn hour_of_week(&self, at: Millis) -> usize {
        let hours = self.local(at).div_euclid(HOUR) + EPOCH;
        usize::try_from(hours.rem_euclid(HOURS as Millis)).unwrap_or(0)
    }

    /// The calendar day, in days since 1 January 1970.
    pub fn day(&self, at: Millis) -> i64 {
        self.local(at).div_euclid(DAY)
    }

    /// What a clock on the wall shows, as if it were UTC.
    fn local(&self, at: Millis) -> Millis {
        let offset = Timestamp::from_millisecond(at).map_or(0, |at| self.zone.to_offset(at).seconds());
        at.saturating_add(Millis::from(offset) * 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pl_3_a_day_begins_at_midnight_where_the_brand_is() {
        for (zone, at, day) in [
            ("UTC", DAY - 1, 0),
            ("UTC", DAY, 1),
            ("Asia/Shanghai", DAY - 8 * HOUR - 1, 0),
            ("Asia/Shanghai", DAY - 8 * HOUR, 1),
            ("Etc/GMT+10", DAY, 0),
            ("Etc/GMT-14", DAY - 14 * HOUR, 1),
            ("UTC", -1, -1),
        ] {
            assert_eq!(Clock::named(zone).unwrap().day(at), day, "{zone} {at}");
        }
    }
}
