//! Messages to members, and what WeCom's answers mean.

use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::{HOUR, Instant};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{API, Settings};

/// Bytes of a text and characters of a card's parts; WeCom cuts what is beyond. From its documentation of app messages.
const TEXT_BYTES_MAX: usize = 2_048;
const TITLE_MAX: usize = 128;
const DESCRIPTION_MAX: usize = 512;
/// Seconds to wait where WeCom is short of breath, and where somebody has to mend something.
const BUSY: u32 = 5;
const MENDED: u32 = 300;

/// What WeCom's codes mean; all others reject the message. From WxJava `WxCpErrorMsgEnum`, looked up 2026-11-21.
const CODES: &[(i64, Class)] = &[
    (-1, Class::Later(BUSY)),
    (40_001, Class::Refresh),
    (40_014, Class::Refresh),
    (42_001, Class::Refresh),
    (40_031, Class::Gone),
    (60_111, Class::Gone),
    (81_013, Class::Gone),
    (84_061, Class::Gone),
    (45_009, Class::Quota),
    (45_033, Class::Later(BUSY)),
    (40_013, Class::Later(MENDED)),
    (40_056, Class::Later(MENDED)),
    (50_002, Class::Later(MENDED)),
    (60_020, Class::Later(MENDED)),
    (301_002, Class::Later(MENDED)),
];

#[derive(Clone, Copy)]
enum Class {
    Refresh,
    Later(u32),
    Quota,
    Gone,
}

/// What of a neutral content WeCom carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    invaliduser: String,
    #[serde(default)]
    unlicenseduser: String,
    msgid: Option<String>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let body = match body(settings, message) {
        Ok(body) => body,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    Ok(Step::perform(Request::post(&format!("{API}/message/send?access_token={{{{session}}}}")).json(&body)?))
}

/// The message, or why there is none.
fn body(settings: &Settings, message: &Outbound) -> Result<Value, String> {
    let to = userid(settings, message.address_value())?;
    let content: Content = serde_json::from_str(&message.content)
        .map_err(|problem| format!("WeCom cannot carry this content: {problem}"))?;
    let (kind, part) = form(content)?;
    Ok(json!({ "touser": to, "agentid": settings.agent_id, "msgtype": kind, kind: part, "safe": 0 }))
}

/// The message of a content: its kind and what WeCom calls by the same name.
fn form(content: Content) -> Result<(&'static str, Value), String> {
    let Content { text, title, url, image } = content;
    let (Some(title), Some(url)) = (&title, &url) else {
        if title.is_some() || image.is_some() {
            return Err("WeCom shows a title and an image in an article, which has a `title` and a `url`".to_owned());
        }
        let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
        return match text.len() {
            bytes if bytes > TEXT_BYTES_MAX => {
                Err(format!("the text has {bytes} bytes, and WeCom takes {TEXT_BYTES_MAX}"))
            }
            _ => Ok(("text", json!({ "content": text }))),
        };
    };
    for (what, part, most) in [("title", title, TITLE_MAX), ("text", &text, DESCRIPTION_MAX)] {
        let characters = part.chars().count();
        if characters > most {
            return Err(format!("the {what} of an article has {characters} characters, and WeCom takes {most}"));
        }
    }
    Ok(match image {
        Some(image) => {
            let article = json!({ "title": title, "description": text, "url": url, "picurl": image });
            ("news", json!({ "articles": [article] }))
        }
        None => ("textcard", json!({ "title": title, "description": text, "url": url })),
    })
}

/// The member of an address, which may carry the corporation in front. `|` would name several, `@all` everybody.
fn userid<'a>(settings: &Settings, address: &'a str) -> Result<&'a str, String> {
    let userid = match address.split_once('/') {
        Some((corp, userid)) if corp == settings.corp_id => userid,
        Some(_) => return Err("this member belongs to another corporation".to_owned()),
        None => address,
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte);
    let fits = (1..=64).contains(&userid.len()) && !userid.starts_with('@') && userid.bytes().all(good);
    if fits { Ok(userid) } else { Err("the address is no member".to_owned()) }
}

/// What an answer means. What cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    match response.status {
        200..=299 => {}
        429 | 500..=599 => return Ok(Outcome::RetryAfter(response.retry_after())),
        status => {
            log!(warn, "WeCom answered {status}: is something between it and this host?");
            return Ok(Outcome::RetryAfter(MENDED));
        }
    }
    let answer: Answer = response.json()?;
    let told = format!("WeCom answered {}: {}", answer.errcode, answer.errmsg);
    if answer.errcode == 0 {
        // It says that all went well although nobody was there to get it.
        return Ok(match (answer.invaliduser.as_str(), answer.unlicenseduser.as_str()) {
            ("", "") => Outcome::Sent(answer.msgid),
            ("", who) => Outcome::RecipientGone(format!("`{who}` has no licence for this app")),
            (who, _) => Outcome::RecipientGone(format!("`{who}` is no member who may see this app")),
        });
    }
    Ok(match CODES.iter().find(|(code, _)| *code == answer.errcode).map(|(_, class)| *class) {
        Some(Class::Refresh) => Outcome::RefreshSession,
        Some(Class::Later(seconds)) => {
            log!(warn, "{told}");
            Outcome::RetryAfter(seconds)
        }
        // It does not say whether the minute, the hour or the day is used up.
        Some(Class::Quota) => Outcome::QuotaExhausted(now + HOUR),
        Some(Class::Gone) => Outcome::RecipientGone(told),
        None => Outcome::Rejected(told),
    })
}
