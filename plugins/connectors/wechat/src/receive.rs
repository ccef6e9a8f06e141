//! What WeChat tells: the check of the address, followers' messages and events, in plain and in safe mode.

use guanxi_channel_kit::callback::{key, parameter, received, reply};
use guanxi_channel_kit::wechat;
use guanxi_channel_kit::xml::Fields;
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::{Mode, Settings};

/// Fields that tell one event of a second from another.
const PARTS: [&str; 5] = ["FromUserName", "CreateTime", "Event", "EventKey", "MsgID"];

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let query = request.query.as_str();
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
            Ok(Reception { reply: reply("success"), events: vec![event(&fields)?] })
        }
        _ => Err(Refusal::Malformed("WeChat calls with GET and POST".to_owned())),
    }
}

fn event(fields: &Fields) -> Result<Received, Refusal> {
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let (from, kind, at) = (get("FromUserName"), get("MsgType"), wechat::at(fields)?);
    if from.is_empty() || kind.is_empty() {
        return Err(Refusal::Malformed("`FromUserName` and `MsgType` must be there".to_owned()));
    }
    let key = match get("MsgId") {
        "" => key(&PARTS.map(get))?,
        id => key(&[id])?,
    };
    let scene = get("EventKey").trim_start_matches("qrscene_");
    let (name, properties) = match (kind, get("Event")) {
        ("event", "subscribe") => ("Channel Followed", json!({ "scene": scene, "ticket": get("Ticket") })),
        ("event", "unsubscribe") => ("Channel Unfollowed", json!({})),
        ("event", "SCAN") => ("Code Scanned", json!({ "scene": scene, "ticket": get("Ticket") })),
        ("event", "CLICK") => ("Menu Clicked", json!({ "key": get("EventKey") })),
        ("event", "VIEW" | "view_miniprogram") => {
            ("Menu Clicked", json!({ "url": get("EventKey"), "menu": get("MenuId") }))
        }
        ("event", "TEMPLATESENDJOBFINISH") => ("guanxi.delivery", delivery(get("MsgID"), get("Status"))),
        ("event", "subscribe_msg_sent_event") => {
            let of = |name: &str| get(&format!("SubscribeMsgSentEvent/List/{name}"));
            ("guanxi.delivery", delivery(of("MsgID"), of("ErrorStatus")))
        }
        ("event", "subscribe_msg_popup_event") => subscription(fields, "SubscribeMsgPopupEvent"),
        ("event", "subscribe_msg_change_event") => subscription(fields, "SubscribeMsgChangeEvent"),
        ("event", other) => ("Channel Event", json!({ "kind": other, "fields": wechat::own(fields) })),
        (kind, _) => ("Message Received", wechat::said(kind, fields)),
    };
    let mut told = received(key, vec![format!("wechat_openid:{from}")], "wechat", name, at, &properties);
    let touchpoint = matches!(name, "Channel Followed" | "Code Scanned").then(|| scene.to_owned());
    told.event.touchpoint = touchpoint.filter(|scene| !scene.is_empty());
    Ok(told)
}

/// Whether somebody wants the messages of a template; of several the first.
fn subscription(fields: &Fields, event: &str) -> (&'static str, Value) {
    let of = |name: &str| fields.get(&format!("{event}/List/{name}"));
    ("Subscription Changed", json!({ "template": of("TemplateId"), "status": of("SubscribeStatusString") }))
}

/// `success`, `failed:user block` or `failed: system failed`.
fn delivery(id: &str, status: &str) -> Value {
    match status {
        "success" => json!({ "channel-id": id, "state": "delivered" }),
        reason => json!({ "channel-id": id, "state": "failed", "reason": reason }),
    }
}
