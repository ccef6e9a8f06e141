//! Bounds of the JSON that senders hand in, so that what is accepted can be stored and walked: no U+0000 (PostgreSQL
//! keeps none), no nesting beyond [`DEPTH_MAX`].

use serde::de::{Deserialize, IgnoredAny};
use serde_json::Value;

use super::BadEvent;
use crate::JsonMap;

/// The most levels of objects and lists inside each other.
pub const DEPTH_MAX: usize = 32;
/// The most characters of a key that are repeated in a problem.
const KEY_SHOWN_MAX: usize = 64;

/// Checks a whole object of properties or traits; the problem names the place below `at`.
pub fn check(at: &str, map: &JsonMap) -> Result<(), BadEvent> {
    check_map(map, DEPTH_MAX).map_err(|bad| bad.within(at))
}

fn check_map(map: &JsonMap, depth: usize) -> Result<(), BadEvent> {
    let depth = deeper(depth)?;
    for (key, value) in map {
        if key.contains('\0') {
            return Err(BadEvent::new("", "a key contains U+0000, which cannot be stored; remove it"));
        }
        if let Err(bad) = check_value(value, depth) {
            let shown: String = key.chars().take(KEY_SHOWN_MAX).collect();
            return Err(bad.within(&shown));
        }
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize) -> Result<(), BadEvent> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(BadEvent::new("", "contains U+0000, which cannot be stored; remove it"))
        }
        Value::Array(items) => {
            let depth = deeper(depth)?;
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| check_value(item, depth).map_err(|bad| bad.within(&format!("[{index}]"))))
        }
        Value::Object(map) => check_map(map, depth),
        _ => Ok(()),
    }
}

fn deeper(depth: usize) -> Result<usize, BadEvent> {
    depth
        .checked_sub(1)
        .ok_or_else(|| BadEvent::new("", format!("is nested more than {DEPTH_MAX} levels deep; flatten it")))
}

/// The text of a request body of at most `bytes_max` bytes.
pub(super) fn text(body: &[u8], bytes_max: usize) -> Result<&str, BadEvent> {
    if body.len() > bytes_max {
        return Err(too_large("body", body.len(), bytes_max));
    }
    std::str::from_utf8(body)
        .map_err(|error| BadEvent::new("body", format!("is not UTF-8 from byte {} on", error.valid_up_to())))
}

/// That something has too many bytes.
pub(super) fn too_large(at: &str, bytes: usize, bytes_max: usize) -> BadEvent {
    BadEvent::new(at, format!("has {bytes} bytes; at most {bytes_max} are taken"))
}

/// Reads one JSON object; the problem says the line and column.
pub(super) fn object<'de, T: Deserialize<'de>>(at: &str, text: &'de str) -> Result<T, BadEvent> {
    // serde would also fill a structure from a list, in the order of its fields.
    starting_with('{', "is not a JSON object", at, text)
}

/// Reads one JSON list.
pub(super) fn list<'de, T: Deserialize<'de>>(at: &str, text: &'de str) -> Result<T, BadEvent> {
    starting_with('[', "is not a JSON list", at, text)
}

fn starting_with<'de, T: Deserialize<'de>>(
    first: char,
    otherwise: &str,
    at: &str,
    text: &'de str,
) -> Result<T, BadEvent> {
    let unreadable = |error: serde_json::Error| BadEvent::new(at, format!("cannot be read as JSON: {error}"));
    if text.trim_ascii_start().starts_with(first) {
        return serde_json::from_str(text).map_err(unreadable);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(unreadable)?;
    Err(BadEvent::new(at, otherwise))
}

/// A field that holds an object; absent and `null` are an empty one.
pub(super) fn map(at: &str, value: Option<Value>) -> Result<JsonMap, BadEvent> {
    match value {
        None | Some(Value::Null) => Ok(JsonMap::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(other) => Err(BadEvent::new(at, format!("is {}, but has to be an object", name_of(&other)))),
    }
}

/// What kind of JSON a value is, for problems.
pub(super) fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A short text that names something, if it has 1 to `bytes_max` bytes and no control characters.
pub(super) fn label(text: &str, bytes_max: usize) -> Option<String> {
    let text = text.trim();
    let good = (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_stored_is_refused_with_its_place() {
        let nested = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!([inner]));
        for (value, expected) in [
            (json!({"a": {"b": ["x", "y\u{0}"]}}), Some("p.a.b[1]")),
            (json!({"a": {"k\u{0}": 1}}), Some("p.a")),
            (json!({"a": "\\u0000", "b": "\u{1}", "c": [null, 1e300, "\u{10ffff}"]}), None),
            (json!({"a": nested(DEPTH_MAX)}), None),
            (json!({"a": nested(DEPTH_MAX + 1)}), Some(&*format!("p.a{}", "[0]".repeat(DEPTH_MAX - 1)))),
        ] {
            let found = check("p", value.as_object().unwrap()).err().map(|bad| bad.at);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }
}
