//! The egress against real servers on loopback: nothing of it is replaced, only the operator's list lets it in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addresses;
mod grants;
mod mail;
mod mail_server;
mod redirects;
mod requests;
mod responses;
mod short_messages;
mod support;
mod transport;
