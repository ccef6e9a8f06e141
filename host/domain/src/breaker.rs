//! When a channel is left alone: after failures in a row it rests, then one message tries whether it works again.

use crate::Millis;

/// Failures in a row after which a channel rests.
pub const FAILURES_MAX: u32 = 5;
/// The first rest, milliseconds; each further one without a success is twice as long.
pub const REST_MS: Millis = 10_000;
/// The longest rest, milliseconds.
pub const REST_MS_MAX: Millis = 15 * 60_000;

/// The circuit breaker of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Failures since the last success.
    pub failures: u32,
    /// Rests since the last success; each doubles the next one.
    pub openings: u32,
    /// Nothing leaves before this time; at it one message may try.
    pub open_until: Option<Millis>,
}

/// What may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Everything.
    Free,
    /// One message, to see whether the channel works again.
    Probe,
    /// Nothing before this time.
    Wait(Millis),
}

impl Breaker {
    /// What may leave now.
    pub fn pass(&self, now: Millis) -> Pass {
        match self.open_until {
            None => Pass::Free,
            Some(until) if now < until => Pass::Wait(until),
            Some(_) => Pass::Probe,
        }
    }

    /// One message tries: nobody else does until `until`, by when it is known what came of it.
    #[must_use]
    pub fn probing(&self, until: Millis) -> Self {
        Self { open_until: Some(until), ..*self }
    }

    /// After a try that failed for a reason that may pass. `is_probe` says whether it was the one that a resting channel
    /// was tried with; failures of others that were under way when the rest began change nothing. `random` spreads the
    /// ends of rests.
    #[must_use]
    pub fn after_failure(&self, is_probe: bool, now: Millis, random: u32) -> Self {
        let failures = self.failures.saturating_add(1);
        match self.open_until {
            Some(_) if !is_probe => *self,
            None if failures < FAILURES_MAX => Self { failures, ..*self },
            _ => Self {
                failures,
                openings: self.openings.saturating_add(1),
                open_until: Some(now.saturating_add(rest(self.openings, random))),
            },
        }
    }

    /// After an answer that shows that the channel works.
    #[must_use]
    pub fn after_success() -> Self {
        Self::default()
    }
}

/// Between three quarters of the full rest and all of it.
fn rest(openings: u32, random: u32) -> Millis {
    let full = REST_MS.checked_shl(openings.min(20)).unwrap_or(REST_MS_MAX).min(REST_MS_MAX);
    full - full / 4 + (full / 4) * Millis::from(random) / Millis::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failed(times: u32, now: Millis) -> Breaker {
        (0..times).fold(Breaker::default(), |breaker, _| breaker.after_failure(false, now, u32::MAX))
    }

    #[test]
    fn ch_8_failures_in_a_row_open_it_and_one_probe_decides() {
        assert_eq!(failed(FAILURES_MAX - 1, 0).pass(0), Pass::Free);
        let open = failed(FAILURES_MAX, 0);
        assert_eq!(open.pass(0), Pass::Wait(REST_MS));
        assert_eq!(open.pass(REST_MS), Pass::Probe);
        let probing = open.probing(REST_MS + 500);
        assert_eq!(probing.pass(REST_MS + 1), Pass::Wait(REST_MS + 500));
        assert_eq!(probing.pass(REST_MS + 500), Pass::Probe, "whoever tried was never heard of again");
        let again = probing.after_failure(true, REST_MS + 100, u32::MAX);
        assert_eq!(again.pass(REST_MS + 100), Pass::Wait(3 * REST_MS + 100), "twice as long");
        assert_eq!(Breaker::after_success().pass(0), Pass::Free);
    }

    #[test]
    fn ch_8_stragglers_do_not_prolong_a_rest() {
        let open = failed(FAILURES_MAX, 0);
        assert_eq!(open.after_failure(false, REST_MS - 1, 0), open);
    }

    proptest! {
        #[test]
        fn ch_8_a_rest_is_never_shorter_than_the_one_before_and_has_an_end(random in any::<u32>(), probes in 1_u32..40) {
            let (mut breaker, mut now, mut last) = (failed(FAILURES_MAX, 0), 0, 0);
            for _ in 0..probes {
                let Pass::Wait(until) = breaker.pass(now) else { panic!("{breaker:?} rests") };
                prop_assert!(until - now >= last.min(REST_MS_MAX * 3 / 4), "{} after {last}", until - now);
                prop_assert!(until - now <= REST_MS_MAX);
                last = until - now;
                now = until;
                prop_assert_eq!(breaker.pass(now), Pass::Probe);
                breaker = breaker.after_failure(true, now, random);
            }
        }
    }
}
