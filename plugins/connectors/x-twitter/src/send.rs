//! Direct messages, and what X's answers mean.

use guanxi_channel_kit::answers::{self, MENDED};
use guanxi_channel_kit::content::Content;
use guanxi_channel_kit::length::within;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::{DAY, Instant, SECOND};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::json;

use crate::{Settings, sign};

const API: &str = "https://api.x.com/2/dm_conversations/with";
/// Characters of a direct message, from developer.x.com, looked up 2026-11-28.
const TEXT_MAX: usize = 10_000;
/// Headers that say how many requests are left and when there are more, in seconds since the epoch.
const LIMITS: [(&str, &str); 3] = [
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
    ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
];
/// What X says where somebody takes no messages of this account, in lower case.
const CLOSED: [&str; 4] = ["participant", "not following you", "cannot send messages to", "permission to dm"];

#[derive(Deserialize)]
struct Accepted {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    dm_event_id: String,
}

#[derive(Deserialize, Default)]
struct Refused {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let to = message.address_value();
    if !(1..=19).contains(&to.len()) || !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Step::Done(Outcome::Rejected("the address is no id of a user on X".to_owned())));
    }
    let text = match text(&message.content) {
        Ok(text) => text,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let url = format!("{API}/{to}/messages");
    let authorization = match (settings.consumer_key.as_str(), settings.token.as_str()) {
        ("", "") => "Bearer {{secret:access-token}}".to_owned(),
        ("", _) | (_, "") => {
            return Err(Failure::BadConfig("set both `consumer-key` and `token`, or neither".to_owned()));
        }
        _ => sign::authorization(settings, &url, message)?,
    };
    let request = Request::post(&url).header("authorization", &authorization);
    Ok(Step::perform(request.json(&json!({ "text": text }))?))
}

/// The text, or why there is none.
fn text(content: &str) -> Result<String, String> {
    let Content { text, title, url, image, buttons } =
        serde_json::from_str(content).map_err(|problem| format!("X cannot carry this content: {problem}"))?;
    if image.is_some() || !buttons.is_empty() {
        return Err("a direct message of the API has no buttons, and no image by its address".to_owned());
    }
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    within("X", "the text", &text, TEXT_MAX)?;
    Ok(text)
}

/// What an answer means. A good one that cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if response.is_success() {
        let Accepted { data } = response.json()?;
        return Ok(Outcome::Sent(Some(data.dm_event_id)));
    }
    if response.status == 429 {
        return Ok(limited(response, now));
    }
    let Refused { title, detail } = response.json().unwrap_or_default();
    let told = format!("X answered {}: {title} {detail}", response.status);
    let told = told.trim_end().to_owned();
    match response.status {
        403 if CLOSED.iter().any(|words| detail.to_lowercase().contains(words)) => Ok(Outcome::RecipientGone(told)),
        404 if !detail.is_empty() => Ok(Outcome::RecipientGone(told)),
        400 if !title.is_empty() => Ok(Outcome::Rejected(told)),
        500..=599 => Ok(Outcome::RetryAfter(response.retry_after())),
        _ => {
            log!(warn, "{told}; is the token right, and may the app send direct messages?");
            Ok(answers::by_status(response, "X").unwrap_or(Outcome::RetryAfter(MENDED)))
        }
    }
}

/// When X takes more: the latest of the limits that are used up, else what `Retry-After` says.
fn limited(response: &Response, now: Instant) -> Outcome {
    let number = |name| response.header(name).and_then(|value| value.trim().parse::<i64>().ok());
    let used_up = LIMITS.iter().filter(|(left, _)| number(left).is_none_or(|left| left <= 0));
    let until = used_up.filter_map(|(_, reset)| number(reset)).max();
    let asked = now + Instant::from(response.retry_after()) * SECOND;
    match until.map(|seconds| seconds.saturating_mul(SECOND)).filter(|until| *until > now) {
        Some(until) if response.header("retry-after").is_none() => Outcome::QuotaExhausted(until.min(now + DAY)),
        Some(until) => Outcome::QuotaExhausted(until.clamp(asked, asked.max(now + DAY))),
        None => Outcome::RetryAfter(response.retry_after()),
    }
}
