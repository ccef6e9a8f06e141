//! What connectors do alike with requests of their channels: parameters and headers that stand there once, times, signatures,
//! events and replies.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Header, Incoming, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Event, Instant, MINUTE, Received, SECOND};
use serde_json::Value;

/// How far the time of a request may be from ours. Channels repeat what was not answered in 5 seconds a few times.
const STALE: Instant = 5 * MINUTE;
/// The most bytes of what is kept of a message as it came.
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// The most bytes of a key by which a repetition is known.
const KEY_BYTES_MAX: usize = 192;

/// From here on a number is a time in milliseconds: in seconds it would be the year 5138.
const MILLISECONDS_FROM: Instant = 100_000_000_000;

/// The parameter of this name in a raw query, which must be there once.
pub fn parameter(query: &str, name: &str) -> Result<String, Refusal> {
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(other, _)| other == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value.into_owned()),
        (None, _) => Err(Refusal::Malformed(format!("`{name}` is missing in the query"))),
        _ => Err(Refusal::Malformed(format!("`{name}` stands twice in the query"))),
    }
}

/// The header of this name, which must be there once, for nothing is signed without it.
pub fn header<'r>(request: &'r Incoming, name: &str) -> Result<&'r str, Refusal> {
    let mut found = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some(header), None) => Ok(&header.value),
        _ => Err(Refusal::BadSignature),
    }
}

/// Refuses what happened too long ago, or will; the time may be in seconds or in milliseconds.
pub fn fresh(number: Instant, now: Instant) -> Result<(), Refusal> {
    let at = if number < MILLISECONDS_FROM { number.saturating_mul(SECOND) } else { number };
    if now.abs_diff(at) <= STALE.unsigned_abs() { Ok(()) } else { Err(Refusal::Stale) }
}

/// Whether two signatures are the same, in a time that depends on their lengths alone.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Refuses a signature in hexadecimal that is not the digest of these parts.
pub fn check_hash(digest: Digest, parts: &[Part], signature: &str) -> Result<(), Refusal> {
    let expected = secrets::hash(digest, parts).map_err(bad_config)?;
    let given = unhex(signature).ok_or(Refusal::BadSignature)?;
    if is_same(&given, &expected) { Ok(()) } else { Err(Refusal::BadSignature) }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2)
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

/// The body as JSON.
pub fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Malformed("the body is no JSON".to_owned()))
}

/// A text inside JSON by its pointer; empty if there is none.
pub fn text<'v>(told: &'v Value, pointer: &str) -> &'v str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A text or a number inside JSON, as text: channels write ids both ways.
pub fn id(told: &Value, pointer: &str) -> String {
    match told.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A time that a channel writes in seconds or in milliseconds, as a number or as text.
pub fn time(told: &Value, pointer: &str) -> Option<Instant> {
    let number = id(told, pointer).parse::<Instant>().ok().filter(|number| *number > 0)?;
    Some(if number < MILLISECONDS_FROM { number.saturating_mul(SECOND) } else { number })
}

/// What came, unless it is too much to be kept.
pub fn kept(told: Value) -> Value {
    if told.to_string().len() <= KEPT_BYTES_MAX { told } else { Value::Null }
}

/// The key of parts that tell one event from another; what is too long to be a key is named by its digest.
pub fn key(parts: &[&str]) -> Result<String, Refusal> {
    let joined = parts.join("-").trim_end_matches('-').to_owned();
    if joined.len() <= KEY_BYTES_MAX && !joined.chars().any(char::is_control) {
        return Ok(joined);
    }
    let digest = secrets::hash(Digest::Sha256, &[Part::bytes(joined)]).map_err(bad_config)?;
    Ok(hex(&digest))
}

/// An event of one person, known again by `key`.
pub fn received(
    key: String,
    identities: Vec<String>,
    channel: &str,
    kind: &str,
    at: Instant,
    properties: &Value,
) -> Received {
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at,
        channel: Some(channel.to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Received { key, identities, event }
}

/// A good reply in plain text.
pub fn reply(text: impl Into<Vec<u8>>) -> Response {
    let plain = Header { name: "content-type".to_owned(), value: "text/plain; charset=utf-8".to_owned() };
    Response { status: 200, headers: vec![plain], body: text.into() }
}

/// A good reply in JSON.
pub fn reply_json(body: &Value) -> Response {
    let json = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    Response { status: 200, headers: vec![json], body: body.to_string().into_bytes() }
}

/// A secret that is not set is the tenant's to mend.
pub fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_strictly() {
        assert_eq!(unhex("00fF"), Some(vec![0, 255]));
        for bad in ["0", "0g", "+1", "é0"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_always_fits() {
        assert_eq!(key(&["a", "1", "", ""]).unwrap(), "a-1");
        let long = key(&["a", &"x".repeat(300)]).unwrap();
        assert_eq!(long.len(), 64);
        assert_ne!(long, key(&["b", &"x".repeat(300)]).unwrap());
        assert_eq!(key(&["a\nb"]).unwrap().len(), 64);
    }

    #[test]
    fn a_hash_is_compared_whole() {
        // sha1("abc")
        let parts = [Part::bytes("ab"), Part::bytes("c")];
        let check = |signature| check_hash(Digest::Sha1, &parts, signature);
        assert_eq!(check("a9993e364706816aba3e25717850c26c9cd0d89d"), Ok(()));
        for bad in ["a9993e364706816aba3e25717850c26c9cd0d89e", "a9", ""] {
            assert_eq!(check(bad), Err(Refusal::BadSignature), "{bad}");
        }
    }
}
