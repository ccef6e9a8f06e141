//! CloudEvents 1.0 over HTTP in its three modes, read into events.
//! Shapes and rules: CloudEvents 1.0.2, its JSON format and its HTTP protocol binding.

mod binary;
#[cfg(test)]
mod tests;

pub use self::binary::read_binary;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Digest;

use super::subject::Subject;
use super::{BadEvent, EventBody, NewEvent, Readings, check_kind, clock, document};
use crate::ids::EventId;
use crate::limits::{ATTRIBUTES_MAX, BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX};
use crate::{JsonMap, Millis};

const MESSAGE_ID_BYTES_MAX: usize = 256;
const CHANNEL_BYTES_MAX: usize = 64;
const TOUCHPOINT_BYTES_MAX: usize = 2_048;

/// Reads one event of content type `application/cloudevents+json`.
///
/// The outer error is for a body that is no JSON object or too large. `region` is the ISO 3166 code of the country whose
/// phone numbers may be written without a country code; `received_at` is our clock; `make_id` is asked once for each
/// accepted event.
pub fn read_structured(
    body: &[u8],
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<Readings, BadEvent> {
    let event: Structured = document::object("body", document::text(body, EVENT_BYTES_MAX)?)?;
    let read = event.into_parts().and_then(|parts| parts.into_event(region, received_at, make_id));
    Ok(vec![read.map_err(|bad| if bad.at.is_empty() { bad.within("body") } else { bad })])
}

/// Reads a list of events, content type `application/cloudevents-batch+json`; it may be empty.
pub fn read_batch(
    body: &[u8],
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<Readings, BadEvent> {
    let events: Vec<&RawValue> = document::list("body", document::text(body, BATCH_BYTES_MAX)?)?;
    if events.len() > BATCH_EVENTS_MAX {
        let problem = format!("has {} events; at most {BATCH_EVENTS_MAX} are taken", events.len());
        return Err(BadEvent::new("body", problem));
    }
    let mut readings = Vec::with_capacity(events.len());
    for (index, raw) in events.into_iter().enumerate() {
        let read = read_item(raw, region, received_at, make_id);
        readings.push(read.map_err(|bad| bad.within(&format!("[{index}]"))));
    }
    Ok(readings)
}

fn read_item(
    raw: &RawValue,
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<NewEvent, BadEvent> {
    if raw.get().len() > EVENT_BYTES_MAX {
        return Err(document::too_large("", raw.get().len(), EVENT_BYTES_MAX));
    }
    document::object::<Structured>("", raw.get())?.into_parts()?.into_event(region, received_at, make_id)
}

/// The JSON format. Whatever `datacontenttype` says, `data` is a JSON value here.
#[derive(Deserialize)]
struct Structured {
    specversion: Option<Value>,
    id: Option<Value>,
    source: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<Value>,
    subject: Option<Value>,
    time: Option<Value>,
    identities: Option<Value>,
    channel: Option<Value>,
    touchpoint: Option<Value>,
    data: Option<Value>,
    data_base64: Option<Value>,
}

impl Structured {
    fn into_parts(self) -> Result<Parts, BadEvent> {
        let data = match (self.data, attribute("data_base64", self.data_base64)?) {
            (Some(_), Some(_)) => return Err(BadEvent::new("data", "give data or data_base64, not both")),
            (Some(data), None) => Data::Json(data),
            (None, Some(encoded)) => Data::Base64(encoded),
            (None, None) => Data::None,
        };
        Ok(Parts {
            specversion: attribute("specversion", self.specversion)?,
            id: attribute("id", self.id)?,
            source: attribute("source", self.source)?,
            kind: attribute("type", self.kind)?,
            subject: attribute("subject", self.subject)?,
            time: attribute("time", self.time)?,
            identities: attribute("identities", self.identities)?,
            channel: attribute("channel", self.channel)?,
            touchpoint: attribute("touchpoint", self.touchpoint)?,
            data,
        })
    }
}

fn attribute(at: &str, value: Option<Value>) -> Result<Option<String>, BadEvent> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(BadEvent::new(at, format!("is {}, but has to be a string", document::name_of(&other)))),
    }
}

/// One event, whatever its mode was.
#[derive(Default)]
struct Parts {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
    subject: Option<String>,
    time: Option<String>,
    identities: Option<String>,
    channel: Option<String>,
    touchpoint: Option<String>,
    data: Data,
}

#[derive(Default)]
enum Data {
    #[default]
    None,
    Json(Value),
    Base64(String),
}

impl Parts {
    fn into_event(
        self,
        region: Option<&str>,
        received_at: Millis,
        make_id: &mut dyn FnMut() -> EventId,
    ) -> Result<NewEvent, BadEvent> {
        check_version(self.specversion.as_deref())?;
        let message_id = message_id(&required("source", self.source)?, &required("id", self.id)?);
        let kind = required("type", self.kind)?;
        check_kind("type", &kind)?;
        let mut subject = Subject::new(region);
        let occurred_at = occurred_at(self.time, received_at, &mut subject)?;
        if let Some(text) = self.subject.filter(|text| !text.trim().is_empty()) {
            subject.require_text_or_user("subject", &text)?;
        }
        for text in self.identities.iter().flat_map(|list| list.split(',')).filter(|text| !text.trim().is_empty()) {
            subject.require_text("identities", text)?;
        }
        let (traits, properties) = read_data(self.data, &mut subject)?;
        if subject.is_empty() {
            let problem = "nobody is named; set subject to kind:value, such as email:ada@example.com, or to your user's \
                           id, or list kind:value in the extension attribute identities";
            return Err(BadEvent::new("subject", problem));
        }
        let channel = extension("channel", self.channel, CHANNEL_BYTES_MAX)?;
        let touchpoint = extension("touchpoint", self.touchpoint, TOUCHPOINT_BYTES_MAX)?;
        let (identities, notes) = subject.finish()?;
        let body = EventBody { identities, channel, touchpoint, traits, properties, notes, ..EventBody::default() };
        Ok(NewEvent { id: make_id(), message_id, kind, occurred_at, received_at, body })
    }
}

fn check_version(version: Option<&str>) -> Result<(), BadEvent> {
    match version {
        Some("1.0") => Ok(()),
        Some(_) => Err(BadEvent::new("specversion", "has to be 1.0; other versions of CloudEvents are not read")),
        None => Err(BadEvent::new("specversion", "is missing; a CloudEvents event says 1.0 here")),
    }
}

fn required(at: &str, value: Option<String>) -> Result<String, BadEvent> {
    let value = value.filter(|text| !text.is_empty()).ok_or_else(|| BadEvent::new(at, "is missing or empty"))?;
    if value.chars().any(char::is_control) {
        return Err(BadEvent::new(at, "contains control characters; remove them"));
    }
    Ok(value)
}

/// Source and id together tell events apart; where `source#id` would be too long or ambiguous, its digest does.
fn message_id(source: &str, id: &str) -> String {
    if source.len() + 1 + id.len() <= MESSAGE_ID_BYTES_MAX && !source.contains('#') {
        return format!("{source}#{id}");
    }
    let mut hasher = sha2::Sha256::new();
    hasher.update((source.len() as u64).to_le_bytes());
    hasher.update(source);
    hasher.update(id);
    hasher.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
        text
    })
}

