//! Messages to followers, and what WeChat's answers mean.

use guanxi_channel_kit::civil;
use guanxi_channel_kit::template::matching;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{API, Settings, template};

/// Bytes of a text; beyond it WeChat answers 45002.
const TEXT_BYTES_MAX: usize = 2_048;
/// Choices of a menu, and characters of one.
const CHOICES_MAX: usize = 10;
const CHOICE_CHARACTERS_MAX: usize = 40;
/// Seconds to wait where somebody has to mend something, and where WeChat is short of breath.
const MENDED: u32 = 300;
const BUSY: u32 = 5;
const MINUTE: u32 = 60;

/// What WeChat's codes mean; all others reject the message. From wechatpy `constants.py`, WxJava `WxMpErrorMsgEnum` and
/// `WxConsts.ACCESS_TOKEN_ERROR_CODES`, looked up 2026-11-21.
const CODES: &[(i64, Class)] = &[
    (-1, Class::Later(BUSY)),
    (-1_000, Class::Later(BUSY)),
    (40_001, Class::Refresh),
    (40_003, Class::Gone),
    (40_014, Class::Refresh),
    (40_013, Class::Later(MENDED)),
    (40_164, Class::Later(MENDED)),
    (42_001, Class::Refresh),
    (43_004, Class::Gone),
    (43_101, Class::Gone),
    (45_009, Class::Quota),
    (45_011, Class::Later(MINUTE)),
    (45_015, Class::Window),
    (45_047, Class::Window),
    (48_001, Class::Later(MENDED)),
    (48_002, Class::Gone),
    (50_002, Class::Later(MENDED)),
];

#[derive(Clone, Copy)]
enum Class {
    Refresh,
    Later(u32),
    Quota,
    Window,
    Gone,
}

/// What of a neutral content WeChat carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    #[serde(default)]
    buttons: Vec<Button>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Button {
    text: String,
    value: String,
}

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    msgid: Option<u64>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let (path, body) = match request(settings, message) {
        Ok(request) => request,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    Ok(Step::perform(Request::post(&format!("{API}/message/{path}/send?access_token={{{{session}}}}")).json(&body)?))
}

/// Which message goes out, or why none.
fn request(settings: &Settings, message: &Outbound) -> Result<(&'static str, Value), String> {
    let to = openid(settings, message.address_value())?;
    let content: Content = serde_json::from_str(&message.content)
        .map_err(|problem| format!("WeChat cannot carry this content: {problem}"))?;
    let plain = content.title.is_none() && content.image.is_none() && content.buttons.is_empty();
    if let Some((id, values)) = matching(template::MARKS, &settings.templates, &content.text).filter(|_| plain) {
        if let Some(why) = template::too_long(&values) {
            return Err(why);
        }
        let data: serde_json::Map<_, _> =
            values.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
        let mut body = json!({ "touser": to, "template_id": id, "data": data });
        if let (Some(url), Some(fields)) = (content.url, body.as_object_mut()) {
            fields.insert("url".to_owned(), Value::from(url));
        }
        return Ok(("template", body));
    }
    let (kind, part) = form(content)?;
    Ok(("custom", json!({ "touser": to, "msgtype": kind, kind: part })))
}

/// The customer-service message of a content: its kind and what WeChat calls by the same name.
fn form(content: Content) -> Result<(&'static str, Value), String> {
    let Content { text, title, url, image, buttons } = content;
    let text = match (&title, url.as_deref()) {
        (None, Some(url)) => format!("{text}\n{url}"),
        _ => text,
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("the text has {} bytes, and WeChat takes {TEXT_BYTES_MAX}", text.len()));
    }
    match (title, url, buttons.is_empty()) {
        (Some(title), Some(url), true) => {
            let article =
                json!({ "title": title, "description": text, "url": url, "picurl": image.unwrap_or_default() });
            Ok(("news", json!({ "articles": [article] })))
        }
        (None, _, true) if image.is_none() => Ok(("text", json!({ "content": text }))),
        (None, _, false) if image.is_none() => menu(&text, &buttons),
        _ => {
            Err("WeChat shows a title and an image in an article, which has a `title`, a `url` and no buttons"
                .to_owned())
        }
    }
}

fn menu(text: &str, buttons: &[Button]) -> Result<(&'static str, Value), String> {
    if buttons.len() > CHOICES_MAX || buttons.iter().any(|button| button.text.chars().count() > CHOICE_CHARACTERS_MAX) {
        return Err(format!("a menu has at most {CHOICES_MAX} buttons of {CHOICE_CHARACTERS_MAX} characters"));
    }
    let list: Vec<Value> = buttons.iter().map(|button| json!({ "id": button.value, "content": button.text })).collect();
    Ok(("msgmenu", json!({ "head_content": text, "list": list, "tail_content": "" })))
}

/// The openid of an address, which may carry the application in front.
fn openid<'a>(settings: &Settings, address: &'a str) -> Result<&'a str, String> {
    let openid = match address.split_once('/') {
        Some((app, openid)) if app == settings.app_id => openid,
        Some(_) => return Err("this openid belongs to another application".to_owned()),
        None => address,
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match (1..=128).contains(&openid.len()) && openid.bytes().all(good) {
        true => Ok(openid),
        false => Err("the address is no openid".to_owned()),
    }
}

/// What an answer means. What cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    match response.status {
        200..=299 => {}
        429 | 500..=599 => return Ok(Outcome::RetryAfter(response.retry_after())),
        status => {
            log!(warn, "WeChat answered {status}: is something between it and this host?");
            return Ok(Outcome::RetryAfter(MENDED));
        }
    }
    let answer: Answer = response.json()?;
    let told = format!("WeChat answered {}: {}", answer.errcode, answer.errmsg);
    if answer.errcode == 0 {
        return Ok(Outcome::Sent(answer.msgid.map(|id| id.to_string())));
    }
    let class = CODES.iter().find(|(code, _)| *code == answer.errcode).map(|(_, class)| *class);
    Ok(match class {
        Some(Class::Refresh) => Outcome::RefreshSession,
        Some(Class::Later(seconds)) => {
            log!(warn, "{told}");
            Outcome::RetryAfter(seconds)
        }
        // Quotas begin anew at midnight in Beijing.
        Some(Class::Quota) => Outcome::QuotaExhausted(civil::next_day(now)),
        Some(Class::Window) => Outcome::WindowClosed,
        Some(Class::Gone) => Outcome::RecipientGone(told),
        None => Outcome::Rejected(told),
    })
}
