//! Mail to people, and what SendGrid's answers mean.

use guanxi_channel_kit::answers::MENDED;
use guanxi_channel_kit::content::{Button, Content};
use guanxi_channel_kit::length::within;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::{Instant, SECOND};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

const SEND: &str = "https://api.sendgrid.com/v3/mail/send";
/// Characters of a subject: more than fits a line of a message (RFC 5322).
const SUBJECT_MAX: usize = 900;

#[derive(Deserialize, Default)]
struct Refused {
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
    field: Option<String>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let body = match body(settings, message) {
        Ok(body) => body,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    Ok(Step::perform(Request::post(SEND).header("authorization", "Bearer {{secret:api-key}}").json(&body)?))
}

/// The mail, or why there is none.
fn body(settings: &Settings, message: &Outbound) -> Result<Value, String> {
    let to = message.address_value();
    let strange = |c: char| c.is_whitespace() || c.is_control() || "<>\",;\\".contains(c);
    if !to.contains('@') || to.len() > 254 || to.contains(strange) {
        return Err("the address is no email address".to_owned());
    }
    let content: Content = serde_json::from_str(&message.content)
        .map_err(|problem| format!("SendGrid cannot carry this content: {problem}"))?;
    let subject = content.title.as_deref().unwrap_or(&settings.subject);
    within("SendGrid", "the title", subject, SUBJECT_MAX)?;
    if subject.contains(char::is_control) {
        return Err("a subject has one line".to_owned());
    }
    let mut from = json!({ "email": settings.from });
    set(&mut from, "name", Value::from(settings.from_name.as_str()), !settings.from_name.is_empty());
    let parts =
        json!([{ "type": "text/plain", "value": plain(&content)? }, { "type": "text/html", "value": html(&content) }]);
    let mut body = json!({
        "personalizations": [{ "to": [{ "email": to }], "custom_args": { "message": message.id } }],
        "from": from, "subject": subject, "content": parts,
    });
    set(&mut body, "headers", headers(settings, &message.id), !settings.unsubscribe.is_empty());
    Ok(body)
}

fn set(object: &mut Value, name: &str, value: Value, wanted: bool) {
    if let (true, Some(fields)) = (wanted, object.as_object_mut()) {
        fields.insert(name.to_owned(), value);
    }
}

/// By which mail programs unsubscribe, with one click where the address allows it.
fn headers(settings: &Settings, id: &str) -> Value {
    let address = settings.unsubscribe.replace("{message}", id);
    let mut headers = json!({ "List-Unsubscribe": format!("<{address}>") });
    set(&mut headers, "List-Unsubscribe-Post", json!("List-Unsubscribe=One-Click"), address.starts_with("https://"));
    headers
}

fn plain(content: &Content) -> Result<String, String> {
    let mut parts = vec![content.text.clone()];
    parts.extend(content.url.clone());
    for button in &content.buttons {
        parts.push(format!("{}: {}", button.text, link(button)?));
    }
    Ok(parts.join("\n\n"))
}

/// The same for programs that show it.
fn html(content: &Content) -> String {
    let Content { text, url, image, buttons, .. } = content;
    let mut html =
        image.iter().map(|image| format!("<p><img src=\"{}\" alt=\"\"></p>", escaped(image))).collect::<String>();
    html.push_str(&format!("<p style=\"white-space:pre-wrap\">{}</p>", escaped(text)));
    let links = url.iter().map(|url| (url, url)).chain(buttons.iter().filter_map(|b| Some((b.url.as_ref()?, &b.text))));
    html.extend(links.map(|(url, text)| format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(text))));
    html
}

fn link(Button { text, url, .. }: &Button) -> Result<&str, String> {
    url.as_deref().ok_or_else(|| format!("a button of a mail leads somewhere: `{text}` must have a `url`"))
}

fn escaped(text: &str) -> String {
    let marks = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
    marks.iter().fold(text.to_owned(), |text, (mark, entity)| text.replace(*mark, entity))
}

/// What an answer means; a good one has no body.
pub fn outcome(response: &Response, now: Instant) -> Outcome {
    if response.is_success() {
        return Outcome::Sent(response.header("x-message-id").map(str::to_owned));
    }
    if matches!(response.status, 429 | 500..=599) {
        let reset = response.header("x-ratelimit-reset").and_then(|value| value.trim().parse::<Instant>().ok());
        let wait = reset.map(|seconds| seconds - now / SECOND).and_then(|wait| u32::try_from(wait).ok());
        let asked = response.header("retry-after").map(|_| response.retry_after());
        return Outcome::RetryAfter(asked.max(wait.map(|wait| wait.clamp(1, 3_600))).unwrap_or(response.retry_after()));
    }
    let Refused { errors } = response.json().unwrap_or_default();
    let told: Vec<&str> = errors.iter().map(|problem| problem.message.as_str()).collect();
    let told = format!("SendGrid answered {}: {}", response.status, told.join("; "));
    let ours = |problem: &Problem| problem.field.as_deref().is_some_and(|field| field.starts_with("from"));
    match response.status {
        400 | 413 if !errors.is_empty() && !errors.iter().any(ours) => Outcome::Rejected(told),
        413 => Outcome::Rejected(told),
        _ => {
            log!(warn, "{told}; is the key right, and the sender verified?");
            Outcome::RetryAfter(MENDED)
        }
    }
}
