//! The engine that compiles and runs every plugin, the thread that keeps its time, and the slots of its pool.

use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::RuntimeError;

/// The largest linear memory of any plugin, whatever a call's limits say.
pub(crate) const MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The largest table; components that carry an interpreter have tens of thousands of functions in theirs.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 100_000;
/// The deepest stack of a guest.
const STACK_BYTES: usize = 512 * 1024;
/// Core instances, memories and tables of one component; an interpreter with its libraries needs dozens.
const CORE_INSTANCES_MAX: u32 = 64;
const MEMORIES_MAX: u32 = 3;
const TABLES_MAX: u32 = 4;
/// Dirty memory that is wiped in place after a call instead of being given back to the kernel.
const KEEP_RESIDENT_BYTES: usize = 512 * 1024;
const TICK: Duration = Duration::from_millis(1);

/// The one configuration, for compiling and for running: code compiled under another one does not load.
fn configuration(instances: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instances.saturating_mul(MEMORIES_MAX))
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX);
    // Without the kernel's help wiping in place would touch every page, used or not.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEEP_RESIDENT_BYTES).table_keep_resident(64 * 1024);
    }
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        .wasm_memory64(false)
        .max_wasm_stack(STACK_BYTES)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .native_unwind_info(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Makes an engine with room for `instances` calls at a time.
pub(crate) fn engine(instances: u32) -> Result<Engine, RuntimeError> {
    Engine::new(&configuration(instances)).map_err(|e| RuntimeError::Engine(e.into()))
}

/// The thread that advances the engine's epoch every millisecond; ends when dropped.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Self, RuntimeError> {
        let (stop, stopped) = std::sync::mpsc::channel();
        let engine = engine.clone();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new().name("guanxi-ticker".into()).spawn(tick);
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(RuntimeError::Ticker)?) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that enforces time limits had panicked");
        }
    }
}

/// Measures what a call or a compilation takes; nothing that a guest sees depends on it.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Slots of the pool: a call waits for one instead of failing. It waits no longer than the calls before it may run.
pub(crate) struct Slots {
    free: Mutex<u32>,
    freed: Condvar,
}

impl Slots {
    pub(crate) fn new(count: u32) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    pub(crate) fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_sub(1);
        Slot(self)
    }
}

/// One taken slot; free again when dropped.
pub(crate) struct Slot<'a>(&'a Slots);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.freed.notify_one();
    }
}
