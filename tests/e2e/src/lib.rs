//! Drives the real binary as its own process: hosts, clients, a receiver for webhooks, and a fresh database for every
//! story, SQLite and PostgreSQL alike.
//!
//! What the tests need comes in variables that `cargo xtask test` sets: the binary, components, real clients, a
//! PostgreSQL server, a browser.

pub mod client;
pub mod environment;
pub mod host;
pub mod package;
pub mod place;
pub mod process;
pub mod proxy;
pub mod registry;
pub mod script;
pub mod sink;
pub mod sql;
pub mod tenant;
pub mod wait;

pub use client::{Answer, Client};
pub use host::{Host, OPERATOR_TOKEN};
pub use place::{Place, on_both, on_sqlite};
pub use sink::{Received, Reply, Sink};
pub use tenant::Tenant;
pub use wait::{eventually, eventually_within, now_millis};
