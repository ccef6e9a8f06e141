//! From what a guest answered to words of the domain. Guests lie and err: every text has a bound, every JSON document
//! is parsed, every number must be one. What is wrong with one item becomes the failure of that item alone.

use guanxi_domain::JsonMap;
use guanxi_domain::campaign::{Failure, Value};
use guanxi_domain::limits::{GUEST_ENTRIES_MAX, GUEST_JSON_BYTES_MAX, GUEST_TEXT_BYTES_MAX};
use guanxi_domain::person::Tag;

use crate::bindings::guanxi::plugin::types;

pub(crate) fn bad(problem: impl Into<String>) -> Failure {
    Failure::BadAnswer(problem.into())
}

/// A name, a reason or another short text; `what` names it in the failure. Databases cannot keep U+0000.
pub(crate) fn text(what: &str, text: String) -> Result<String, Failure> {
    match text.len() {
        _ if text.contains('\0') => Err(bad(format!("{what} contains U+0000"))),
        0..=GUEST_TEXT_BYTES_MAX => Ok(text),
        length => Err(bad(format!("{what} has {length} bytes, more than {GUEST_TEXT_BYTES_MAX}"))),
    }
}

pub(crate) fn optional_text(what: &str, optional: Option<String>) -> Result<Option<String>, Failure> {
    optional.map(|some| text(what, some)).transpose()
}

pub(crate) fn texts(what: &str, list: Vec<String>) -> Result<Vec<String>, Failure> {
    entries(what, list)?.into_iter().map(|entry| text(what, entry)).collect()
}

/// A list within its bound.
pub(crate) fn entries<T>(what: &str, list: Vec<T>) -> Result<Vec<T>, Failure> {
    match list.len() {
        0..=GUEST_ENTRIES_MAX => Ok(list),
        length => Err(bad(format!("{what} has {length} entries, more than {GUEST_ENTRIES_MAX}"))),
    }
}

/// Any JSON document.
pub(crate) fn json<T: serde::de::DeserializeOwned>(what: &str, document: &str) -> Result<T, Failure> {
    if document.len() > GUEST_JSON_BYTES_MAX {
        return Err(bad(format!("{what} has {} bytes, more than {GUEST_JSON_BYTES_MAX}", document.len())));
    }
    serde_json::from_str(document).map_err(|e| bad(format!("{what} is not the JSON it must be: {e}")))
}

/// One JSON object.
pub(crate) fn object(what: &str, document: &str) -> Result<JsonMap, Failure> {
    json(what, document)
}

pub(crate) fn number(what: &str, number: f64) -> Result<f64, Failure> {
    if number.is_finite() { Ok(number) } else { Err(bad(format!("{what} is not a finite number"))) }
}

pub(crate) fn tag(tag: types::TagResult) -> Result<Tag, Failure> {
    if !(0.0..=1.0).contains(&tag.weight) {
        return Err(bad(format!("the weight of tag `{:.64}` is not from 0 to 1", tag.name)));
    }
    Ok(Tag {
        dimension: text("a tag's dimension", tag.dimension)?,
        name: text("a tag's name", tag.name)?,
        weight: tag.weight,
    })
}

pub(crate) fn value(value: types::ValueResult) -> Result<Value, Failure> {
    Ok(match value {
        types::ValueResult::Text(content) => Value::Text(text("a field's text", content)?),
        types::ValueResult::Number(measure) => Value::Number(number("a field's number", measure)?),
        types::ValueResult::Integer(count) => Value::Integer(count),
        types::ValueResult::Flag(flag) => Value::Flag(flag),
        types::ValueResult::Time(time) => Value::Time(time),
        types::ValueResult::Texts(list) => Value::Texts(texts("a field's texts", list)?),
    })
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        match failure {
            types::Failure::BadConfig(why) => Self::BadConfig(cut(why)),
            types::Failure::BadInput(why) => Self::BadInput(cut(why)),
            types::Failure::Other(why) => Self::Other(cut(why)),
        }
    }
}

/// A failure is the end of an item anyway, so a long reason is cut and not refused.
pub(crate) fn cut(mut why: String) -> String {
    why.truncate(why.floor_char_boundary(GUEST_TEXT_BYTES_MAX));
    why.retain(|c| c != '\0');
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept() {
        assert_eq!(text("a name", "x".repeat(4_097)), Err(bad("a name has 4097 bytes, more than 4096")));
        assert_eq!(text("a timer's key", "a\0b".into()), Err(bad("a timer's key contains U+0000")));
        assert_eq!(entries("operations", vec![(); 129]), Err(bad("operations has 129 entries, more than 128")));
        assert!(object("variables", "[]").is_err() && object("variables", "{").is_err());
        assert!(json::<serde_json::Value>("payload", &"[".repeat(20_000)).is_err());
        assert!(number("mood", f64::NAN).is_err());
        assert!(tag(types::TagResult { dimension: "d".into(), name: "n".into(), weight: 1.5 }).is_err());
        assert_eq!(Failure::from(types::Failure::Other("客".repeat(2_000))), Failure::Other("客".repeat(1_365)));
    }
}
