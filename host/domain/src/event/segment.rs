//! Requests of Segment's tracking API and of the libraries that speak it, read into events.
//! Shapes and rules: Segment's HTTP API and specification; what the Python, Node and RudderStack libraries really send.

mod message;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::message::{Context, Message, Shared};
use super::{BadEvent, Readings, document};
use crate::Millis;
use crate::ids::EventId;
use crate::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX};

/// What a request, or one message of a batch, calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Who someone is.
    Identify,
    /// Something that someone did.
    Track,
    /// A web page seen.
    Page,
    /// A screen of an application seen.
    Screen,
    /// Someone belongs to a group.
    Group,
    /// Two identifiers are one person.
    Alias,
    /// Several of the above.
    Batch,
}

impl Call {
    /// From the last part of the path, `identify` or as browsers shorten it, `i`.
    pub fn from_path(last: &str) -> Option<Self> {
        match last {
            "batch" | "b" => Some(Self::Batch),
            "i" => Some(Self::Identify),
            "t" => Some(Self::Track),
            "p" => Some(Self::Page),
            "s" => Some(Self::Screen),
            "g" => Some(Self::Group),
            "a" => Some(Self::Alias),
            name => Self::from_type(name),
        }
    }

    fn from_type(name: &str) -> Option<Self> {
        match name {
            "identify" => Some(Self::Identify),
            "track" => Some(Self::Track),
            "page" => Some(Self::Page),
            "screen" => Some(Self::Screen),
            "group" => Some(Self::Group),
            "alias" => Some(Self::Alias),
            _ => None,
        }
    }
}

/// Reads one request body, already decompressed: each accepted message, or the reason why it is refused.
///
/// The outer error is for the request as a whole: not JSON, too large, no list. `region` is the ISO 3166 code of the
/// country whose phone numbers may be written without a country code; `received_at` is our clock; `make_id` is asked once
/// for each accepted message. A message without `messageId` takes its event's id, so only messages with
/// one can be recognised when they are sent again.
pub fn read(
    call: Call,
    body: &[u8],
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<Readings, BadEvent> {
    if call == Call::Batch {
        return read_batch(document::text(body, BATCH_BYTES_MAX)?, region, received_at, make_id);
    }
    let message: Message = document::object("body", document::text(body, EVENT_BYTES_MAX)?)?;
    let read = message.into_event(call, &Shared { region, ..Shared::default() }, received_at, make_id);
    Ok(vec![read.map_err(|bad| if bad.at.is_empty() { bad.within("body") } else { bad })])
}

/// A batch; its messages stay text until each one's size is known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    batch: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    sent_at: Option<Value>,
}

fn read_batch(
    text: &str,
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<Readings, BadEvent> {
    let envelope: Envelope = document::object("body", text)?;
    let Some(batch) = envelope.batch else {
        return Err(BadEvent::new("batch", "is missing; give the list of messages"));
    };
    let messages: Vec<&RawValue> = document::list("batch", batch.get())?;
    if messages.len() > BATCH_EVENTS_MAX {
        let problem = format!("has {} messages; at most {BATCH_EVENTS_MAX} are taken", messages.len());
        return Err(BadEvent::new("batch", problem));
    }
    let shared = Shared { region, context: Context::read(envelope.context)?, sent_at: envelope.sent_at };
    let mut readings = Vec::with_capacity(messages.len());
    for (index, raw) in messages.into_iter().enumerate() {
        let read = read_item(raw, &shared, received_at, make_id);
        readings.push(read.map_err(|bad| bad.within(&format!("batch[{index}]"))));
    }
    Ok(readings)
}

fn read_item(
    raw: &RawValue,
    shared: &Shared<'_>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<super::NewEvent, BadEvent> {
    if raw.get().len() > EVENT_BYTES_MAX {
        return Err(document::too_large("", raw.get().len(), EVENT_BYTES_MAX));
    }
    let message: Message = document::object("", raw.get())?;
    let call = message
        .kind
        .as_ref()
        .and_then(Value::as_str)
        .and_then(Call::from_type)
        .ok_or_else(|| BadEvent::new("type", "has to be one of identify, track, page, screen, group and alias"))?;
    message.into_event(call, shared, received_at, make_id)
}
