//! What Weibo pushes: the check of the address, followers' messages and events.

use guanxi_channel_kit::callback::{id, json as read, kept, key, parameter, received, reply, text};
use guanxi_channel_kit::{civil, wechat};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::CHANNEL;

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    wechat::check(&request.query, "app-secret", "signature", None, now)?;
    match request.method.as_str() {
        "GET" => Ok(Reception { reply: reply(parameter(&request.query, "echostr")?), events: Vec::new() }),
        // An empty body says that it was taken and nothing is answered at once.
        "POST" => Ok(Reception { reply: reply(""), events: vec![event(&read(&request.body)?)?] }),
        _ => Err(Refusal::Malformed("Weibo calls with GET and POST".to_owned())),
    }
}

fn event(told: &Value) -> Result<Received, Refusal> {
    let missing = |name: &str| Refusal::Malformed(format!("`{name}` is missing"));
    let (sender, created, kind) = (id(told, "/sender_id"), text(told, "/created_at"), text(told, "/type"));
    let at = civil::ctime_in_beijing(created).ok_or_else(|| missing("created_at"))?;
    if sender.is_empty() || kind.is_empty() {
        return Err(missing("sender_id, type"));
    }
    let (subtype, said) = (text(told, "/data/subtype"), text(told, "/text"));
    let (about, ticket) = (id(told, "/data/key"), text(told, "/data/ticket"));
    let fields = || kept(told.get("data").cloned().unwrap_or_default());
    let (name, properties) = match (kind, subtype) {
        ("event", "follow" | "subscribe") => ("Channel Followed", json!({ "subtype": subtype })),
        ("event", "unfollow" | "unsubscribe") => ("Channel Unfollowed", json!({ "subtype": subtype })),
        ("event", "scan_follow") => ("Channel Followed", json!({ "scene": about, "ticket": ticket })),
        ("event", "scan") => ("Code Scanned", json!({ "scene": about, "ticket": ticket })),
        ("event", "click") => ("Menu Clicked", json!({ "key": about })),
        ("event", "view") => ("Menu Clicked", json!({ "url": about })),
        ("mention", _) | ("event", "mention") => {
            ("Mention", json!({ "text": said, "message-id": about, "kind": subtype, "fields": fields() }))
        }
        ("event", other) => ("Channel Event", json!({ "kind": other, "fields": fields() })),
        (kind, _) => {
            ("Message Received", json!({ "text": said, "message-id": null, "kind": kind, "fields": fields() }))
        }
    };
    // There are no ids: a repetition says the same at the same second.
    let key = key(&[&sender, created, kind, subtype, &about, said])?;
    let mut event = received(key, vec![format!("weibo_uid:{sender}")], CHANNEL, name, at, &properties);
    let scene = ["scan", "scan_follow"].contains(&subtype).then_some(about);
    event.event.touchpoint = scene.filter(|scene| !scene.is_empty());
    Ok(event)
}
