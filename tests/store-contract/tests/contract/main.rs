//! What the store promises, told once and kept by both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod audiences;
mod backtests;
mod candidates;
mod consents;
mod contacts;
mod contents;
mod decisions;
mod delivery;
mod desk;
mod edges;
mod given;
mod grants;
mod installations;
mod isolation;
mod log;
mod media;
mod messages;
mod migrations;
mod outbox;
mod people;
mod people_list;
mod plugin_isolation;
mod plugin_logs;
mod plugins;
mod polls;
mod portraits;
mod rates;
mod segments;
mod sessions;
mod states;
mod tenants;
mod timeline;
mod timers;
mod traits;
mod usage;
mod webhooks;
