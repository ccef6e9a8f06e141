//! What channels tell of people, with how fresh it is.

use guanxi_domain::Millis;
use guanxi_domain::person::Signal;
use guanxi_domain::signals::counts;

/// A signal and how fresh it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalView {
    /// What is told.
    pub signal: Signal,
    /// How long ago it was so.
    pub age: Millis,
    /// Whether it still counts: plugins see only what does.
    pub counts: bool,
}

impl SignalView {
    /// How these signals look at that time.
    pub(crate) fn all(signals: Vec<Signal>, now: Millis) -> Vec<Self> {
        let view =
            |signal: Signal| Self { age: (now - signal.observed_at).max(0), counts: counts(&signal, now), signal };
        signals.into_iter().map(view).collect()
    }
}
