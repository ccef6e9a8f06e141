//! What WeChat pushes: the check of the address, users' messages and events; and what the brand's backend tells of logins.

use guanxi_channel_kit::callback::{key, parameter, received, reply};
use guanxi_channel_kit::login::SIGNATURE;
use guanxi_channel_kit::wechat;
use guanxi_channel_kit::xml::Fields;
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::words::{Instant, Received};
use serde_json::json;

use crate::{CHANNEL, Mode, Settings, login};

/// Fields that tell one event of a second from another.
const PARTS: [&str; 4] = ["FromUserName", "CreateTime", "Event", "SessionFrom"];
/// Under which name what of subscriptions is told stands in XML; in JSON there is none.
const LISTS: [&str; 4] =
    ["List", "SubscribeMsgPopupEvent/List", "SubscribeMsgChangeEvent/List", "SubscribeMsgSentEvent/List"];

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let query = request.query.as_str();
    if request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(SIGNATURE)) {
        return login::receive(settings, request, now);
    }
    match request.method.as_str() {
        "GET" => {
            wechat::check(query, "token", "signature", None, now)?;
            Ok(Reception { reply: reply(parameter(query, "echostr")?), events: Vec::new() })
        }
        "POST" => {
            let fields = match settings.mode {
                Mode::Plain => wechat::plain_message(query, &request.body, now)?,
                Mode::Safe => wechat::message(&settings.app_id, query, &request.body, now)?,
            };
            Ok(Reception { reply: reply("success"), events: vec![event(settings, &fields)?] })
        }
        _ => Err(Refusal::Malformed("WeChat calls with GET and POST".to_owned())),
    }
}

fn event(settings: &Settings, fields: &Fields) -> Result<Received, Refusal> {
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let (from, kind, at) = (get("FromUserName"), get("MsgType"), wechat::at(fields)?);
    if from.is_empty() || kind.is_empty() {
        return Err(Refusal::Malformed("`FromUserName` and `MsgType` must be there".to_owned()));
    }
    let key = match get("MsgId") {
        "" => key(&PARTS.map(get))?,
        id => key(&[id])?,
    };
    let of = |name: &str| LISTS.iter().find_map(|list| fields.get(&format!("{list}/{name}")));
    let (name, properties) = match (kind, get("Event")) {
        ("event", "user_enter_tempsession") => ("Chat Entered", json!({ "from": get("SessionFrom") })),
        ("event", "subscribe_msg_popup_event" | "subscribe_msg_change_event") => {
            ("Subscription Changed", json!({ "template": of("TemplateId"), "status": of("SubscribeStatusString") }))
        }
        ("event", "subscribe_msg_sent_event") => {
            let state = if of("ErrorCode").is_some_and(|code| code == "0") { "delivered" } else { "failed" };
            ("guanxi.delivery", json!({ "channel-id": of("MsgID"), "state": state, "reason": of("ErrorStatus") }))
        }
        ("event", other) => ("Channel Event", json!({ "kind": other, "fields": wechat::own(fields) })),
        (kind, _) => ("Message Received", wechat::said(kind, fields)),
    };
    Ok(received(key, vec![identity(settings, from)], CHANNEL, name, at, &properties))
}

/// Whom this mini program calls `openid`: the application stands in front, for elsewhere the same person has another.
pub fn identity(settings: &Settings, openid: &str) -> String {
    format!("wechat_openid:{}/{openid}", settings.app_id)
}
