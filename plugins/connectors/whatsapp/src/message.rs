//! The forms that a content takes on WhatsApp.

use std::collections::BTreeMap;

use guanxi_channel_kit::content::{Button, Content};
use guanxi_channel_kit::length;
use guanxi_channel_kit::template::{self, Marks};
use serde_json::{Value, json};

/// How WhatsApp writes the place of a value.
const MARKS: Marks = Marks { open: "{{", close: "}}" };

/// Characters, from the Cloud API's reference of messages and pywa, looked up 2026-11-21: of a text; beside a picture or above
/// buttons; above a list; of a header, a button, a choice of a list, what one says; and how many of them there may be.
const TEXT_MAX: usize = 4_096;
const BODY_MAX: usize = 1_024;
const HEADER_MAX: usize = 60;
const BUTTON_MAX: usize = 20;
const ROW_MAX: usize = 24;
const VALUE_MAX: usize = 200;
const BUTTONS_MAX: usize = 3;
const ROWS_MAX: usize = 10;

/// A kind of message and what WhatsApp calls by the same name, and the message that it answers.
type Form = (&'static str, Value, Option<String>);

/// The message that says a content, or why there is none.
pub fn form(templates: &BTreeMap<String, String>, content: &str) -> Result<Form, String> {
    let cannot = |problem| format!("WhatsApp cannot carry this content: {problem}");
    let mut content: Value = serde_json::from_str(content).map_err(cannot)?;
    let reply_to = content.as_object_mut().and_then(|fields| fields.remove("reply-to"));
    let reply_to = reply_to.and_then(|id| id.as_str().map(str::to_owned));
    let content: Content = serde_json::from_value(content).map_err(cannot)?;
    let plain = content.title.is_none() && content.url.is_none() && content.buttons.iter().all(|b| b.url.is_none());
    let (kind, part) = match template::matching(MARKS, templates, &content.text).filter(|_| plain) {
        Some((id, values)) => ("template", approved(id, &values, &content)?),
        None => free(content)?,
    };
    Ok((kind, part, reply_to))
}

/// An approved template: its values in order, or by their names.
fn approved(id: &str, values: &BTreeMap<String, String>, content: &Content) -> Result<Value, String> {
    let (name, language) = id.split_once('/').ok_or_else(|| format!("write the template `{id}` as name/language"))?;
    let mut components = Vec::new();
    if let Some(image) = &content.image {
        components.push(json!({ "type": "header", "parameters": [{ "type": "image", "image": { "link": image } }] }));
    }
    let mut values: Vec<(&String, &String)> = values.iter().collect();
    values.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or_default());
    let parameter = |(name, text): &(&String, &String)| match name.parse::<u32>() {
        Ok(_) => json!({ "type": "text", "text": text }),
        Err(_) => json!({ "type": "text", "parameter_name": name, "text": text }),
    };
    if !values.is_empty() {
        let parameters: Vec<Value> = values.iter().map(parameter).collect();
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    let replies = content.buttons.iter().filter_map(|button| button.value.as_ref()).enumerate();
    components.extend(replies.map(|(index, value)| {
        let payload = [json!({ "type": "payload", "payload": value })];
        json!({ "type": "button", "sub_type": "quick_reply", "index": index.to_string(), "parameters": payload })
    }));
    Ok(json!({ "name": name, "language": { "code": language }, "components": components }))
}

/// A message that no template says.
fn free(content: Content) -> Result<(&'static str, Value), String> {
    let Content { text, title, url, image, buttons } = content;
    if !buttons.is_empty() {
        let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        return interactive(&text, title, image, &buttons);
    }
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    match image {
        Some(link) => {
            within("the caption", &text, BODY_MAX)?;
            Ok(("image", json!({ "link": link, "caption": text })))
        }
        None => {
            within("the text", &text, TEXT_MAX)?;
            let has_link = text.contains("https://") || text.contains("http://");
            Ok(("text", json!({ "body": text, "preview_url": has_link })))
        }
    }
}

/// Up to three buttons, a list of more, or one link.
fn interactive(
    text: &str,
    title: Option<String>,
    image: Option<String>,
    buttons: &[Button],
) -> Result<(&'static str, Value), String> {
    let (kind, action) = match buttons {
        [Button { text, url: Some(url), value: None }] => {
            within("a button's text", text, BUTTON_MAX)?;
            ("cta_url", json!({ "name": "cta_url", "parameters": { "display_text": text, "url": url } }))
        }
        _ if buttons.len() <= BUTTONS_MAX => ("button", json!({ "buttons": replies(buttons)? })),
        _ if image.is_some() => return Err("a list of choices has no image on WhatsApp".to_owned()),
        _ => ("list", json!({ "button": "☰", "sections": [{ "rows": rows(buttons)? }] })),
    };
    within("a text with buttons", text, if kind == "list" { TEXT_MAX } else { BODY_MAX })?;
    let mut part = json!({ "type": kind, "body": { "text": text }, "action": action });
    let header = match (title, image) {
        (Some(_), Some(_)) => return Err("a message with buttons has a title or an image on WhatsApp".to_owned()),
        (Some(title), None) => {
            within("the title", &title, HEADER_MAX)?;
            json!({ "type": "text", "text": title })
        }
        (None, Some(link)) => json!({ "type": "image", "image": { "link": link } }),
        (None, None) => return Ok(("interactive", part)),
    };
    if let Some(fields) = part.as_object_mut() {
        fields.insert("header".to_owned(), header);
    }
    Ok(("interactive", part))
}

fn replies(buttons: &[Button]) -> Result<Vec<Value>, String> {
    let reply = |button: &Button| {
        let (title, id) = choice(button, BUTTON_MAX)?;
        Ok(json!({ "type": "reply", "reply": { "id": id, "title": title } }))
    };
    buttons.iter().map(reply).collect()
}

fn rows(buttons: &[Button]) -> Result<Vec<Value>, String> {
    if buttons.len() > ROWS_MAX {
        return Err(format!("there are {} buttons, and WhatsApp takes {ROWS_MAX}", buttons.len()));
    }
    let row = |button: &Button| {
        let (title, id) = choice(button, ROW_MAX)?;
        Ok(json!({ "id": id, "title": title }))
    };
    buttons.iter().map(row).collect()
}

fn choice(Button { text, url, value }: &Button, most: usize) -> Result<(&str, &str), String> {
    within("a button's text", text, most)?;
    match (url, value) {
        (None, Some(value)) => {
            within("a button's value", value, VALUE_MAX)?;
            Ok((text, value))
        }
        (Some(_), _) => Err("WhatsApp shows a button with a `url` alone, or buttons with a `value`".to_owned()),
        (None, None) => Err(format!("the button `{text}` must have a `url` or a `value`")),
    }
}

fn within(what: &str, text: &str, most: usize) -> Result<(), String> {
    length::within("WhatsApp", what, text, most)
}
