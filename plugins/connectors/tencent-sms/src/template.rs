//! From a text back to the template that made it: campaigns write what people read, and the channel wants the values.

use std::collections::BTreeMap;

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

/// The values with which a template, in which `{name}` stands for one, says `text`.
fn values(template: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    let Some((first, mut rest)) = template.split_once("{") else {
        return (template == text).then_some(values);
    };
    let mut text = text.strip_prefix(first)?;
    loop {
        let (name, after) = rest.split_once('}')?;
        let (literal, more) = after.split_once("{").map_or((after, None), |(literal, more)| (literal, Some(more)));
        let (value, left) = match more {
            // Nothing says where one value ends and the next begins.
            Some(_) if literal.is_empty() => return None,
            Some(_) => text.split_once(literal)?,
            None => (text.strip_suffix(literal)?, ""),
        };
        let same = values.insert(name.trim().to_owned(), value.to_owned()).is_none_or(|earlier| earlier == value);
        if value.is_empty() || !same {
            return None;
        }
        match more {
            Some(more) => (text, rest) = (left, more),
            None => return Some(values),
        }
    }
}
