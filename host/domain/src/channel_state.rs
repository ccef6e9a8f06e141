//! How a channel behaves, as far as it keeps messages waiting: whether it rests after failures, and whether it asked for
//! patience.

use crate::Millis;
use crate::breaker::{Breaker, Pass};

/// What is known of one connector's channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelState {
    /// Rests after failures in a row.
    pub breaker: Breaker,
    /// The channel asked for patience, or a quota is used up: nothing leaves before this time.
    pub paused_until: Option<Millis>,
    /// Why it waits, in words.
    pub reason: Option<String>,
}

/// How a channel is, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelMood {
    /// Messages leave.
    Open,
    /// It asked for patience, or a quota is used up.
    Paused,
    /// It rests after failures in a row.
    Resting,
    /// The rest is over; one message tries.
    Probing,
}

impl ChannelMood {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Resting => "resting",
            Self::Probing => "probing",
        }
    }
}

impl ChannelState {
    /// What may leave now.
    pub fn pass(&self, now: Millis) -> Pass {
        let paused = self.paused_until.filter(|until| now < *until);
        match (self.breaker.pass(now), paused) {
            (Pass::Wait(rest), Some(pause)) => Pass::Wait(rest.max(pause)),
            (_, Some(pause)) => Pass::Wait(pause),
            (pass, None) => pass,
        }
    }

    /// How it is now, and until when.
    pub fn mood(&self, now: Millis) -> (ChannelMood, Option<Millis>) {
        let pass = self.pass(now);
        match (pass, self.breaker.pass(now)) {
            (Pass::Wait(until), Pass::Wait(_)) => (ChannelMood::Resting, Some(until)),
            (Pass::Wait(until), _) => (ChannelMood::Paused, Some(until)),
            (Pass::Probe, _) => (ChannelMood::Probing, None),
            (Pass::Free, _) => (ChannelMood::Open, None),
        }
    }

    /// Nothing leaves until `until`, or longer if that was so before.
    pub fn pause(&mut self, until: Millis, reason: String) {
        if self.paused_until.is_none_or(|before| before < until) {
            self.paused_until = Some(until);
            self.reason = Some(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_8_the_longer_of_rest_and_pause_counts() {
        let breaker = Breaker { failures: 5, openings: 1, open_until: Some(100) };
        let mut state = ChannelState { breaker, ..ChannelState::default() };
        assert_eq!((state.pass(50), state.mood(50)), (Pass::Wait(100), (ChannelMood::Resting, Some(100))));
        state.pause(200, "quota".to_owned());
        state.pause(150, "earlier".to_owned());
        assert_eq!((state.pass(50), state.reason.as_deref()), (Pass::Wait(200), Some("quota")));
        assert_eq!(state.mood(120), (ChannelMood::Paused, Some(200)));
        assert_eq!((state.pass(200), state.mood(200).0), (Pass::Probe, ChannelMood::Probing));
        assert_eq!(ChannelState::default().mood(0), (ChannelMood::Open, None));
    }
}
