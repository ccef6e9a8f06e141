//! Messages by the Send API, which Messenger and Instagram have in common.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Step};
use serde_json::{Value, json};

use crate::content::{Button, Content};
use crate::length;

/// Characters, from the Send API's reference, looked up 2026-11-28: of a text that has buttons below, of what stands beside a
/// picture, of the text on a button and of what it says; and how many buttons a card and a message have.
const BUTTON_TEXT_MAX: usize = 640;
const CARD_TEXT_MAX: usize = 80;
const LABEL_MAX: usize = 20;
const PAYLOAD_MAX: usize = 1_000;
const CARD_BUTTONS_MAX: usize = 3;
const QUICK_REPLIES_MAX: usize = 13;

/// One of the platforms.
pub struct Platform<'a> {
    /// For people.
    pub name: &'a str,
    /// Which host serves it.
    pub host: &'a str,
    /// The most characters of a text.
    pub text_max: usize,
}

/// Sends a message through version `version` of the API, outside the window with the `tag` that Meta allows for it.
pub fn begin(platform: Platform, version: &str, tag: Option<&str>, message: &Outbound) -> Result<Step, Failure> {
    let Platform { name, host, text_max } = platform;
    if !version.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 'v') {
        return Err(Failure::BadConfig("`api-version` is such as v26.0".to_owned()));
    }
    let body = serde_json::from_str(&message.content)
        .map_err(|problem| format!("{name} cannot carry this content: {problem}"))
        .and_then(|content| body(message.address_value(), content, text_max, tag));
    let body = match body {
        Ok(body) => body,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let url = format!("https://{host}/{version}/me/messages");
    Ok(Step::perform(Request::post(&url).header("authorization", "Bearer {{secret:access-token}}").json(&body)?))
}

/// What is sent to a person, outside the window with the `tag` that Meta allows for it; or why nothing is.
fn body(to: &str, content: Content, text_max: usize, tag: Option<&str>) -> Result<Value, String> {
    let is_id = (1..=20).contains(&to.len()) && to.bytes().all(|byte| byte.is_ascii_digit());
    if !is_id {
        return Err("the address is no id that Meta gives to a person".to_owned());
    }
    let message = message(content, text_max)?;
    let recipient = json!({ "id": to });
    Ok(match tag {
        None => json!({ "recipient": recipient, "messaging_type": "RESPONSE", "message": message }),
        Some(tag) => {
            json!({ "recipient": recipient, "messaging_type": "MESSAGE_TAG", "tag": tag, "message": message })
        }
    })
}

fn message(content: Content, text_max: usize) -> Result<Value, String> {
    let Content { text, title, url, image, buttons } = content;
    if let Some(image) = image {
        return card(&text, title, url, &image, &buttons);
    }
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    if buttons.iter().any(|button| button.url.is_some()) {
        within("a text with buttons that lead somewhere", &text, BUTTON_TEXT_MAX)?;
        let payload = json!({ "template_type": "button", "text": text, "buttons": card_buttons(&buttons)? });
        return Ok(json!({ "attachment": { "type": "template", "payload": payload } }));
    }
    within("the text", &text, text_max)?;
    match buttons.is_empty() {
        true => Ok(json!({ "text": text })),
        false => Ok(json!({ "text": text, "quick_replies": quick_replies(&buttons)? })),
    }
}

/// A picture with what stands below it, in one message.
fn card(
    text: &str,
    title: Option<String>,
    url: Option<String>,
    image: &str,
    buttons: &[Button],
) -> Result<Value, String> {
    within("a text beside an image", text, CARD_TEXT_MAX)?;
    let mut element = match &title {
        Some(title) => {
            within("a title beside an image", title, CARD_TEXT_MAX)?;
            json!({ "title": title, "subtitle": text, "image_url": image })
        }
        None => json!({ "title": text, "image_url": image }),
    };
    let mut set =
        |name: &str, value: Value| element.as_object_mut().map(|fields| fields.insert(name.to_owned(), value));
    if let Some(url) = url {
        set("default_action", json!({ "type": "web_url", "url": url }));
    }
    if !buttons.is_empty() {
        set("buttons", Value::from(card_buttons(buttons)?));
    }
    Ok(
        json!({ "attachment": { "type": "template", "payload": { "template_type": "generic", "elements": [element] } } }),
    )
}

