//! What keeps a channel's messages waiting, as this process knows it: failures in a row, patience that it asked for. The
//! store has the same for other processes and the next start; whatever is news here is written with the tries it came of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_domain::Millis;
use guanxi_domain::breaker::{Breaker, Pass};
use guanxi_domain::channel_state::{ChannelMood, ChannelState};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;

/// What a try says about its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It answered, whatever it said of the message.
    Works,
    /// It did not, in a way that may pass.
    Fails(String),
    /// Nothing is to leave before this time; `fails` says that it may be in trouble.
    Pauses { until: Millis, why: String, fails: bool },
    /// Nothing: it was not asked.
    Silent,
}

/// The gates of all channels that had something to send.
#[derive(Default)]
pub(crate) struct Gates {
    gates: Mutex<HashMap<(TenantId, InstallationId), Arc<Gate>>>,
}

/// What one channel lets through.
#[derive(Default)]
pub(crate) struct Gate {
    known: Mutex<Known>,
}

struct Known {
    state: ChannelState,
    /// Not in the store yet.
    is_news: bool,
    /// What onlookers were told.
    told: ChannelMood,
}

impl Default for Known {
    fn default() -> Self {
        Self { state: ChannelState::default(), is_news: false, told: ChannelMood::Open }
    }
}

impl Gates {
    pub(crate) fn of(&self, tenant: TenantId, connector: InstallationId) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry((tenant, connector)).or_default())
    }
}

impl Gate {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the store says, unless this process knows better; how the channel is then.
    pub(crate) fn refresh(&self, stored: ChannelState) -> ChannelState {
        let mut known = self.known();
        if !known.is_news {
            known.state = stored;
        }
        known.state.clone()
    }

    /// What may leave now.
    pub(crate) fn pass(&self, now: Millis) -> Pass {
        self.known().state.pass(now)
    }

    /// One message tries whether the channel works again: others wait until `until`.
    pub(crate) fn probing(&self, until: Millis) {
        let mut known = self.known();
        known.state.breaker = known.state.breaker.probing(until);
    }

    /// Notes what a try said. `is_probe` of the one that tries a resting channel.
    pub(crate) fn note(&self, news: &News, is_probe: bool, now: Millis, random: u32) {
        let mut known = self.known();
        let before = known.state.clone();
        let state = &mut known.state;
        match news {
            // An answer that was under way when the rest began does not end it.
            News::Works if is_probe || state.breaker.open_until.is_none() => state.breaker = Breaker::after_success(),
            News::Fails(why) => fail(state, why, is_probe, now, random),
            News::Pauses { until, why, fails } => {
                // Tries that were under way when it first asked for patience say nothing new.
                let is_asked = state.paused_until.is_some_and(|until| now < until);
                if *fails && (is_probe || !is_asked) {
                    fail(state, why, is_probe, now, random);
                } else if is_probe {
                    state.breaker = Breaker::after_success();
                }
                state.pause(*until, why.clone());
            }
            News::Silent if is_probe => state.breaker = state.breaker.probing(now),
            News::Works | News::Silent => {}
        }
        known.is_news |= known.state != before;
    }

    /// Nothing leaves before this time.
    pub(crate) fn pause(&self, until: Millis, why: String) {
        let mut known = self.known();
        let before = known.state.clone();
        known.state.pause(until, why);
        known.is_news |= known.state != before;
    }

    /// What has to be written, if anything.
    pub(crate) fn news(&self) -> Option<ChannelState> {
        let known = self.known();
        known.is_news.then(|| known.state.clone())
    }

    /// Notes that this is written.
    pub(crate) fn written(&self, state: &ChannelState) {
        let mut known = self.known();
        known.is_news &= known.state != *state;
    }

    /// How the channel is, if onlookers were told something else.
    pub(crate) fn turn(&self, now: Millis) -> Option<(ChannelMood, Option<Millis>, Option<String>)> {
        let mut known = self.known();
        let (mood, until) = known.state.mood(now);
        if mood == known.told {
            return None;
        }
        known.told = mood;
        Some((mood, until, known.state.reason.clone()))
    }
}

fn fail(state: &mut ChannelState, why: &str, is_probe: bool, now: Millis, random: u32) {
    let next = state.breaker.after_failure(is_probe, now, random);
    if next != state.breaker {
        state.breaker = next;
        state.reason = Some(why.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use guanxi_domain::breaker::FAILURES_MAX;

    use super::*;

    fn fails() -> News {
        News::Fails("no answer".to_owned())
    }

    fn failed(times: u32) -> Gate {
        let gate = Gate::default();
        (0..times).for_each(|_| gate.note(&fails(), false, 0, 0));
        gate
    }

    #[test]
    fn ch_8_failures_close_a_gate_and_a_probe_opens_it() {
        assert_eq!(failed(FAILURES_MAX - 1).pass(0), Pass::Free);
        let gate = failed(FAILURES_MAX);
        let Pass::Wait(until) = gate.pass(0) else { panic!("it rests") };
        assert_eq!(gate.turn(0), Some((ChannelMood::Resting, Some(until), Some("no answer".to_owned()))));
        assert_eq!(gate.turn(0), None, "told once");
        gate.note(&News::Works, false, 1, 0);
        assert_eq!(gate.pass(1), Pass::Wait(until), "a straggler's answer does not end the rest");
        gate.probing(until + 500);
        gate.note(&News::Silent, true, until, 0);
        assert_eq!(gate.pass(until), Pass::Probe, "the next one tries");
        gate.note(&News::Works, true, until, 0);
        assert_eq!((gate.pass(until), gate.turn(until).map(|turn| turn.0)), (Pass::Free, Some(ChannelMood::Open)));
    }

    #[test]
    fn ch_8_patience_is_asked_once_however_many_ask_at_a_time() {
        let gate = Gate::default();
        let busy = News::Pauses { until: 1_000, why: "busy".to_owned(), fails: true };
        (0..2 * FAILURES_MAX).for_each(|_| gate.note(&busy, false, 0, 0));
        assert_eq!(gate.pass(0), Pass::Wait(1_000));
        assert_eq!(gate.pass(1_000), Pass::Free);
        for wave in 1..i64::from(FAILURES_MAX) {
            let until = 1_000 * (wave + 1);
            gate.note(&News::Pauses { until, why: "busy".to_owned(), fails: true }, false, 1_000 * wave, 0);
        }
        assert!(matches!(gate.pass(1_000 * i64::from(FAILURES_MAX)), Pass::Wait(_)), "it rests");
    }

    #[test]
    fn ch_8_what_is_written_is_no_news_and_what_is_not_stays() {
        let gate = failed(1);
        let news = gate.news().unwrap();
        assert_eq!(gate.refresh(ChannelState::default()), news, "the store is behind");
        gate.note(&fails(), false, 0, 0);
        gate.written(&news);
        assert!(gate.news().is_some(), "changed meanwhile");
        gate.written(&gate.news().unwrap());
        assert_eq!(gate.refresh(ChannelState::default()), ChannelState::default(), "the store knows best");
    }
}
