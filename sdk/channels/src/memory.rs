//! What connectors remember between calls, in continuations and cursors, and the steps of a poll that carry it.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Exchange, Page, PollStep, Request};
use guanxi_plugin::words::Received;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is to be remembered, written down.
pub fn write(remembered: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(remembered).map_err(|problem| Failure::Other(problem.to_string()))
}

/// What was remembered.
pub fn read<T: DeserializeOwned>(written: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(written).map_err(|problem| Failure::Other(format!("what was remembered: {problem}")))
}

/// The place of a cursor; the first one if there is none that can be read.
pub fn place<T: DeserializeOwned>(cursor: Option<&str>, first: T) -> T {
    cursor.and_then(|cursor| serde_json::from_str(cursor).ok()).unwrap_or(first)
}

/// Asks, and remembers where.
pub fn ask(request: Request, place: &impl Serialize) -> Result<PollStep, Failure> {
    Ok(PollStep::Perform(Exchange { request, continuation: write(place)?.into_bytes() }))
}

/// A page, and where to go on.
pub fn page(place: &impl Serialize, events: Vec<Received>, more: bool) -> Result<PollStep, Failure> {
    Ok(PollStep::Done(Page { cursor: Some(write(place)?), events, more }))
}

/// The page of who has nothing to ask.
pub fn nothing() -> PollStep {
    PollStep::Done(Page { cursor: None, events: Vec::new(), more: false })
}
