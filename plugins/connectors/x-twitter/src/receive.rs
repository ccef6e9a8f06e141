//! The Account Activity API: direct messages, follows, mentions, and what was read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::callback::{self, id, kept, key, text};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

/// The most characters of a message that are kept, and of a token that is answered.
const TEXT_MAX: usize = 10_000;
const TOKEN_MAX: usize = 256;

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    if request.method == "GET" {
        return challenge(&request.query);
    }
    let given = callback::header(request, "x-twitter-webhooks-signature")?;
    let given = given.strip_prefix("sha256=").and_then(|mac| STANDARD.decode(mac).ok()).ok_or(Refusal::BadSignature)?;
    if !callback::is_same(&given, &mac(&request.body)?) {
        return Err(Refusal::BadSignature);
    }
    let told = callback::json(&request.body)?;
    let us = id(&told, "/for_user_id");
    if us.is_empty() {
        return Err(Refusal::Malformed("there is no `for_user_id`".to_owned()));
    }
    let mut events = Vec::new();
    for (activity, list) in told.as_object().into_iter().flatten() {
        for one in list.as_array().into_iter().flatten() {
            events.extend(event(activity, one, &us, now)?);
        }
    }
    if events.is_empty() {
        log!(info, "nothing that somebody else did");
    }
    Ok(Reception { reply: callback::reply(""), events })
}

/// The check of the address, which anybody may ask for. What is answered is a signature: of a token only, which is never the body
/// of a request.
fn challenge(query: &str) -> Result<Reception, Refusal> {
    let token = callback::parameter(query, "crc_token")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+/.".contains(c);
    if token.is_empty() || token.len() > TOKEN_MAX || !token.chars().all(plain) {
        return Err(Refusal::Malformed("`crc_token` is no token".to_owned()));
    }
    let answer = json!({ "response_token": format!("sha256={}", STANDARD.encode(mac(token.as_bytes())?)) });
    Ok(Reception { reply: callback::reply_json(&answer), events: Vec::new() })
}

fn mac(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    secrets::hmac("consumer-secret", Digest::Sha256, data).map_err(callback::bad_config)
}

/// What somebody did; what the account itself did is not kept.
fn event(activity: &str, one: &Value, us: &str, now: Instant) -> Result<Option<Received>, Refusal> {
    let whom = ["/message_create/sender_id", "/sender_id", "/source/id", "/user/id_str", "/user/id"];
    let who = whom.iter().map(|pointer| id(one, pointer)).find(|who| !who.is_empty()).unwrap_or_default();
    if who.is_empty() || who == us || who.len() > 20 || !who.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let times = ["/created_timestamp", "/timestamp_ms"];
    let at = times.iter().find_map(|pointer| id(one, pointer).parse().ok()).unwrap_or(now);
    let of = ["/id", "/id_str"].iter().map(|pointer| id(one, pointer)).find(|id| !id.is_empty()).unwrap_or_default();
    let (kind, of, properties) = match activity {
        "direct_message_events" if text(one, "/type") == "message_create" => {
            let (kind, properties) = said(one, &of);
            (kind, of, properties)
        }
        "follow_events" => ("Channel Followed", at.to_string(), json!({})),
        "unfollow_events" => ("Channel Unfollowed", at.to_string(), json!({ "reason": "unfollowed" })),
        "direct_message_mark_read_events" => {
            let last = id(one, "/last_read_event_id");
            ("guanxi.delivery", last.clone(), json!({ "channel-id": last, "state": "read" }))
        }
        "tweet_create_events" => ("Channel Event", id(one, "/id_str"), post(one, us)),
        _ => ("Channel Event", of, json!({ "kind": activity, "fields": kept(one.clone()) })),
    };
    let time = if of.is_empty() { at.to_string() } else { of };
    let key = key(&[activity.trim_end_matches("_events"), &who, &time])?;
    Ok(Some(callback::received(key, vec![format!("x_user_id:{who}")], "x-twitter", kind, at, &properties)))
}

/// A direct message; a quick reply is a tap.
fn said(one: &Value, of: &str) -> (&'static str, Value) {
    let data = one.pointer("/message_create/message_data").unwrap_or(&Value::Null);
    let said: String = text(data, "/text").chars().take(TEXT_MAX).collect();
    if let Some(value) = data.pointer("/quick_reply_response/metadata").and_then(Value::as_str) {
        return ("Button Clicked", json!({ "value": value, "title": said, "message-id": of }));
    }
    let kind = if data.get("attachment").is_some() { "media" } else { "text" };
    ("Message Received", json!({ "text": said, "message-id": of, "kind": kind }))
}

/// A post about the account: in public, so no conversation.
fn post(one: &Value, us: &str) -> Value {
    let kind = if one.get("retweeted_status").is_some() {
        "repost"
    } else if id(one, "/quoted_status/user/id_str") == us {
        "quote"
    } else if id(one, "/in_reply_to_user_id_str") == us {
        "reply"
    } else {
        "mention"
    };
    let said = [text(one, "/extended_tweet/full_text"), text(one, "/text")];
    let said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
    json!({ "kind": kind, "text": said.chars().take(TEXT_MAX).collect::<String>(), "message-id": id(one, "/id_str") })
}
