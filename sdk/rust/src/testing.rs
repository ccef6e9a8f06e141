//! For native tests of plugins: inputs to start from, calls as the host makes them, and a stand-in for its functions.
//!
//! Not there when a plugin is compiled to WebAssembly.

mod crypto;
pub(crate) mod secrets;

use std::cell::RefCell;

use serde_json::Value;

use crate::campaign::{self, Answer, Campaign, Moment};
use crate::connector::{self, Connector, Header, Outbound, Response, Step};
use crate::host::Level;
use crate::scorer::{self, Column, Scored, Scorer};
use crate::words::{Event, Failure, Instant, Profile, Role, Stage};

/// The time at which [`moment`], [`event`] and [`outbound`] happen: 2026-01-01T00:00:00Z.
pub const NOW: Instant = 1_767_225_600_000;

thread_local! {
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// An event of a kind with its properties, one JSON object.
pub fn event(kind: &str, properties: Value) -> Event {
    Event {
        id: "evt_test".to_owned(),
        kind: kind.to_owned(),
        at: NOW,
        channel: None,
        touchpoint: None,
        properties: properties.to_string(),
    }
}

/// A prospect of whom nothing is known.
pub fn person() -> Profile {
    Profile {
        id: "per_test".to_owned(),
        stage: Stage::Prospect,
        roles: vec![Role::Consumer],
        locale: None,
        tags: Vec::new(),
        scores: Vec::new(),
        fields: Vec::new(),
        reachable: Vec::new(),
    }
}

/// The moment of an [`event`] of a [`person`], without history and kept state; change what the test is about.
pub fn moment(kind: &str, properties: Value) -> Moment {
    let event = event(kind, properties);
    Moment { event, person: person(), history: Vec::new(), state: None, now: NOW, seed: 1 }
}

/// A message to an address `kind:value`, on its first try.
pub fn outbound(address: &str, content: Value) -> Outbound {
    Outbound {
        id: "msg_test".to_owned(),
        address: address.to_owned(),
        content: content.to_string(),
        created: NOW,
        now: NOW,
        attempt: 1,
    }
}

/// A response of a channel.
pub fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let header = |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    Response { status, headers: headers.iter().map(header).collect(), body: body.to_vec() }
}

/// Decides one moment as the host would, configuration included.
pub fn decide<C: Campaign>(config: &str, moment: Moment) -> Result<Answer, Failure> {
    campaign::call::<C>(config, vec![moment]).pop().unwrap_or_else(|| Err(Failure::Other("no answer".to_owned())))
}

/// Scores columns of equal length as the host would, at [`NOW`].
pub fn score<S: Scorer>(config: &str, columns: Vec<Column>, explain: bool) -> Result<Scored, Failure> {
    let rows = columns.first().map_or(0, |column| match column {
        Column::Numbers(numbers) => numbers.len(),
        Column::Integers(integers) => integers.len(),
        Column::Texts(texts) => texts.len(),
    });
    let rows = u32::try_from(rows).map_err(|_| Failure::BadInput("too many rows".to_owned()))?;
    scorer::call::<S>(config, columns, rows, NOW, explain)
}

/// Starts to send a message as the host would.
pub fn send<C: Connector>(config: &str, message: &Outbound) -> Result<Step, Failure> {
    connector::send::<C>(config, message)
}

/// Resumes with a response as the host would, at [`NOW`].
pub fn resume<C: Connector>(config: &str, continuation: &[u8], response: &Response) -> Result<Step, Failure> {
    connector::resume::<C>(config, continuation, response, NOW)
}

/// Sets a secret of this thread for [`secrets`](crate::secrets), as the bytes that its format makes of it: a key in PEM is
/// its text.
pub fn set_secret(name: &str, bytes: &[u8]) {
    secrets::set(name, bytes);
}

/// Takes the lines that this thread has logged.
pub fn take_lines() -> Vec<(Level, String)> {
    LINES.take()
}

pub(crate) fn record_line(level: Level, line: &str) {
    LINES.with_borrow_mut(|lines| lines.push((level, line.to_owned())));
}
