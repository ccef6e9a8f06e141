//! Binary mode: attributes in `ce-` headers, data in the body.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Data, Parts};
use crate::Millis;
use crate::event::{BadEvent, Readings, document};
use crate::ids::EventId;
use crate::limits::EVENT_BYTES_MAX;

/// Reads one event whose attributes are `headers` with lower-case names (`ce-type`; others are passed over) and whose
/// data is `body`.
///
/// A body without content type is taken as JSON. The outer error is for a body that is not what its content type says,
/// or too large together with its attributes. `region` is the country of phone numbers without a country code; `received_at`
/// is our clock; `make_id` is asked once if the event is accepted.
pub fn read_binary(
    headers: &[(String, String)],
    content_type: Option<&str>,
    body: &[u8],
    region: Option<&str>,
    received_at: Millis,
    make_id: &mut dyn FnMut() -> EventId,
) -> Result<Readings, BadEvent> {
    let attributes = || headers.iter().filter(|(name, _)| name.starts_with("ce-"));
    let bytes = attributes().map(|(name, value)| name.len() + value.len()).sum::<usize>() + body.len();
    if bytes > EVENT_BYTES_MAX {
        return Err(document::too_large("body", bytes, EVENT_BYTES_MAX));
    }
    let mut parts = Parts { data: read_body(content_type, body)?, ..Parts::default() };
    Ok(vec![attributes().try_for_each(|(name, value)| parts.set(name, value)).and_then(|()| {
        let event = parts.into_event(region, received_at, make_id);
        event.map_err(in_header)
    })])
}

/// Attributes are headers here, so that is where a problem is.
fn in_header(bad: BadEvent) -> BadEvent {
    match bad.at.as_str() {
        "" => bad.within("body"),
        at if at.starts_with("data") => bad,
        at => BadEvent { at: format!("ce-{at}"), ..bad },
    }
}

impl Parts {
    fn set(&mut self, header: &str, value: &str) -> Result<(), BadEvent> {
        let slot = match header {
            "ce-specversion" => &mut self.specversion,
            "ce-id" => &mut self.id,
            "ce-source" => &mut self.source,
            "ce-type" => &mut self.kind,
            "ce-subject" => &mut self.subject,
            "ce-time" => &mut self.time,
            "ce-identities" => &mut self.identities,
            "ce-channel" => &mut self.channel,
            "ce-touchpoint" => &mut self.touchpoint,
            _ => return Ok(()),
        };
        if slot.is_some() {
            return Err(BadEvent::new(header, "is given twice"));
        }
        *slot = Some(decode(header, value)?);
        Ok(())
    }
}

/// Undoes quoting, then one round of percent-encoding, as the HTTP protocol binding says (3.1.3.2).
fn decode(header: &str, value: &str) -> Result<String, BadEvent> {
    let unquoted = unquote(value.trim());
    percent_encoding::percent_decode_str(&unquoted)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| BadEvent::new(header, "its percent-encoding is not UTF-8"))
}

fn unquote(value: &str) -> Cow<'_, str> {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    Cow::Owned(text)
}

fn read_body(content_type: Option<&str>, body: &[u8]) -> Result<Data, BadEvent> {
    if body.is_empty() {
        return Ok(Data::None);
    }
    if !content_type.is_none_or(is_json) {
        return Ok(Data::Base64(STANDARD.encode(body)));
    }
    let text = document::text(body, EVENT_BYTES_MAX)?;
    serde_json::from_str(text)
        .map(Data::Json)
        .map_err(|error| BadEvent::new("body", format!("cannot be read as JSON: {error}")))
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}
