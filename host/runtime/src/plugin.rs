//! One compiled plugin and the way every call of it goes: slot, fresh store, limits, instance, answer.

use std::sync::Arc;
use std::time::Duration;

use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Manifest;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{AsContextMut, Store};

use crate::bindings::exports::guanxi::plugin as contract;
use crate::engine::Stopwatch;
use crate::runtime::Shared;
use crate::state::State;
use crate::{Call, CallError, RuntimeError, Secrets, Stopped, draft};

/// The longest that any call may take, whatever its limits say.
const WALL_MS_MAX: u64 = 60 * 60 * 1_000;

/// A compiled plugin, ready to be called from any thread that has a megabyte of stack left; cheap to clone.
/// A call blocks its thread for microseconds, or until its limits end it.
#[derive(Clone)]
pub struct Plugin(pub(crate) Arc<Prepared>);

impl Plugin {
    /// What it declares about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// The SHA-256 of its package, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Whether somebody else holds it, too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.0.manifest.name).field("digest", &self.0.digest).finish()
    }
}

/// Everything about a plugin that is found out once: linked imports and the places of its exports.
pub(crate) struct Prepared {
    pub(crate) manifest: Manifest,
    digest: String,
    linked: InstancePre<State>,
    pub(crate) exports: Exports,
    pub(crate) draft: draft::Exports,
    shared: Arc<Shared>,
}

/// The interfaces of the released track that a component exports.
#[derive(Default)]
pub(crate) struct Exports {
    pub(crate) scorer: Option<contract::scorer::GuestIndices>,
    pub(crate) analyzer: Option<contract::analyzer::GuestIndices>,
    pub(crate) campaign: Option<contract::campaign::GuestIndices>,
    pub(crate) connector: Option<contract::connector::GuestIndices>,
    pub(crate) session: Option<contract::connector_session::GuestIndices>,
    pub(crate) receive: Option<contract::connector_receive::GuestIndices>,
    pub(crate) poll: Option<contract::connector_poll::GuestIndices>,
    pub(crate) audience: Option<contract::connector_audience::GuestIndices>,
}

/// What went wrong inside a call.
pub(crate) enum Fault {
    /// wasmtime stopped it.
    Guest(wasmtime::Error),
    /// It came back with an answer that breaks the contract.
    Answer(String),
}

impl From<wasmtime::Error> for Fault {
    fn from(error: wasmtime::Error) -> Self {
        Self::Guest(error)
    }
}

/// What a call may use and how it is named in errors.
pub(crate) struct Terms<'a> {
    pub(crate) function: &'static str,
    pub(crate) limits: &'a CallLimits,
    pub(crate) items: u64,
    pub(crate) output_bytes: usize,
    pub(crate) secrets: Secrets,
}

impl<'a> Terms<'a> {
    /// A call of `function` with a batch of `items`.
    pub(crate) fn new(function: &'static str, items: usize, limits: &'a CallLimits) -> Self {
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        Self { function, limits, items, output_bytes: limits.output_bytes, secrets: Secrets::default() }
    }

    fn fuel(&self) -> u64 {
        self.limits.fuel_per_call.saturating_add(self.limits.fuel_per_item.saturating_mul(self.items))
    }
}

impl Prepared {
    /// Links a compiled component and finds its exports.
    pub(crate) fn new(
        shared: Arc<Shared>,
        component: &Component,
        manifest: Manifest,
        digest: String,
    ) -> Result<Self, RuntimeError> {
        let linked = shared.linker.instantiate_pre(component).map_err(|e| RuntimeError::Link(e.into()))?;
        let exports = Exports::find(&linked).map_err(|e| RuntimeError::Link(e.into()))?;
        let draft = draft::Exports::find(&linked).map_err(|e| RuntimeError::Link(e.into()))?;
        Ok(Self { manifest, digest, linked, exports, draft, shared })
    }

    /// Runs `body` on a fresh instance under the limits of `terms`.
    pub(crate) fn run<T>(
        &self,
        terms: Terms<'_>,
        body: impl FnOnce(&mut Store<State>, &Instance) -> Result<T, Fault>,
    ) -> Call<T> {
        let _slot = self.shared.slots.take();
        let started = Stopwatch::start();
        let fuel = terms.fuel();
        let mut store = Store::new(&self.shared.engine, State::new(terms.limits, terms.secrets, fuel));
        store.limiter(|state| state);
        store.set_hostcall_fuel(terms.output_bytes);
        // One more tick, because the current one has partly passed.
        store.set_epoch_deadline(terms.limits.wall_ms.min(WALL_MS_MAX).saturating_add(1));
        let outcome = store.set_fuel(fuel).map_err(Fault::Guest).and_then(|()| {
            let instance = self.linked.instantiate(&mut store)?;
            body(&mut store, &instance)
        });
        let (result, stopped) = match outcome {
            Ok(answer) => (Ok(answer), Stopped::default()),
            Err(Fault::Guest(error)) => (Err(CallError::from_guest(&error, terms.function)), Stopped::by(error)),
            Err(Fault::Answer(problem)) => {
                (Err(CallError::BadAnswer(format!("{}: {problem}", terms.function))), Stopped::default())
            }
        };
        let by_guest = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        let spent = by_guest.saturating_add(store.data().burnt());
        let took = started.elapsed();
        let (log, missed) = store.into_data().into_told();
        let result = result.and_then(|answer| if spent > fuel { Err(CallError::OutOfFuel) } else { Ok(answer) });
        Call { result, fuel: spent.min(fuel), took, log, stopped, missed }
    }

    /// Instantiates once and checks the types of all exports: what admission does before it says yes.
    pub(crate) fn try_out(&self, limits: &CallLimits) -> Call<()> {
        self.run(Terms::new("instantiate", 0, limits), |store, instance| {
            self.exports.check_types(store, instance)?;
            Ok(self.draft.check_types(store, instance)?)
        })
    }
}

macro_rules! each_interface {
    ($action:ident) => {
        $action!(
            scorer: scorer = "scorer",
            analyzer: analyzer = "analyzer",
            campaign: campaign = "campaign",
            connector: connector = "connector",
            session: connector_session = "connector-session",
            receive: connector_receive = "connector-receive",
            poll: connector_poll = "connector-poll",
            audience: connector_audience = "connector-audience",
        )
    };
}

impl Exports {
    fn find(linked: &InstancePre<State>) -> wasmtime::Result<Self> {
        let exports =
            |name: &str| linked.component().get_export_index(None, format!("guanxi:plugin/{name}@0.1.0")).is_some();
        macro_rules! find {
            ($($field:ident: $module:ident = $name:literal,)*) => {
                Ok(Self { $($field: match exports($name) {
                    true => Some(contract::$module::GuestIndices::new(linked)?),
                    false => None,
                },)* })
            };
        }
        each_interface!(find)
    }

    fn check_types(&self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<()> {
        macro_rules! check {
            ($($field:ident: $module:ident = $name:literal,)*) => {{
                $(if let Some(indices) = &self.$field {
                    indices.load(store.as_context_mut(), instance)?;
                })*
                Ok(())
            }};
        }
        each_interface!(check)
    }
}

/// Milliseconds of a duration, for reports.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
