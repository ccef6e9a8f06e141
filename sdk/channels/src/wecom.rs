//! What the parts of WeCom share, an app for members and what is for external contacts: sessions, callbacks, addresses, what codes
//! of answers mean.

use guanxi_plugin::connector::{Authorization, Incoming, Outcome, Reception, Refusal, Request, Response};
use guanxi_plugin::words::{Instant, Received};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::json;

use crate::answers::{self, Class, MENDED};
use crate::callback::{key, parameter, received, reply};
use crate::wechat::{self, of_account};
use crate::xml::Fields;

const API: &str = "https://qyapi.weixin.qq.com/cgi-bin";
/// Fields that tell one event of a second from another.
const PARTS: [&str; 7] = ["FromUserName", "CreateTime", "Event", "ChangeType", "UserID", "ExternalUserID", "EventKey"];
/// Seconds to wait where WeCom is short of breath.
const BUSY: u32 = 5;

/// What WeCom's codes mean; all others reject the message. From WxJava `WxCpErrorMsgEnum`, looked up 2026-11-21; 41051 from
/// wechatpy `external_contact.py`, 95001 to 95018 from WeCom's list of error codes, which no snapshot confirmed.
const CODES: &[(i64, Class)] = &[
    (-1, Class::Later(BUSY)),
    (40_001, Class::Refresh),
    (40_014, Class::Refresh),
    (42_001, Class::Refresh),
    (40_031, Class::Gone),
    (60_111, Class::Gone),
    (81_013, Class::Gone),
    (84_061, Class::Gone),
    // It does not say whether the minute, the hour or the day is used up.
    (45_009, Class::Hour),
    (45_033, Class::Later(BUSY)),
    (40_013, Class::Later(MENDED)),
    (40_056, Class::Later(MENDED)),
    (50_002, Class::Later(MENDED)),
    (60_020, Class::Later(MENDED)),
    (301_002, Class::Later(MENDED)),
    // Somebody was faster to welcome, or has begun to write.
    (41_051, Class::Window),
    (95_001, Class::Window),
    (95_002, Class::Window),
    (95_013, Class::Window),
    (95_018, Class::Window),
];

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    invaliduser: String,
    #[serde(default)]
    unlicenseduser: String,
    #[serde(default)]
    fail_list: Vec<String>,
    msgid: Option<String>,
}

/// The address of a function of the API.
pub fn url(path: &str) -> String {
    format!("{API}/{path}?access_token={{{{session}}}}")
}

/// How a session is got with the secret `corp-secret`.
pub fn authorize(corp_id: &str) -> Result<Authorization, Failure> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if corp_id.is_empty() || !corp_id.chars().all(good) {
        return Err(Failure::BadConfig("`corp-id` has letters, digits, _ and - only".to_owned()));
    }
    let query = format!("corpid={corp_id}&corpsecret={{{{secret:corp-secret}}}}");
    Ok(Authorization {
        request: Request::get(&format!("{API}/gettoken?{query}")),
        token_pointer: "/access_token".to_owned(),
        lifetime_pointer: Some("/expires_in".to_owned()),
        lifetime_seconds: 7_200,
    })
}

/// The member or contact of an address, which may carry the corporation in front. `|` would name several, `@all` everybody.
pub fn named<'a>(corp_id: &str, address: &'a str) -> Result<&'a str, String> {
    let userid = of_account(corp_id, address).ok_or("the address belongs to another corporation")?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte);
    let fits = (1..=64).contains(&userid.len()) && !userid.starts_with('@') && userid.bytes().all(good);
    if fits { Ok(userid) } else { Err("the address is no member and no contact".to_owned()) }
}

/// What an answer means. What cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if let Some(outcome) = answers::by_status(response, "WeCom") {
        return Ok(outcome);
    }
    let answer: Answer = response.json()?;
    if answer.errcode != 0 {
        let told = format!("WeCom answered {}: {}", answer.errcode, answer.errmsg);
        return Ok(answers::outcome(CODES, answer.errcode, told, now));
    }
    // It says that all went well although nobody was there to get it.
    Ok(match (answer.invaliduser.as_str(), answer.unlicenseduser.as_str(), answer.fail_list.first()) {
        ("", "", None) => Outcome::Sent(answer.msgid),
        ("", "", Some(who)) => Outcome::RecipientGone(format!("`{who}` can get no message of a member now")),
        ("", who, _) => Outcome::RecipientGone(format!("`{who}` has no licence for this app")),
        (who, ..) => Outcome::RecipientGone(format!("`{who}` is no member who may see this app")),
    })
}

/// Reads one call: the check of the address, or what members and external contacts wrote and did.
pub fn receive(corp_id: &str, channel: &str, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    match request.method.as_str() {
        "GET" => {
            let text = wechat::open(corp_id, &request.query, &parameter(&request.query, "echostr")?, now)?;
            Ok(Reception { reply: reply(text), events: Vec::new() })
        }
        "POST" => {
            let fields = wechat::message(corp_id, &request.query, &request.body, now)?;
            Ok(Reception { reply: reply("success"), events: event(channel, &fields)?.into_iter().collect() })
        }
        _ => Err(Refusal::Malformed("WeCom calls with GET and POST".to_owned())),
    }
}

/// A message or an event; what is about nobody is logged only.
fn event(channel: &str, fields: &Fields) -> Result<Option<Received>, Refusal> {
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let at = wechat::at(fields)?;
    let key = match get("MsgId") {
        "" => key(&PARTS.map(get))?,
        id => key(&[id])?,
    };
    let identity = match (get("ExternalUserID"), get("FromUserName")) {
        ("", "" | "sys") => {
            log!(info, "an event `{}` is about nobody", get("Event"));
            return Ok(None);
        }
        ("", member) => format!("wecom_userid:{member}"),
        (contact, _) => format!("wecom_external_id:{contact}"),
    };
    let contact = || json!({ "member": get("UserID"), "state": get("State"), "change": get("ChangeType"), "welcome-code": get("WelcomeCode") });
    let (kind, properties) = match (get("MsgType"), get("Event"), get("ChangeType")) {
        ("event", "subscribe", _) => ("Channel Followed", json!({})),
        ("event", "unsubscribe", _) => ("Channel Unfollowed", json!({})),
        ("event", "click", _) => ("Menu Clicked", json!({ "key": get("EventKey") })),
        ("event", "view" | "view_miniprogram", _) => ("Menu Clicked", json!({ "url": get("EventKey") })),
        ("event", "change_external_contact", "add_external_contact" | "add_half_external_contact") => {
            ("Channel Followed", contact())
        }
        // The contact removed the member; the other way round it is `del_external_contact`.
        ("event", "change_external_contact", "del_follow_user") => ("Channel Unfollowed", contact()),
        ("event", other, _) => ("Channel Event", json!({ "kind": other, "fields": wechat::own(fields) })),
        (kind, ..) => ("Message Received", wechat::said(kind, fields)),
    };
    let mut told = received(key, vec![identity], channel, kind, at, &properties);
    told.event.touchpoint =
        Some(get("State").to_owned()).filter(|state| kind == "Channel Followed" && !state.is_empty());
    Ok(Some(told))
}
