//! Messages to people and in groups, and what QQ's answers mean.

use guanxi_channel_kit::answers::{self, Class, MENDED};
use guanxi_channel_kit::memory;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Settings;

const API: &str = "https://api.sgroup.qq.com/v2";
/// Kinds of messages and of files: `msg_type` and `file_type` of the API.
const TEXT: u8 = 0;
const MARKDOWN: u8 = 2;
const MEDIA: u8 = 7;
const IMAGE: u8 = 1;
/// The repetition of a message that was taken before.
const REPEATED: i64 = 40_054_005;

/// What QQ's codes mean; all others reject the message. 11298 and 22009 from the list of codes in tencent-connect/bot-docs, the
/// others as reported of the live service in tencent-connect/openclaw-qqbot issue 52 and AstrBotDevs/AstrBot issue 6931, looked
/// up 2026-11-28.
const CODES: &[(i64, Class)] =
    &[(11_298, Class::Later(MENDED)), (22_009, Class::Hour), (40_034_024, Class::Window), (40_034_102, Class::Window)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    /// The message to which this one replies,
    reply_to: Option<String>,
    /// or the event.
    event_id: Option<String>,
}

/// What remains to be sent once a picture is there.
#[derive(Serialize, Deserialize)]
struct Left {
    url: String,
    body: Value,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
}

#[derive(Deserialize)]
struct File {
    file_info: String,
}

#[derive(Deserialize)]
struct Refused {
    code: i64,
    #[serde(default)]
    message: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let place = match place(settings, message.address_value()) {
        Ok(place) => place,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let Content { text, title, url, image, reply_to, event_id } = match serde_json::from_str(&message.content) {
        Ok(content) => content,
        Err(problem) => return Ok(Step::Done(Outcome::Rejected(format!("QQ cannot carry this content: {problem}")))),
    };
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let mut body = match (&image, settings.markdown) {
        (None, true) => json!({ "msg_type": MARKDOWN, "markdown": { "content": text } }),
        (None, false) => json!({ "msg_type": TEXT, "content": text }),
        (Some(_), _) => json!({ "msg_type": MEDIA, "content": text }),
    };
    let more = [
        ("msg_seq", Some(json!(sequence(&message.id)))),
        ("msg_id", reply_to.map(Value::from)),
        ("event_id", event_id.map(Value::from)),
    ];
    if let Some(fields) = body.as_object_mut() {
        fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    let url = format!("{API}/{place}/messages");
    let Some(image) = image else { return Ok(Step::perform(post(&url).json(&body)?)) };
    let file = json!({ "file_type": IMAGE, "url": image, "srv_send_msg": false });
    let left = memory::write(&Left { url, body })?;
    Ok(Step::perform_then(post(&format!("{API}/{place}/files")).json(&file)?, left))
}

pub fn resume(left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
    if !response.is_success() {
        return Ok(Step::Done(refused(response, now)));
    }
    if left.is_empty() {
        return Ok(Step::sent(Some(response.json::<Sent>()?.id)));
    }
    let File { file_info } = response.json()?;
    let Left { url, mut body } = memory::read(left)?;
    if let Some(fields) = body.as_object_mut() {
        fields.insert("media".to_owned(), json!({ "file_info": file_info }));
    }
    Ok(Step::perform(post(&url).json(&body)?))
}

fn post(url: &str) -> Request {
    Request::post(url).header("authorization", "QQBot {{session}}")
}

/// Where a message goes: to a person, or into the group that stands in front of its member.
fn place(settings: &Settings, address: &str) -> Result<String, String> {
    let (group, openid) = match address.split_once('/') {
        Some((app, openid)) if app == settings.app_id => (None, openid),
        Some((group, member)) => (Some(group), member),
        None => (None, address),
    };
    let good = |id: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        (1..=64).contains(&id.len()) && id.bytes().all(fits)
    };
    match group {
        Some(group) if good(group) && good(openid) => Ok(format!("groups/{group}")),
        None if good(openid) => Ok(format!("users/{openid}")),
        _ => Err("the address is no openid of QQ".to_owned()),
    }
}

/// Follows from the message's id alone, so that QQ takes one reply only once.
fn sequence(id: &str) -> u32 {
    // FNV-1a
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % 1_000_000_000 + 1
}

fn refused(response: &Response, now: Instant) -> Outcome {
    match (response.status, response.json::<Refused>()) {
        (401, _) => Outcome::RefreshSession,
        (_, Ok(Refused { code: REPEATED, .. })) => Outcome::Sent(None),
        (400..=428 | 430..=499, Ok(Refused { code, message })) => {
            answers::outcome(CODES, code, format!("QQ answered {code}: {message}"), now)
        }
        _ => answers::by_status(response, "QQ").unwrap_or(Outcome::RetryAfter(MENDED)),
    }
}
