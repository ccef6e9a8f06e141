//! The egress against real servers on loopback: nothing of it is replaced, only the operator's list lets it in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addresses;
mod grants;
mod redirects;
mod requests;
mod responses;
mod support;
mod transport;
