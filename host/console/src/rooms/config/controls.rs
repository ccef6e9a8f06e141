//! What a single setting is written with.

use jiff::civil::Date;
use serde_json::Value;

use super::line::Control;
use super::read::Kind;
use super::tree::{is_unusual, type_of};

/// Texts that are longer get several lines.
const SHORT: usize = 60;
/// Texts that may be longer do, too.
const LINE: u64 = 255;

/// What a field shows of a value, if it reads back as that value.
pub fn exact(kind: Kind, value: Option<&Value>, shown: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let Some(value) = value else { return Some(String::new()) };
    let text = shown(value)?;
    (kind.value(&text) == Ok(Some(value.clone())) && !text.contains('\r')).then_some(text)
}

/// A number or a text as it is typed.
pub fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// How a list of simple things is written, one a line.
pub fn line_kind(schema: &Value, kept: bool) -> Option<Kind> {
    let items = schema.get("items")?;
    if is_unusual(items) {
        return None;
    }
    Some(match (type_of(items)?, kept) {
        ("string", false) => Kind::Lines,
        ("string", true) => Kind::KeptLines,
        ("integer", false) => Kind::Wholes,
        ("integer", true) => Kind::KeptWholes,
        ("number", false) => Kind::Numbers,
        ("number", true) => Kind::KeptNumbers,
        _ => return None,
    })
}

/// Lengths are hints: HTML counts an emoji as two, so that what a schema just allows must not be kept from being typed. Patterns
/// are left to the check while typing: HTML reads them otherwise than JSON Schema.
pub fn text_control(schema: &Value, text: String, long: bool, default: Option<&str>) -> Control {
    let length = |word: &str| schema.get(word).and_then(Value::as_u64);
    let mut attributes = Vec::new();
    attributes.extend(length("minLength").map(|length| ("minlength", length.to_string())));
    attributes.extend(length("maxLength").map(|length| ("maxlength", length.saturating_mul(2).to_string())));
    let is_long = |text: &str| text.contains('\n') || text.chars().count() > SHORT;
    let roomy = length("maxLength").is_some_and(|length| length > LINE) || schema.get("contentMediaType").is_some();
    let format = schema.get("format").and_then(Value::as_str);
    if is_long(&text) || (format.is_none() && (long || roomy || default.is_some_and(is_long))) {
        return Control::Area { text, code: false, attributes };
    }
    // Browsers trim addresses and drop what is no day.
    let trimmed = text.trim() == text;
    let kind = match format {
        Some("uri" | "url") if trimmed => "url",
        Some("email") if trimmed => "email",
        Some("date") if text.is_empty() || is_day(&text) => "date",
        _ => "text",
    };
    Control::Input { kind, text, attributes }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok_and(|day| day.year() > 0)
}

/// Limits are hints as well.
pub fn number_control(schema: &Value, text: String, word: &str) -> Control {
    let limit = |word: &str| schema.get(word).filter(|limit| limit.is_number()).map(Value::to_string);
    let mut attributes = Vec::new();
    attributes.extend(limit("minimum").or_else(|| limit("exclusiveMinimum")).map(|limit| ("min", limit)));
    attributes.extend(limit("maximum").or_else(|| limit("exclusiveMaximum")).map(|limit| ("max", limit)));
    let step = limit("multipleOf").unwrap_or_else(|| if word == "integer" { "1" } else { "any" }.to_owned());
    attributes.push(("step", step));
    // Browsers drop what is no number.
    let kind = if text.is_empty() || text.parse::<f64>().is_ok_and(f64::is_finite) { "number" } else { "text" };
    Control::Input { kind, text, attributes }
}
