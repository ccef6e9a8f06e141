//! Webhooks of Douyin: the check of the address, messages and events, signed with the application's secret.

use guanxi_channel_kit::callback::{check_hash, header, json as read, kept, key, received, reply_json, text, time};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::secrets::{Digest, Part};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::{CHANNEL, Settings};

const SIGNATURE: &str = "x-douyin-signature";

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let parts = [Part::secret("client-secret"), Part::bytes(request.body.as_slice())];
    check_hash(Digest::Sha1, &parts, header(request, SIGNATURE)?)?;
    let told = read(&request.body)?;
    let content = content(&told)?;
    let event = text(&told, "/event");
    if event == "verify_webhook" {
        // A number goes back as a number.
        let challenge = content.get("challenge").cloned().unwrap_or_default();
        return Ok(Reception { reply: reply_json(&json!({ "challenge": challenge })), events: Vec::new() });
    }
    let client_key = text(&told, "/client_key");
    if !client_key.is_empty() && client_key != settings.client_key {
        return Err(Refusal::Malformed("`client_key` is another application's".to_owned()));
    }
    let msg_id = header(request, "msg-id").unwrap_or_default();
    let events = self::event(settings, &told, &content, msg_id, now)?.into_iter().collect();
    Ok(Reception { reply: reply_json(&json!({ "err_no": 0, "err_tips": "success" })), events })
}

/// What an event says: JSON, or a text that is JSON.
fn content(told: &Value) -> Result<Value, Refusal> {
    match told.get("content") {
        Some(Value::String(text)) if text.is_empty() => Ok(json!({})),
        Some(Value::String(text)) => {
            serde_json::from_str(text).map_err(|_| Refusal::Malformed("`content` is no JSON".to_owned()))
        }
        Some(content) => Ok(content.clone()),
        None => Ok(json!({})),
    }
}

/// A message or an event; what is about nobody, or by the account itself, is logged only.
fn event(
    settings: &Settings,
    told: &Value,
    content: &Value,
    msg_id: &str,
    now: Instant,
) -> Result<Option<Received>, Refusal> {
    let kind = text(told, "/event");
    let places = [text(told, "/from_user_id"), text(content, "/open_id"), text(content, "/buyer_open_id")];
    let Some(person) = places.into_iter().find(|person| !person.is_empty() && *person != settings.open_id) else {
        log!(info, "an event `{kind}` is about nobody else");
        return Ok(None);
    };
    let (message, conversation) = (text(content, "/server_message_id"), text(content, "/conversation_short_id"));
    let (name, properties) = match kind {
        "im_receive_msg" | "receive_msg" => {
            let said = [text(content, "/text"), text(content, "/text/text")].concat();
            let kind = text(content, "/message_type");
            let fields = if kind == "text" { json!({}) } else { kept(content.clone()) };
            (
                "Message Received",
                json!({ "text": said, "message-id": message, "conversation": conversation, "kind": kind, "fields": fields }),
            )
        }
        "im_enter_direct_msg" | "enter_im" => (
            "Chat Entered",
            json!({ "message-id": message, "conversation": conversation, "scene": "im_enter_direct_msg" }),
        ),
        "im_authorize" => {
            let status = if content.get("auth_status") == Some(&json!(1)) { "accept" } else { "reject" };
            ("Subscription Changed", json!({ "status": status, "template": text(content, "/source") }))
        }
        "authorize" => ("Channel Followed", json!({ "scopes": content.get("scopes") })),
        "unauthorize" => ("Channel Unfollowed", json!({})),
        kind => ("Channel Event", json!({ "kind": kind, "fields": kept(content.clone()) })),
    };
    // What is signed names a message better than a header that is not.
    let key = match (message, msg_id) {
        ("", "") => key(&[kind, person, &content.to_string()])?,
        ("", id) => key(&[kind, id])?,
        (id, _) => key(&[kind, id])?,
    };
    let at = time(content, "/create_time").unwrap_or(now);
    Ok(Some(received(key, vec![format!("douyin_openid:{person}")], CHANNEL, name, at, &properties)))
}