fn occurred_at(time: Option<String>, received_at: Millis, subject: &mut Subject<'_>) -> Result<Millis, BadEvent> {
    let claimed =
        match time.filter(|time| !time.is_empty()) {
            None => None,
            Some(time) => Some(clock::parse(&Value::String(time)).ok_or_else(|| {
                BadEvent::new("time", "is not a time as in RFC 3339, such as 2026-11-21T10:00:00.000Z")
            })?),
        };
    let (occurred_at, note) = clock::occurred(claimed, None, received_at);
    if let Some(note) = note {
        subject.note(format!("time: {note}"));
    }
    Ok(occurred_at)
}

fn extension(at: &str, value: Option<String>, bytes_max: usize) -> Result<Option<String>, BadEvent> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else { return Ok(None) };
    document::label(&value, bytes_max)
        .map(Some)
        .ok_or_else(|| BadEvent::new(at, format!("has 1 to {bytes_max} bytes and no control characters")))
}

/// Traits and properties; an object's own `traits` and `identities` say who, everything else says what.
fn read_data(data: Data, subject: &mut Subject<'_>) -> Result<(JsonMap, JsonMap), BadEvent> {
    let mut properties = match data {
        Data::None => JsonMap::new(),
        Data::Json(Value::Object(map)) => map,
        Data::Json(other) => JsonMap::from_iter([("data".to_owned(), other)]),
        Data::Base64(encoded) => JsonMap::from_iter([("data_base64".to_owned(), Value::String(encoded))]),
    };
    document::check("data", &properties)?;
    // Other senders' data may use these names for other things: those shapes stay properties.
    let traits = match properties.get_mut("traits") {
        Some(Value::Object(traits)) => std::mem::take(traits),
        _ => JsonMap::new(),
    };
    if matches!(properties.get("traits"), Some(Value::Object(_))) {
        properties.remove("traits");
    }
    if traits.len() > ATTRIBUTES_MAX {
        let problem = format!("has {} attributes; at most {ATTRIBUTES_MAX} are taken", traits.len());
        return Err(BadEvent::new("data.traits", problem));
    }
    let named = properties.get("identities").and_then(Value::as_array);
    if let Some(texts) = named.and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()) {
        for (index, text) in texts.into_iter().enumerate() {
            subject.require_text(&format!("data.identities[{index}]"), text)?;
        }
        properties.remove("identities");
    }
    subject.offer_traits(&traits);
    Ok((traits, properties))
}
