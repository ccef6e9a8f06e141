//! The same campaign call with wasmtime alone: what the runtime's care (limits, typed errors, checks of the answer) is
//! measured against. Engine settings are those of `host/runtime/src/engine.rs`, which does not show them.

use anyhow::{Context, Result};
use guanxi_domain::campaign::{Moment, Value};
use guanxi_domain::limits::CallLimits;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use bindings::exports::guanxi::plugin::campaign as wire;
use bindings::guanxi::plugin::{host, types};

/// The bindings of the whole contract, as the runtime has them: one world with other interfaces would name types
/// differently.
mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package guanxi:bench;

            world every-kind {
                import guanxi:plugin/host@0.1.0;
                import guanxi:plugin/secrets@0.1.0;
                export guanxi:plugin/scorer@0.1.0;
                export guanxi:plugin/analyzer@0.1.0;
                export guanxi:plugin/campaign@0.1.0;
                export guanxi:plugin/connector@0.1.0;
                export guanxi:plugin/connector-session@0.1.0;
                export guanxi:plugin/connector-receive@0.1.0;
                export guanxi:plugin/connector-poll@0.1.0;
                export guanxi:plugin/connector-audience@0.1.0;
            }
        ",
        path: "../../wit",
        world: "guanxi:bench/every-kind",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { default: trappable },
    });
}

/// A linked component and the place of its export.
pub struct RawCampaign {
    engine: Engine,
    linked: InstancePre<Nothing>,
    export: wire::GuestIndices,
}

/// A store's data: none.
pub struct Nothing;

impl host::Host for Nothing {
    fn log(&mut self, _: host::Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl RawCampaign {
    /// Compiles and links.
    pub fn new(component: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::new(&configuration())?;
        let mut linker = Linker::new(&engine);
        host::add_to_linker::<_, HasSelf<Nothing>>(&mut linker, |state| state)?;
        let linked = linker.instantiate_pre(&Component::from_binary(&engine, component)?)?;
        let export = wire::GuestIndices::new(&linked)?;
        Ok(Self { engine, linked, export })
    }

    /// One call on a fresh instance; `moments` are lowered already.
    pub fn decide(
        &self,
        config: &str,
        moments: &[wire::Moment<'_>],
        limits: &CallLimits,
    ) -> wasmtime::Result<Vec<Answer>> {
        let mut store = Store::new(&self.engine, Nothing);
        store.set_epoch_deadline(limits.wall_ms + 1);
        store.set_fuel(limits.fuel_per_call + limits.fuel_per_item)?;
        let instance = self.linked.instantiate(&mut store)?;
        let guest = self.export.load(&mut store, &instance)?;
        guest.call_decide(&mut store, config, moments)
    }
}

/// What the contract says to one moment.
pub type Answer = Result<wire::Decision, types::Failure>;

/// Lowers `moment` and hands it to `then`: borrowed all the way, as in the runtime.
pub fn lowered<T>(moment: &Moment, then: impl FnOnce(&[wire::Moment<'_>]) -> Result<T>) -> Result<T> {
    let person = &moment.person;
    let tags: Vec<_> = person
        .tags
        .iter()
        .map(|t| types::TagParam { dimension: &t.dimension, name: &t.name, weight: t.weight })
        .collect();
    let scores: Vec<_> = person.scores.iter().map(|(name, value)| types::Score { name, value: *value }).collect();
    let text = |value: &'_ Value| matches!(value, Value::Text(_));
    anyhow::ensure!(person.fields.iter().all(|(_, value)| text(value)), "the bench lowers texts only");
    let fields: Vec<_> = person
        .fields
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Text(text) => Some(types::FieldParam { name, value: types::ValueParam::Text(text) }),
            _ => None,
        })
        .collect();
    let reachable: Vec<&str> = person.reachable.iter().map(String::as_str).collect();
    let roles = vec![types::Role::Consumer; person.roles.len()];
    let event = &moment.event;
    let moment = wire::Moment {
        event: types::EventParam {
            id: &event.id,
            kind: &event.kind,
            at: event.at,
            channel: event.channel.as_deref(),
            touchpoint: event.touchpoint.as_deref(),
            properties: &event.properties,
        },
        person: types::Profile {
            id: &person.id,
            stage: types::Stage::Prospect,
            roles: &roles,
            locale: person.locale.as_deref(),
            tags: &tags,
            scores: &scores,
            fields: &fields,
            reachable: &reachable,
        },
        history: &[],
        state: moment.state.as_deref(),
        now: moment.now,
        seed: moment.seed,
    };
    then(&[moment])
}

/// How many operations the campaign asked for.
pub fn operations(answers: &[Answer]) -> Result<usize> {
    let answer = answers.first().context("one answer for one moment")?;
    Ok(answer.as_ref().map_err(|_| anyhow::anyhow!("the campaign failed"))?.operations.len())
}

fn configuration() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(64)
        .total_core_instances(64 * 64)
        .total_memories(64 * 2)
        .total_tables(64 * 4)
        .max_core_instances_per_component(64)
        .max_memories_per_component(2)
        .max_tables_per_component(4)
        .max_tables_per_module(4)
        .max_memory_size(256 * 1024 * 1024)
        .table_elements(100_000);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(512 * 1024).table_keep_resident(64 * 1024);
    }
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        .wasm_memory64(false)
        .max_wasm_stack(512 * 1024)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        .native_unwind_info(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
