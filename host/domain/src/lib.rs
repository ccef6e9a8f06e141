//! Words and rules of Guanxi: what a person, an event, a plugin and a message are, and what may be done with them.
//! Nothing here does I/O, waits, or reads a clock.

pub mod analysis;
pub mod audience;
pub mod backtest;
pub mod breaker;
pub mod caller;
pub mod campaign;
pub mod candidate;
pub mod caps;
pub mod channel_health;
pub mod channel_rules;
pub mod channel_state;
pub mod connector;
pub mod consent;
pub mod content;
pub mod contract;
pub mod delivery_receipt;
pub mod erasure;
pub mod event;
pub mod exchange;
pub mod grants;
pub mod identity;
pub mod ids;
pub mod import;
pub mod insight;
pub mod installation;
pub mod limits;
pub mod linking;
pub mod manifest;
pub mod media;
pub mod message;
pub mod pace;
pub mod person;
pub mod plugin_log;
pub mod profile;
pub mod quiet_hours;
pub mod rates;
pub mod receipt;
pub mod relations;
pub mod scoring;
pub mod segment;
pub mod settings;
pub mod signals;
pub mod tenant;
pub mod usage;
pub mod version;
pub mod webhook;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// So long is a day, wherever it is.
pub const DAY: Millis = 86_400_000;

/// One JSON object.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
