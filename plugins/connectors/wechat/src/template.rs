//! From a text back to the template that made it: campaigns write what people read, and WeChat wants the values.

use std::collections::BTreeMap;

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

/// The template that says `text`, with its values; the one with the longest text of its own if there are several.
pub fn matching<'t>(
    templates: &'t BTreeMap<String, String>,
    text: &str,
) -> Option<(&'t str, BTreeMap<String, String>)> {
    let found = templates.iter().filter_map(|(id, template)| {
        let values = values(template, text)?;
        let taken: usize = values.values().map(String::len).sum();
        Some((taken, id.as_str(), values))
    });
    found.min_by_key(|(taken, ..)| *taken).map(|(_, id, values)| (id, values))
}

/// The first value that is longer than WeChat takes, in words.
pub fn too_long(values: &BTreeMap<String, String>) -> Option<String> {
    values.iter().find_map(|(name, value)| {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let (_, most) = VALUE_CHARACTERS_MAX.iter().find(|(known, _)| *known == kind)?;
        let characters = value.chars().count();
        (characters > *most).then(|| format!("`{name}` has {characters} characters, and WeChat takes {most}"))
    })
}

/// The values with which a template, in which `{{name.DATA}}` stands for one, says `text`.
fn values(template: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let (first, mut rest) = template.split_once("{{")?;
    let mut text = text.strip_prefix(first)?;
    let mut values = BTreeMap::new();
    loop {
        let (name, after) = rest.split_once("}}")?;
        let name = name.trim().strip_suffix(".DATA")?;
        let (literal, more) = after.split_once("{{").map_or((after, None), |(literal, more)| (literal, Some(more)));
        let (value, left) = match more {
            // Nothing says where one value ends and the next begins.
            Some(_) if literal.is_empty() => return None,
            Some(_) => text.split_once(literal)?,
            None => (text.strip_suffix(literal)?, ""),
        };
        let same = values.insert(name.to_owned(), value.to_owned()).is_none_or(|earlier| earlier == value);
        if value.is_empty() || !same {
            return None;
        }
        match more {
            Some(more) => (text, rest) = (left, more),
            None => return Some(values),
        }
    }
}
