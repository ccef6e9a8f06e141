//! Messages to members, and what Slack's answers mean.

use guanxi_channel_kit::content::{Button, Content};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

const POST: &str = "https://slack.com/api/chat.postMessage";

/// Characters, from docs.slack.dev, looked up 2026-11-21: of a text alone Slack cuts what is beyond; of a section, a
/// header, a button's text and value it refuses what is longer. And buttons in one block.
const TEXT_MAX: usize = 40_000;
const SECTION_MAX: usize = 3_000;
const HEADER_MAX: usize = 150;
const BUTTON_MAX: usize = 75;
const VALUE_MAX: usize = 2_000;
const BUTTONS_MAX: usize = 25;
/// Seconds to wait where somebody has to mend something.
const MENDED: u32 = 300;

/// What errors mean; all others reject the message. From the errors that docs.slack.dev lists for `chat.postMessage`,
/// looked up 2026-11-21.
const ERRORS: &[(&str, Class)] = &[
    ("ratelimited", Class::Later),
    ("rate_limited", Class::Later),
    ("message_limit_exceeded", Class::Later),
    ("service_unavailable", Class::Later),
    ("team_added_to_org", Class::Later),
    ("request_timeout", Class::Doubtful),
    ("internal_error", Class::Doubtful),
    ("fatal_error", Class::Doubtful),
    ("channel_not_found", Class::Gone),
    ("user_not_found", Class::Gone),
    ("user_disabled", Class::Gone),
    ("messages_tab_disabled", Class::Gone),
    ("is_archived", Class::Gone),
    ("not_in_channel", Class::Gone),
    ("cannot_dm_bot", Class::Gone),
    ("invalid_auth", Class::Mend),
    ("not_authed", Class::Mend),
    ("account_inactive", Class::Mend),
    ("token_revoked", Class::Mend),
    ("token_expired", Class::Mend),
    ("missing_scope", Class::Mend),
    ("no_permission", Class::Mend),
    ("not_allowed_token_type", Class::Mend),
    ("access_denied", Class::Mend),
    ("ekm_access_denied", Class::Mend),
    ("org_login_required", Class::Mend),
];

#[derive(Clone, Copy)]
enum Class {
    Later,
    Doubtful,
    Gone,
    Mend,
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    error: Option<String>,
    channel: Option<String>,
    ts: Option<String>,
}

pub fn begin(message: &Outbound) -> Result<Step, Failure> {
    let body = match body(message) {
        Ok(body) => body.to_string(),
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let request = Request::post(POST)
        .header("authorization", "Bearer {{secret:bot-token}}")
        .header("content-type", "application/json; charset=utf-8");
    Ok(Step::perform(request.body(body)))
}

/// The message, or why there is none.
fn body(message: &Outbound) -> Result<Value, String> {
    let to = message.address_value();
    let is_member = to.starts_with(['U', 'W']) && to.len() <= 32 && to.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_member {
        return Err("the address is no id of a Slack member".to_owned());
    }
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("Slack cannot carry this content: {problem}"))?;
    let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let text = escaped(&text);
    if title.is_none() && image.is_none() && buttons.is_empty() {
        within("the text", &text, TEXT_MAX)?;
        return Ok(json!({ "channel": to, "text": text }));
    }
    within("a text with a title, an image or buttons", &text, SECTION_MAX)?;
    let mut blocks = Vec::new();
    if let Some(title) = title {
        within("the title", &title, HEADER_MAX)?;
        blocks.push(json!({ "type": "header", "text": { "type": "plain_text", "text": title } }));
    }
    blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
    if let Some(image) = image {
        blocks.push(json!({ "type": "image", "image_url": image, "alt_text": "" }));
    }
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": elements(&buttons)? }));
    }
    // The text stands in notifications.
    Ok(json!({ "channel": to, "text": text, "blocks": blocks }))
}

fn elements(buttons: &[Button]) -> Result<Vec<Value>, String> {
    if buttons.len() > BUTTONS_MAX {
        return Err(format!("there are {} buttons, and Slack takes {BUTTONS_MAX}", buttons.len()));
    }
    let element = |(index, Button { text, url, value }): (usize, &Button)| {
        within("a button's text", text, BUTTON_MAX)?;
        let label = json!({ "type": "plain_text", "text": text });
        let id = format!("button-{index}");
        match (url, value) {
            (Some(url), None) => Ok(json!({ "type": "button", "action_id": id, "text": label, "url": url })),
            (None, Some(value)) => {
                within("a button's value", value, VALUE_MAX)?;
                Ok(json!({ "type": "button", "action_id": id, "text": label, "value": value }))
            }
            _ => Err(format!("the button `{text}` must have a `url` or a `value`")),
        }
    };
    buttons.iter().enumerate().map(element).collect()
}

/// So that nobody's name calls a whole channel: `<!channel>`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn within(what: &str, text: &str, most: usize) -> Result<(), String> {
    match text.chars().count() {
        characters if characters > most => Err(format!("{what} has {characters} characters, and Slack takes {most}")),
        _ => Ok(()),
    }
}

/// What an answer means; Slack says 200 to most errors. A good one that cannot be read, or one of Slack's own mishaps, may
/// hide that the message arrived.
pub fn outcome(response: &Response) -> Result<Outcome, Failure> {
    match response.status {
        200..=299 => {}
        429 | 500..=599 => return Ok(Outcome::RetryAfter(response.retry_after())),
        status => {
            log!(warn, "an answer {status} that is not the API's: is something between it and this host?");
            return Ok(Outcome::RetryAfter(MENDED));
        }
    }
    let answer: Answer = response.json()?;
    let error = match (answer.ok, answer.error, answer.channel, answer.ts) {
        (true, _, Some(channel), Some(ts)) => return Ok(Outcome::Sent(Some(format!("{channel}/{ts}")))),
        (false, Some(error), ..) => error,
        _ => return Err(Failure::BadInput("Slack says neither what it posted nor what is wrong".to_owned())),
    };
    let told = format!("Slack answered {error}");
    match ERRORS.iter().find(|(known, _)| *known == error).map(|(_, class)| *class) {
        Some(Class::Later) => Ok(Outcome::RetryAfter(response.retry_after())),
        Some(Class::Doubtful) => Err(Failure::Other(format!("{told}: some of it may have happened"))),
        Some(Class::Gone) => Ok(Outcome::RecipientGone(told)),
        Some(Class::Mend) => {
            log!(warn, "{told}: install the app again, or set its token");
            Ok(Outcome::RetryAfter(MENDED))
        }
        None => Ok(Outcome::Rejected(told)),
    }
}
