//! Messages to people, and what Telegram's answers mean.

use guanxi_channel_kit::content::{Button, Content};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

const API: &str = "https://api.telegram.org/bot{{secret:bot-token}}";

/// Characters, counted as Telegram does in UTF-16. From python-telegram-bot `constants.py` MessageLimit, looked up
/// 2026-11-21.
const TEXT_MAX: usize = 4_096;
const CAPTION_MAX: usize = 1_024;
/// Buttons of a message, and bytes of what one says to the bot (`constants.py` InlineKeyboardMarkupLimit and
/// InlineKeyboardButtonLimit).
const BUTTONS_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 64;
/// Seconds to wait where somebody has to mend something.
const MENDED: u32 = 300;

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    result: Option<Sent>,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Deserialize)]
struct Sent {
    message_id: i64,
    chat: Chat,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
}

#[derive(Deserialize, Default)]
struct Parameters {
    retry_after: Option<u32>,
    migrate_to_chat_id: Option<i64>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let (method, body) = match request(settings, message) {
        Ok(request) => request,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    Ok(Step::perform(Request::post(&format!("{API}/{method}")).json(&body)?))
}

/// The method and its parameters, or why there are none.
fn request(settings: &Settings, message: &Outbound) -> Result<(&'static str, Value), String> {
    let address = message.address_value();
    let is_id = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit());
    let chat: i64 = address.parse().ok().filter(|_| is_id).ok_or("the address is no id of a Telegram user")?;
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("Telegram cannot carry this content: {problem}"))?;
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    let (most, what) = if image.is_some() { (CAPTION_MAX, "caption") } else { (TEXT_MAX, "text") };
    let characters = text.encode_utf16().count();
    if characters > most {
        return Err(format!("the {what} has {characters} characters, and Telegram takes {most}"));
    }
    let mut body = json!({ "chat_id": chat, "disable_notification": settings.silent });
    let method = match &image {
        Some(photo) => {
            set(&mut body, "photo", json!(photo));
            set(&mut body, "caption", json!(text));
            "sendPhoto"
        }
        None => {
            set(&mut body, "text", json!(text));
            "sendMessage"
        }
    };
    if !buttons.is_empty() {
        set(&mut body, "reply_markup", keyboard(&buttons)?);
    }
    Ok((method, body))
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// One button a row.
fn keyboard(buttons: &[Button]) -> Result<Value, String> {
    if buttons.len() > BUTTONS_MAX {
        return Err(format!("there are {} buttons, and Telegram takes {BUTTONS_MAX}", buttons.len()));
    }
    let rows = buttons.iter().map(|Button { text, url, value }| match (url, value) {
        (Some(url), None) => Ok(json!([{ "text": text, "url": url }])),
        (None, Some(value)) if (1..=VALUE_BYTES_MAX).contains(&value.len()) => {
            Ok(json!([{ "text": text, "callback_data": value }]))
        }
        (None, Some(_)) => Err(format!("the `value` of the button `{text}` must have 1 to {VALUE_BYTES_MAX} bytes")),
        _ => Err(format!("the button `{text}` must have a `url` or a `value`")),
    });
    Ok(json!({ "inline_keyboard": rows.collect::<Result<Vec<_>, _>>()? }))
}

/// What an answer means. A good one that cannot be read may hide that the message arrived; an error that cannot be read is
/// not Telegram's.
pub fn outcome(response: &Response) -> Result<Outcome, Failure> {
    let answer = match response.json::<Answer>() {
        Ok(answer) => answer,
        Err(problem) if response.is_success() => return Err(problem),
        Err(_) => return Ok(unreadable(response)),
    };
    match (answer.ok, &answer.result) {
        (true, Some(sent)) if response.is_success() => {
            Ok(Outcome::Sent(Some(format!("{}/{}", sent.chat.id, sent.message_id))))
        }
        (false, _) => Ok(refused(response, answer)),
        _ => Err(Failure::BadInput("Telegram says that it went well, but not what".to_owned())),
    }
}

fn unreadable(response: &Response) -> Outcome {
    match response.status {
        429 | 500..=599 => Outcome::RetryAfter(response.retry_after()),
        status => {
            log!(warn, "an answer {status} that is not Telegram's: is something between it and this host?");
            Outcome::RetryAfter(MENDED)
        }
    }
}

fn refused(response: &Response, answer: Answer) -> Outcome {
    let Answer { error_code, description, parameters, .. } = answer;
    let code = error_code.unwrap_or(response.status);
    let nobody = ["chat not found", "user is deactivated", "PEER_ID_INVALID", "user not found"];
    match code {
        429 | 500..=599 => Outcome::RetryAfter(parameters.retry_after.unwrap_or_else(|| response.retry_after())),
        // It says both where the token is wrong.
        401 | 404 => {
            log!(warn, "Telegram does not know the bot: set its token again ({code} {description})");
            Outcome::RetryAfter(MENDED)
        }
        403 => Outcome::RecipientGone(description),
        400 if nobody.iter().any(|words| description.contains(words)) => Outcome::RecipientGone(description),
        400 if parameters.migrate_to_chat_id.is_some() => {
            Outcome::RecipientGone("the group has become a supergroup with another id".to_owned())
        }
        _ => Outcome::Rejected(format!("Telegram answered {code}: {description}")),
    }
}
