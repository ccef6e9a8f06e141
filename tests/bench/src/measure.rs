//! Clocks, percentiles and medians: the bench's only way to the time.

use std::time::{Duration, Instant};

/// The moment.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the epoch, as the host counts them.
#[expect(clippy::disallowed_methods, reason = "the host under measurement runs on the real clock")]
pub fn epoch_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How long `work` takes, with what it came to.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = now();
    let outcome = work();
    (now().duration_since(start), outcome)
}

/// How long each of many like things took.
#[derive(Debug, Default)]
pub struct Samples {
    micros: Vec<f64>,
}

impl Samples {
    /// Adds one.
    pub fn push(&mut self, time: Duration) {
        self.micros.push(time.as_secs_f64() * 1e6);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// The time that `share` (0.99 for p99) of them did not exceed, in microseconds.
    pub fn quantile(&mut self, share: f64) -> f64 {
        self.micros.sort_by(f64::total_cmp);
        let last = self.micros.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index between 0 and the last")]
        let index = (last as f64 * share).ceil() as usize;
        self.micros.get(index).copied().unwrap_or(f64::NAN)
    }
}

/// One number per round; the middle one counts.
#[derive(Debug, Default)]
pub struct Rounds {
    values: Vec<f64>,
}

impl Rounds {
    /// Adds a round.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The middle one.
    pub fn median(&mut self) -> f64 {
        self.values.sort_by(f64::total_cmp);
        self.values.get(self.values.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// How many a second.
pub fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