fn card_buttons(buttons: &[Button]) -> Result<Vec<Value>, String> {
    if buttons.len() > CARD_BUTTONS_MAX {
        return Err(format!("there are {} buttons, and Meta takes {CARD_BUTTONS_MAX} of this kind", buttons.len()));
    }
    let button = |Button { text, url, value }: &Button| {
        within("a button's text", text, LABEL_MAX)?;
        match (url, value) {
            (Some(url), None) => Ok(json!({ "type": "web_url", "title": text, "url": url })),
            (None, Some(value)) => {
                within("a button's value", value, PAYLOAD_MAX)?;
                Ok(json!({ "type": "postback", "title": text, "payload": value }))
            }
            _ => Err(format!("the button `{text}` must have a `url` or a `value`")),
        }
    };
    buttons.iter().map(button).collect()
}

fn quick_replies(buttons: &[Button]) -> Result<Vec<Value>, String> {
    if buttons.len() > QUICK_REPLIES_MAX {
        return Err(format!("there are {} buttons, and Meta takes {QUICK_REPLIES_MAX}", buttons.len()));
    }
    let reply = |Button { text, value, .. }: &Button| {
        within("a button's text", text, LABEL_MAX)?;
        let value = value.as_ref().ok_or_else(|| format!("the button `{text}` must have a `url` or a `value`"))?;
        within("a button's value", value, PAYLOAD_MAX)?;
        Ok(json!({ "content_type": "text", "title": text, "payload": value }))
    };
    buttons.iter().map(reply).collect()
}

fn within(what: &str, text: &str, most: usize) -> Result<(), String> {
    length::within("Meta", what, text, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(content: Value) -> Result<Value, String> {
        let content = serde_json::from_value(content).unwrap();
        body("24015", content, 2_000, None).map(|body| body["message"].clone())
    }

    #[test]
    fn ch_2_contents_take_the_form_that_carries_them() {
        let check = |content: Value, expected: Value| assert_eq!(made(content), Ok(expected));
        check(
            json!({"text": "Hi", "title": "T", "url": "https://a.example"}),
            json!({"text": "T\n\nHi\n\nhttps://a.example"}),
        );
        let quick = json!([{"content_type": "text", "title": "Yes", "payload": "y"}]);
        check(
            json!({"text": "Hi", "buttons": [{"text": "Yes", "value": "y"}]}),
            json!({"text": "Hi", "quick_replies": quick}),
        );
        let link = json!([{"type": "web_url", "title": "Go", "url": "https://a.example"}, {"type": "postback", "title": "Yes", "payload": "y"}]);
        let buttons = json!([{"text": "Go", "url": "https://a.example"}, {"text": "Yes", "value": "y"}]);
        let payload = json!({"template_type": "button", "text": "Hi", "buttons": link});
        check(
            json!({"text": "Hi", "buttons": buttons}),
            json!({"attachment": {"type": "template", "payload": payload}}),
        );
        let element = json!({"title": "T", "subtitle": "Hi", "image_url": "https://a.example/i", "buttons": link,
            "default_action": {"type": "web_url", "url": "https://a.example"}});
        check(
            json!({"text": "Hi", "title": "T", "url": "https://a.example", "image": "https://a.example/i", "buttons": buttons}),
            json!({"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [element]}}}),
        );
    }

    #[test]
    fn ch_2_what_does_not_fit_is_told() {
        let check = |content: Value, words: &str| {
            let why = made(content).unwrap_err();
            assert!(why.contains(words), "{why}");
        };
        check(json!({"text": "x".repeat(2_001)}), "2001 characters");
        check(json!({"text": "x".repeat(81), "image": "https://a.example"}), "beside an image has 81");
        check(json!({"text": "x", "buttons": [{"text": "x".repeat(21), "value": "v"}]}), "21 characters");
        check(json!({"text": "x", "buttons": [{"text": "b"}]}), "`url` or a `value`");
        let four = vec![json!({"text": "b", "url": "https://a.example"}); 4];
        check(json!({"text": "x", "buttons": four}), "4 buttons");
        let content = |text: &str| serde_json::from_value(json!({"text": text})).unwrap();
        assert!(body("24x", content("x"), 9, None).unwrap_err().contains("no id"));
        let tagged = body("24015", content("x"), 9, Some("HUMAN_AGENT")).unwrap();
        assert_eq!((&tagged["messaging_type"], &tagged["tag"]), (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT")));
    }
}
