//! What QQ tells: the check of the address, messages and events of people and groups, signed with the bot's own key.

use guanxi_channel_kit::callback::{
    self, bad_config, fresh, header, hex, id, is_same, json as read, kept, key, received, reply_json, text, unhex,
};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::secrets::{self, Scheme};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

const CHANNEL: &str = "qq";
/// What a request is: an event, or the check of the address.
const EVENT: i64 = 0;
const CHECK: i64 = 13;
/// How an event is acknowledged.
const ACKNOWLEDGED: i64 = 12;

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    verify(request, now)?;
    let told = read(&request.body)?;
    match told.get("op").and_then(Value::as_i64) {
        Some(CHECK) => {
            let (token, at) = (text(&told, "/d/plain_token"), text(&told, "/d/event_ts"));
            let signature = sign(&[at.as_bytes(), token.as_bytes()].concat())?;
            let reply = reply_json(&json!({ "plain_token": token, "signature": hex(&signature) }));
            Ok(Reception { reply, events: Vec::new() })
        }
        Some(EVENT) => {
            let reply = reply_json(&json!({ "op": ACKNOWLEDGED, "d": 0 }));
            Ok(Reception { reply, events: event(&told, now)?.into_iter().collect() })
        }
        _ => Err(Refusal::Malformed("`op` is neither an event nor the check of the address".to_owned())),
    }
}

/// The key is the bot's own, and the same bytes have the same signature, so it is made again and compared. Nothing is signed for
/// anybody before that: whoever could have texts signed could make events.
fn verify(request: &Incoming, now: Instant) -> Result<(), Refusal> {
    let (signature, timestamp) = (header(request, "x-signature-ed25519")?, header(request, "x-signature-timestamp")?);
    let signature = unhex(signature).ok_or(Refusal::BadSignature)?;
    let seconds: Instant = timestamp.parse().map_err(|_| Refusal::BadSignature)?;
    if !is_same(&signature, &sign(&[timestamp.as_bytes(), &request.body].concat())?) {
        return Err(Refusal::BadSignature);
    }
    fresh(seconds, now)
}

fn sign(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    secrets::sign("bot-secret", Scheme::Ed25519, data).map_err(bad_config)
}

/// A message or an event; what is about nobody is logged only.
fn event(told: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let (kind, body) = (text(told, "/t"), told.get("d").unwrap_or(&Value::Null));
    let people = ["/author/user_openid", "/openid", "/user_openid"].map(|place| text(body, place));
    let members = ["/author/member_openid", "/op_member_openid", "/group_member_openid"].map(|place| text(body, place));
    let first = |ids: [&'_ str; 3]| ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default().to_owned();
    let (person, member, group) = (first(people), first(members), text(body, "/group_openid"));
    // A member has another openid in each group, so the group stands in front.
    let identity = match (person.as_str(), member.as_str(), group) {
        ("", "", _) | ("", _, "") => {
            log!(info, "an event `{kind}` is about nobody");
            return Ok(None);
        }
        ("", member, group) => format!("qq_openid:{group}/{member}"),
        (person, ..) => format!("qq_openid:{person}"),
    };
    let (name, properties) = match kind {
        "C2C_MESSAGE_CREATE" | "GROUP_AT_MESSAGE_CREATE" | "GROUP_MESSAGE_CREATE" => {
            let attachments =
                body.get("attachments").filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
            let properties = json!({
                "text": text(body, "/content").trim(), "message-id": text(body, "/id"),
                "kind": if attachments.is_some() { "file" } else { "text" },
                "chat": if group.is_empty() { "private" } else { "group" },
                "fields": kept(attachments.cloned().unwrap_or(json!({}))),
            });
            ("Message Received", properties)
        }
        "FRIEND_ADD" => ("Channel Followed", json!({ "scene": id(body, "/scene"), "event-id": text(told, "/id") })),
        "FRIEND_DEL" => ("Channel Unfollowed", json!({})),
        "C2C_MSG_REJECT" | "C2C_MSG_RECEIVE" => {
            let status = if kind.ends_with("REJECT") { "reject" } else { "accept" };
            ("Subscription Changed", json!({ "status": status, "event-id": text(told, "/id") }))
        }
        "INTERACTION_CREATE" => {
            let value = text(body, "/data/resolved/button_data");
            ("Button Clicked", json!({ "value": value, "event-id": text(told, "/id") }))
        }
        kind => ("Channel Event", json!({ "kind": kind, "fields": kept(body.clone()) })),
    };
    // A message has an id of its own, an event that of the request.
    let ids = [id(body, "/id"), id(told, "/id")];
    let own = ids.iter().find(|id| !id.is_empty()).map_or("", String::as_str);
    let time = id(body, "/timestamp");
    let key = if own.is_empty() { key(&[kind, &identity, &time])? } else { key(&[kind, own])? };
    let at = callback::time(body, "/timestamp").unwrap_or(now);
    Ok(Some(received(key, vec![identity], CHANNEL, name, at, &properties)))
}
