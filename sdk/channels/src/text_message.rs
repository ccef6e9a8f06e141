//! Text messages as clouds in China send them: to a number, and with a text that an approved template says.

use std::collections::BTreeMap;

use guanxi_plugin::connector::Outbound;
use serde::Deserialize;

use crate::template::{self, Marks};

/// Characters of a message with its signature and brackets; more than 70 are charged as several.
const CHARACTERS_MAX: usize = 500;

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage<'t> {
    /// The number, with its country code and without `+`.
    pub digits: &'t str,
    /// Which template says the text,
    pub template: &'t str,
    /// with these values.
    pub values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
}

/// What of `templates` (texts by id) says the message, or why it cannot be sent.
pub fn read<'t>(
    marks: Marks,
    templates: &'t BTreeMap<String, String>,
    sign_name: &str,
    message: &'t Outbound,
) -> Result<TextMessage<'t>, String> {
    let digits = message.address_value().strip_prefix('+').unwrap_or_default();
    if !(5..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the address is no phone number with + and country code".to_owned());
    }
    let content: Content = serde_json::from_str(&message.content)
        .map_err(|problem| format!("a text message cannot carry this content: {problem}"))?;
    let characters = content.text.chars().count() + sign_name.chars().count() + 2;
    if characters > CHARACTERS_MAX {
        return Err(format!("the text and its signature have {characters} characters, of at most {CHARACTERS_MAX}"));
    }
    let Some((template, values)) = template::matching(marks, templates, &content.text) else {
        return Err("no approved template says this: a text message needs one".to_owned());
    };
    Ok(TextMessage { digits, template, values })
}
