//! The console driven as a browser drives it: real store, real use cases, requests in and pages out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends with a panic")]

mod audiences;
mod backtests;
mod campaigns;
mod candidates;
mod config;
mod contents;
mod desk;
mod door;
mod grants;
mod house;
mod insight;
mod library;
mod live;
mod pages;
mod plugin;
mod privacy;
mod segments;
mod switch;
mod webhooks;
