//! Messages to friends, and what LINE's answers mean.

use guanxi_channel_kit::content::{Button, Content};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{DAY, HOUR, Instant};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

const PUSH: &str = "https://api.line.me/v2/bot/message/push";

/// Characters as LINE counts them, in UTF-16, from the Messaging API reference, looked up 2026-11-21: a text; a text with
/// buttons (a quick reply); the label of a button; what a button sends; buttons.
const TEXT_MAX: usize = 5_000;
const LABEL_MAX: usize = 20;
const VALUE_MAX: usize = 300;
const BUTTONS_MAX: usize = 13;
const URL_MAX: usize = 2_000;
/// Seconds to wait where somebody has to mend something.
const MENDED: u32 = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    sent_messages: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

pub fn begin(message: &Outbound) -> Result<Step, Failure> {
    let body = match body(message) {
        Ok(body) => body,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let request = Request::post(PUSH)
        .header("authorization", "Bearer {{secret:channel-access-token}}")
        .header("x-line-retry-key", &retry_key(&message.id)?);
    Ok(Step::perform(request.json(&body)?))
}

/// A UUID (version 8) that follows from the message's id alone, so that LINE knows every attempt for the same.
fn retry_key(id: &str) -> Result<String, Problem> {
    let hash = secrets::hash(Digest::Sha256, &[Part::bytes("guanxi message "), Part::bytes(id)])?;
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, length: usize| hex.get(from..from + length).unwrap_or_default();
    Ok(format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 4), part(13, 3), part(17, 3), part(20, 12)))
}

/// The messages, or why there are none.
fn body(message: &Outbound) -> Result<Value, String> {
    let to = message.address_value();
    let is_user = to.len() == 33 && to.starts_with('U') && to.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit());
    if !is_user {
        return Err("the address is no id of a LINE user".to_owned());
    }
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("LINE cannot carry this content: {problem}"))?;
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    within("the text", &text, TEXT_MAX)?;
    let mut messages = Vec::new();
    if let Some(image) = image {
        within("the address of the image", &image, URL_MAX)?;
        if !image.starts_with("https://") {
            return Err("LINE fetches images over https only".to_owned());
        }
        messages.push(json!({ "type": "image", "originalContentUrl": image, "previewImageUrl": image }));
    }
    match buttons.is_empty() {
        true => messages.push(json!({ "type": "text", "text": text })),
        false => messages.push(json!({ "type": "text", "text": text, "quickReply": { "items": items(&buttons)? } })),
    }
    Ok(json!({ "to": to, "messages": messages }))
}

fn items(buttons: &[Button]) -> Result<Vec<Value>, String> {
    if buttons.len() > BUTTONS_MAX {
        return Err(format!("there are {} buttons, and LINE takes {BUTTONS_MAX}", buttons.len()));
    }
    let item = |Button { text, url, value }: &Button| {
        within("a button's text", text, LABEL_MAX)?;
        let action = match (url, value) {
            (Some(url), None) => {
                within("a button's url", url, URL_MAX)?;
                json!({ "type": "uri", "label": text, "uri": url })
            }
            (None, Some(value)) => {
                within("a button's value", value, VALUE_MAX)?;
                json!({ "type": "postback", "label": text, "data": value, "displayText": text })
            }
            _ => return Err(format!("the button `{text}` must have a `url` or a `value`")),
        };
        Ok(json!({ "type": "action", "action": action }))
    };
    buttons.iter().map(item).collect()
}

fn within(what: &str, text: &str, most: usize) -> Result<(), String> {
    match text.encode_utf16().count() {
        characters if characters > most => Err(format!("{what} has {characters} characters, and LINE takes {most}")),
        _ => Ok(()),
    }
}

/// What an answer means. With the retry key a message may be asked for again whatever became of it.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    let id = |accepted: Accepted| accepted.sent_messages.into_iter().next_back().map(|sent| sent.id);
    let told = || response.json::<Refused>().map_or_else(|_| String::new(), |refused| refused.message);
    match response.status {
        200..=299 => Ok(Outcome::Sent(id(response.json()?))),
        // An earlier attempt was accepted; whatever else the answer says, this is the same message.
        409 => Ok(Outcome::Sent(response.json().ok().and_then(id))),
        429 if told().contains("monthly limit") => Ok(Outcome::QuotaExhausted(tomorrow(now))),
        429 | 500..=599 => Ok(Outcome::RetryAfter(response.retry_after())),
        400 => {
            let told = told();
            match told.contains("property, 'to'") || told.contains("Failed to send messages") {
                true => Ok(Outcome::RecipientGone(told)),
                false => Ok(Outcome::Rejected(format!("LINE answered 400: {told}"))),
            }
        }
        413 | 415 => Ok(Outcome::Rejected(format!("LINE answered {}: {}", response.status, told()))),
        status => {
            log!(warn, "LINE answered {status}: {}; is the channel access token right?", told());
            Ok(Outcome::RetryAfter(MENDED))
        }
    }
}

/// The next midnight in Japan: the month may have begun, or the plan may have been changed.
fn tomorrow(now: Instant) -> Instant {
    ((now + 9 * HOUR).div_euclid(DAY) + 1) * DAY - 9 * HOUR
}
