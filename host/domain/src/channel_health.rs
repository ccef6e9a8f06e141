//! How a channel does: tries counted in slots of time by what they came to and how long they took, so that an hour or a day is
//! summed up from few rows, however many messages went out.

use crate::Millis;
use crate::message::MessageStatus;

/// How long a slot is.
pub const SLOT: Millis = 300_000;
/// So long slots are kept: a day and what is begun of it.
pub const KEPT: Millis = 2 * crate::DAY;

/// Times are rounded up to one of these, milliseconds; longer ones count as the last.
const STEPS: [i64; 22] =
    [1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 700, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 600_000];

/// The start of the slot that a time is in.
pub fn slot(at: Millis) -> Millis {
    at - at.rem_euclid(SLOT)
}

/// How long something took, as it is counted.
pub fn rounded_up(took_ms: i64) -> i64 {
    let [.., last] = STEPS;
    STEPS.into_iter().find(|step| *step >= took_ms).unwrap_or(last)
}

/// Tries that came to the same and took about as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What they came to; `Queued` is one that is tried again.
    pub status: MessageStatus,
    /// As [`rounded_up`] says.
    pub took_ms: i64,
    /// How many.
    pub count: i64,
}

/// Tries of some time, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// The channel took it.
    pub sent: i64,
    /// Given up.
    pub failed: i64,
    /// Not sent in time.
    pub expired: i64,
    /// Nobody knows whether it arrived.
    pub uncertain: i64,
    /// Tried again later.
    pub again: i64,
    /// Half of those sent took no longer, milliseconds, rounded up.
    pub median_ms: Option<i64>,
    /// Of a hundred sent one took longer.
    pub p99_ms: Option<i64>,
}

impl Sums {
    /// Sums up.
    pub fn of(counted: &[Counted]) -> Self {
        let total = |status| counted.iter().filter(|one| one.status == status).map(|one| one.count).sum();
        let mut sent: Vec<(i64, i64)> = counted
            .iter()
            .filter(|one| one.status == MessageStatus::Sent && one.count > 0)
            .map(|one| (one.took_ms, one.count))
            .collect();
        sent.sort_unstable();
        Self {
            sent: total(MessageStatus::Sent),
            failed: total(MessageStatus::Failed),
            expired: total(MessageStatus::Expired),
            uncertain: total(MessageStatus::Uncertain),
            again: total(MessageStatus::Queued),
            median_ms: quantile(&sent, 50),
            p99_ms: quantile(&sent, 99),
        }
    }
}

/// The time that `percent` of all took at most; of times in order.
fn quantile(times: &[(i64, i64)], percent: i64) -> Option<i64> {
    let all: i64 = times.iter().map(|(_, count)| count).sum();
    let wanted = (all.saturating_mul(percent) + 99) / 100;
    let mut passed = 0;
    times
        .iter()
        .find(|(_, count)| {
            passed += count;
            passed >= wanted
        })
        .map(|(took, _)| *took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_times_are_rounded_up_and_never_lost() {
        for (took, expected) in [(-5, 1), (0, 1), (1, 1), (4, 5), (11, 20), (700, 700), (i64::MAX, 600_000)] {
            assert_eq!(rounded_up(took), expected, "{took}");
        }
        assert_eq!((slot(SLOT), slot(SLOT + 7), slot(-1)), (SLOT, SLOT, -SLOT));
    }

    #[test]
    fn ch_9_half_and_all_but_one_of_a_hundred_are_found_in_counts() {
        let sent = |took_ms, count| Counted { status: MessageStatus::Sent, took_ms, count };
        let failed = Counted { status: MessageStatus::Failed, took_ms: 30_000, count: 7 };
        let sums = Sums::of(&[sent(500, 1), sent(10, 98), failed, sent(5, 1)]);
        assert_eq!((sums.sent, sums.failed, sums.median_ms, sums.p99_ms), (100, 7, Some(10), Some(10)));
        let sums = Sums::of(&[sent(500, 2), sent(10, 98)]);
        assert_eq!((sums.median_ms, sums.p99_ms), (Some(10), Some(500)));
        assert_eq!(Sums::of(&[sent(70, 1)]).median_ms, Some(70));
        assert_eq!(Sums::of(&[]), Sums::default());
    }
}
