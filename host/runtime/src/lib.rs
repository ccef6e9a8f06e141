//! Runs plugins: WebAssembly components of the contract `guanxi:plugin`, each call in a fresh store and under limits.
//! What a guest does wrong becomes a typed error here; no type of wasmtime leaves this crate.

mod admission;
mod analyzer;
mod bindings;
mod cache;
mod call;
mod campaign;
mod connector;
mod crypto;
mod draft;
mod engine;
mod error;
mod facets;
mod plugin;
mod raise;
mod runtime;
mod scorer;
mod secrets;
mod state;

pub use admission::{AdmissionReport, Admitted, Problem, Refusal};
pub use call::{Call, CallError, Stopped};
pub use error::RuntimeError;
pub use plugin::Plugin;
pub use runtime::{CacheOptions, Runtime, RuntimeOptions};
pub use secrets::Secrets;
pub use state::{LogLevel, LogLine};
