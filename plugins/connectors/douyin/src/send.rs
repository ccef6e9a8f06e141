//! Replies, and what Douyin's answers mean.

use guanxi_channel_kit::answers::{self, Class, MENDED};
use guanxi_channel_kit::several::{self, Header};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Response, Step};
use guanxi_plugin::words::Instant;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{API, Settings};

const HEADERS: &[Header<'_>] = &[("access-token", "{{session}}")];
const BUSY: u32 = 30;

/// What Douyin's codes mean; all others reject the message. From the platform's list of codes as public adapters quote it, looked
/// up 2026-11-28.
const CODES: &[(i64, Class)] = &[
    (2_100_004, Class::Later(BUSY)),
    (28_001_005, Class::Later(BUSY)),
    (28_001_006, Class::Later(BUSY)),
    (2_190_002, Class::Refresh),
    (2_190_008, Class::Refresh),
    (28_001_003, Class::Refresh),
    (28_001_008, Class::Refresh),
    (2_190_001, Class::Day),
    (28_003_017, Class::Day),
    (2_190_003, Class::Later(MENDED)),
    (2_190_004, Class::Later(MENDED)),
    (28_001_014, Class::Later(MENDED)),
    (28_001_016, Class::Later(MENDED)),
    (28_001_018, Class::Later(MENDED)),
    (28_001_019, Class::Later(MENDED)),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    url: Option<String>,
    /// What was uploaded to Douyin before.
    media: Option<Media>,
    /// The message to which this one replies, or the event of somebody who opened the chat,
    reply_to: Option<String>,
    /// and in which conversation.
    conversation: Option<String>,
    /// To what it is an answer.
    #[serde(default = "reply")]
    scene: String,
}

fn reply() -> String {
    "im_reply_msg".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    kind: Kind,
    media_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Image,
    Video,
    Card,
}

/// A code stands in one of three places, the message's id in one of two.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Data,
    #[serde(default)]
    extra: Data,
    err_no: Option<i64>,
    #[serde(default)]
    err_msg: String,
    msg_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Data {
    error_code: Option<i64>,
    #[serde(default)]
    description: String,
    msg_id: Option<String>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    match bodies(message) {
        Ok(bodies) => {
            let url = format!("{API}/im/send/msg/?open_id={}", settings.open_id);
            several::start(HEADERS, bodies.into_iter().map(|body| (url.clone(), body)).collect())
        }
        Err(why) => Ok(Step::Done(Outcome::Rejected(why))),
    }
}

pub fn resume(left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
    several::go_on(HEADERS, left, outcome(response, now)?)
}

/// The messages, or why there are none.
fn bodies(message: &Outbound) -> Result<Vec<Value>, String> {
    let to = message.address_value();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=128).contains(&to.len()) || !to.bytes().all(good) {
        return Err("the address is no open_id of Douyin".to_owned());
    }
    let Content { text, url, media, reply_to, conversation, scene } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("Douyin cannot carry this content: {problem}"))?;
    let (Some(reply_to), Some(conversation)) = (reply_to, conversation) else {
        return Err("Douyin takes answers only: `reply_to` and `conversation` of an event have to be there".to_owned());
    };
    let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let media = media.map(|Media { kind, media_id }| match kind {
        Kind::Image => json!({ "msg_type": 2, "image": { "media_id": media_id } }),
        Kind::Video => json!({ "msg_type": 3, "video": { "item_id": media_id } }),
        Kind::Card => json!({ "msg_type": 8, "retain_consult_card": { "card_id": media_id } }),
    });
    let said = json!({ "msg_type": 1, "text": { "text": text } });
    let wrap = |content: Value| json!({ "msg_id": reply_to, "conversation_id": conversation, "to_user_id": to, "scene": scene, "content": content });
    Ok(media.into_iter().chain([said]).map(wrap).collect())
}

/// What an answer means; errors come with the status 200, too. What cannot be read may hide that the message arrived.
fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if let Some(outcome) = answers::by_status(response, "Douyin") {
        return Ok(outcome);
    }
    let Answer { data, extra, err_no, err_msg, msg_id } = response.json()?;
    let codes = [data.error_code, err_no, extra.error_code];
    let words = [&data.description, &err_msg, &extra.description].into_iter().find(|words| !words.is_empty());
    match codes.iter().flatten().find(|code| **code != 0) {
        Some(code) => {
            let told = format!("Douyin answered {code}: {}", words.map_or("", String::as_str));
            Ok(answers::outcome(CODES, *code, told, now))
        }
        None if codes.iter().any(Option::is_some) => Ok(Outcome::Sent(msg_id.or(data.msg_id))),
        None => Err(Failure::BadInput("Douyin says neither that it went well nor what is wrong".to_owned())),
    }
}
