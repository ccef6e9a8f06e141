//! What WeChat's templates take, for template and subscribe messages alike.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::template::{self, Marks};

/// How WeChat writes the place of a value.
pub const MARKS: Marks = Marks { open: "{{", close: ".DATA}}" };

/// The most characters of a value, by the beginning of its name. From WeChat's documentation of subscribe messages, whose
/// kinds of values templates share since 2023; looked up 2026-11-21.
const VALUE_CHARACTERS_MAX: &[(&str, usize)] = &[
    ("thing", 20),
    ("number", 32),
    ("letter", 32),
    ("symbol", 5),
    ("character_string", 32),
    ("phone_number", 17),
    ("car_number", 8),
    ("phrase", 5),
];

/// A template's id, and its values as WeChat wants them.
pub type Said<'t> = (&'t str, Map<String, Value>);

/// The template that says `text`, or why its values cannot be sent; nothing if no template says it.
pub fn matching<'t>(templates: &'t BTreeMap<String, String>, text: &str) -> Result<Option<Said<'t>>, String> {
    let Some((id, values)) = template::matching(MARKS, templates, text) else { return Ok(None) };
    if let Some(why) = too_long(&values) {
        return Err(why);
    }
    let data = values.into_iter().map(|(name, value)| (name, json!({ "value": value })));
    Ok(Some((id, data.collect())))
}

/// The first value that is longer than WeChat takes, in words.
fn too_long(values: &BTreeMap<String, String>) -> Option<String> {
    values.iter().find_map(|(name, value)| {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let (_, most) = VALUE_CHARACTERS_MAX.iter().find(|(known, _)| *known == kind)?;
        let characters = value.chars().count();
        (characters > *most).then(|| format!("`{name}` has {characters} characters, and WeChat takes {most}"))
    })
}
