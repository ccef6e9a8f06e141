//! What a message says, the same for every channel: a small JSON object with texts, in which `{{name}}` stands for a
//! variable. `docs/contents.md` describes its members.

mod check;
mod fit;
mod links;
mod media;
mod reading;

use serde_json::Value;

use crate::JsonMap;

pub use check::{BadMember, DOCUMENT_BYTES_MAX, check, is_name};
pub use fit::{fit, is_layered, language_of};
pub use links::{LINKS_MAX, link, rewrite};
pub use media::with_media;
pub use reading::plain;

/// The member by which connectors that show HTML learn the address of an invisible image.
pub const PIXEL: &str = "pixel";
/// The most bytes of a content once its variables are filled in.
pub const BYTES_MAX: usize = 16 * 1024;
const DEPTH_MAX: u32 = 8;

/// A content that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// No `text`.
    #[error("the content has no `text`")]
    NoText,
    /// Too large.
    #[error("the content has more than {BYTES_MAX} bytes")]
    TooLarge,
    /// Too deep.
    #[error("the content is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// It names media that are not kept, or the host does not know where it is reached.
    #[error("the tenant keeps no media called `{0}`, or the host does not know its own address (public_url)")]
    NoMedia(String),
}

/// Fills variables into every text of a content. An unknown variable becomes nothing, so that nobody reads `{{name}}`.
pub fn render(content: &JsonMap, variables: &JsonMap) -> Result<JsonMap, BadContent> {
    if content.get("text").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err(BadContent::NoText);
    }
    let mut left = BYTES_MAX;
    let mut rendered = JsonMap::new();
    for (key, value) in content {
        rendered.insert(key.clone(), fill(value, variables, DEPTH_MAX, &mut left)?);
    }
    Ok(rendered)
}

fn fill(value: &Value, variables: &JsonMap, depth: u32, left: &mut usize) -> Result<Value, BadContent> {
    let depth = depth.checked_sub(1).ok_or(BadContent::TooDeep)?;
    let filled = match value {
        Value::String(text) => Value::String(fill_text(text, variables, *left)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, variables, depth, left)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let mut object = JsonMap::new();
            for (key, item) in fields {
                object.insert(key.clone(), fill(item, variables, depth, left)?);
            }
            Value::Object(object)
        }
        other => other.clone(),
    };
    let size = filled.as_str().map_or(8, str::len);
    *left = left.checked_sub(size).ok_or(BadContent::TooLarge)?;
    Ok(filled)
}

fn fill_text(text: &str, variables: &JsonMap, max: usize) -> Result<String, BadContent> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        out.push_str(before);
        match variables.get(name.trim()) {
            Some(Value::String(value)) => out.push_str(value),
            Some(Value::Null) | None => {}
            Some(value) => out.push_str(&value.to_string()),
        }
        rest = after;
        if out.len() > max {
            return Err(BadContent::TooLarge);
        }
    }
    out.push_str(rest);
    if out.len() > max { Err(BadContent::TooLarge) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(content: Value, variables: Value, expected: Result<Value, BadContent>) {
        let rendered = render(content.as_object().unwrap(), variables.as_object().unwrap());
        assert_eq!(rendered.map(Value::Object), expected);
    }

    #[test]
    fn variables_are_filled_in_once_and_unknown_ones_vanish() {
        check(
            json!({"text": "您好 {{ name }}{{x}}, {{n}} {{open", "cards": [{"title": "{{name}}"}]}),
            json!({"name": "{{n}}阿达", "n": 3}),
            Ok(json!({"text": "您好 {{n}}阿达, 3 {{open", "cards": [{"title": "{{n}}阿达"}]})),
        );
        check(json!({"title": "x"}), json!({}), Err(BadContent::NoText));
        check(json!({"text": "{{a}}{{a}}"}), json!({"a": "x".repeat(9_000)}), Err(BadContent::TooLarge));
    }
}
