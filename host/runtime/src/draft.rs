//! The contract's next track, `0.2.0-draft`: its binding, and what differs in it told in the words of today. What the draft leaves as
//! it was are today's types themselves, so that nothing is said twice. A track that is released and then followed keeps a file
//! like this one beside the binding of its time.

use bumpalo::Bump;
use guanxi_domain::campaign::{Decision, Failure, Moment};
use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use crate::bindings::guanxi::plugin::host as today;
use crate::campaign::{event, operation, profile};
use crate::plugin::Fault;
use crate::raise::{entries, json, optional_text, texts};
use crate::state::State;
use bindings::exports::guanxi::plugin::campaign as wire;
use bindings::guanxi::plugin::host;

/// The version that manifests, imports and exports name.
pub(crate) const VERSION: &str = "0.2.0-draft";

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/draft",
        interfaces: "
            import guanxi:plugin/host@0.2.0-draft;
            export guanxi:plugin/campaign@0.2.0-draft;
        ",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { default: trappable },
        with: {
            "guanxi:plugin/types@0.2.0-draft": crate::draft::types,
            "guanxi:plugin/operations@0.2.0-draft": crate::draft::operations,
        },
    });
}

/// Words of the draft that are today's, under the names that its binding expects.
pub mod types {
    pub use crate::bindings::guanxi::plugin::types::{
        EventParam as Event, Failure, Instant, JsonParam, JsonResult, Profile,
    };
}

/// What a campaign may ask for; an interface of its own in the draft.
pub mod operations {
    pub use crate::bindings::exports::guanxi::plugin::campaign::Operation;
}

/// Where a component of this track exports its interfaces.
#[derive(Default)]
pub(crate) struct Exports {
    pub(crate) campaign: Option<wire::GuestIndices>,
}

impl Exports {
    pub(crate) fn find(linked: &InstancePre<State>) -> wasmtime::Result<Self> {
        let name = format!("guanxi:plugin/campaign@{VERSION}");
        let campaign = match linked.component().get_export_index(None, &name) {
            Some(_) => Some(wire::GuestIndices::new(linked)?),
            None => None,
        };
        Ok(Self { campaign })
    }

    pub(crate) fn check_types(&self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<()> {
        if let Some(campaign) = &self.campaign {
            campaign.load(store, instance)?;
        }
        Ok(())
    }
}

/// What components of this track import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}

impl host::Host for State {
    fn log(&mut self, level: host::Level, line: String) -> wasmtime::Result<()> {
        today::Host::log(self, level.into(), line)
    }
}

impl From<host::Level> for today::Level {
    fn from(level: host::Level) -> Self {
        match level {
            host::Level::Debug => Self::Debug,
            host::Level::Info => Self::Info,
            host::Level::Warn => Self::Warn,
            host::Level::Error => Self::Error,
        }
    }
}

/// Decides every moment, as [`crate::Plugin::decide`].
pub(crate) fn decide(
    campaign: &wire::GuestIndices,
    (store, instance): (&mut Store<State>, &Instance),
    config: &str,
    moments: &[Moment],
) -> Result<Vec<Result<Decision, Failure>>, Fault> {
    let guest = campaign.load(&mut *store, instance)?;
    let arena = Bump::new();
    let lowered = arena.alloc_slice_fill_iter(moments.iter().map(|moment| lower(&arena, moment)));
    let answers = guest.call_decide(&mut *store, config, lowered)?;
    if answers.len() != moments.len() {
        return Err(Fault::Answer(format!("{} decisions for {} moments", answers.len(), moments.len())));
    }
    Ok(answers.into_iter().zip(moments).map(|(answer, moment)| decision(answer?, moment.state.as_deref())).collect())
}

fn lower<'a>(arena: &'a Bump, moment: &'a Moment) -> wire::Moment<'a> {
    wire::Moment {
        event: event(&moment.event),
        person: profile(arena, &moment.person),
        history: arena.alloc_slice_fill_iter(moment.history.iter().map(event)),
        state: moment.state.as_deref(),
        now: moment.now,
        seed: moment.seed,
    }
}

/// The reason of an operation becomes one of the decision; a state that stays is said again, as today's decisions do.
fn decision(answer: wire::Decision, before: Option<&str>) -> Result<Decision, Failure> {
    let mut reasons = texts("a reason", answer.reasons)?;
    let mut operations = Vec::with_capacity(answer.wishes.len().min(8));
    for wish in entries("wishes", answer.wishes)? {
        let operation = operation(wish.operation)?;
        if let Some(because) = optional_text("the reason of a wish", wish.because)? {
            reasons.push(format!("{}: {because}", operation.name()));
        }
        operations.push(operation);
    }
    let state = match answer.state {
        wire::Keeping::Unchanged => before.map(str::to_owned),
        wire::Keeping::Forgotten => None,
        wire::Keeping::Replaced(state) => {
            json::<serde::de::IgnoredAny>("the state", &state)?;
            Some(state)
        }
    };
    Ok(Decision { operations, state, reasons: entries("the list of reasons", reasons)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raise::bad;

    fn wish(because: Option<&str>) -> wire::Wish {
        wire::Wish {
            operation: operations::Operation::CancelTimer("again".into()),
            because: because.map(str::to_owned),
        }
    }

    fn check(wishes: Vec<wire::Wish>, state: wire::Keeping, expected: Result<(&[&str], Option<&str>), &str>) {
        let answer = wire::Decision { wishes, state, reasons: vec!["first".into()] };
        let found = decision(answer, Some("41")).map(|decision| (decision.reasons, decision.state));
        let expected = expected.map(|(reasons, state)| {
            (reasons.iter().map(|reason| (*reason).to_owned()).collect::<Vec<_>>(), state.map(str::to_owned))
        });
        assert_eq!(found, expected.map_err(bad));
    }

    #[test]
    fn hosts_know_this_draft_by_its_version() {
        assert!(guanxi_domain::contract::is_draft(VERSION));
    }

    #[test]
    fn reasons_of_wishes_follow_those_of_the_decision() {
        let wishes = vec![wish(None), wish(Some("it is late"))];
        check(wishes, wire::Keeping::Forgotten, Ok((&["first", "cancel-timer: it is late"], None)));
    }

    #[test]
    fn a_state_stays_or_is_replaced_or_goes() {
        check(Vec::new(), wire::Keeping::Unchanged, Ok((&["first"], Some("41"))));
        check(Vec::new(), wire::Keeping::Replaced("42".into()), Ok((&["first"], Some("42"))));
        check(Vec::new(), wire::Keeping::Forgotten, Ok((&["first"], None)));
    }

    #[test]
    fn the_bounds_of_today_hold() {
        let many = (0..129).map(|_| wish(None)).collect();
        check(many, wire::Keeping::Unchanged, Err("wishes has 129 entries, more than 128"));
        let told = "the list of reasons has 129 entries, more than 128";
        let many = (0..128).map(|_| wish(Some("why"))).collect();
        check(many, wire::Keeping::Unchanged, Err(told));
        let long = "x".repeat(4_097);
        let told = "the reason of a wish has 4097 bytes, more than 4096";
        check(vec![wish(Some(&long))], wire::Keeping::Unchanged, Err(told));
        let huge = format!("\"{}\"", "x".repeat(40_000));
        check(Vec::new(), wire::Keeping::Replaced(huge), Err("the state has 40002 bytes, more than 32768"));
    }
}
