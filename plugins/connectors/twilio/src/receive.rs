//! Receipts of messages and calls, what people answer, and who opted out.

use std::collections::BTreeMap;

use guanxi_channel_kit::callback::{self, key};
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::log;
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::{Settings, sign};

/// The most characters of a message that are kept, and parameters of a kind that is not known.
const TEXT_MAX: usize = 5_000;
const PARAMETERS_MAX: usize = 100;

type Parameters = BTreeMap<String, String>;

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    sign::verify(settings, request)?;
    let told: Parameters = form_urlencoded::parse(&request.body).into_owned().take(PARAMETERS_MAX).collect();
    let events = events(&told, now)?;
    if events.is_empty() {
        log!(info, "a request of Twilio says nothing that is kept");
    }
    let xml = Header { name: "content-type".to_owned(), value: "text/xml; charset=utf-8".to_owned() };
    // Says nothing back to whoever wrote.
    let reply = Response { status: 200, headers: vec![xml], body: b"<Response/>".to_vec() };
    Ok(Reception { reply, events })
}

fn events(told: &Parameters, now: Instant) -> Result<Vec<Received>, Refusal> {
    let get = |name: &str| told.get(name).map(String::as_str).unwrap_or_default();
    let sid = get("MessageSid");
    if !get("MessageStatus").is_empty() {
        let state = match get("MessageStatus") {
            "delivered" => "delivered",
            "read" => "read",
            "failed" | "undelivered" | "canceled" => "failed",
            // On its way.
            _ => return Ok(Vec::new()),
        };
        let reason = [get("ErrorCode"), get("ErrorMessage")].join(" ");
        return Ok(receipt(sid, state, reason.trim(), get("To"), now)?.into_iter().collect());
    }
    if !get("CallStatus").is_empty() {
        let state = match get("CallStatus") {
            "completed" => "delivered",
            "busy" | "no-answer" | "failed" | "canceled" => "failed",
            _ => return Ok(Vec::new()),
        };
        return Ok(receipt(get("CallSid"), state, get("CallStatus"), get("To"), now)?.into_iter().collect());
    }
    let mut events = Vec::new();
    if told.contains_key("Body") {
        let text: String = get("Body").chars().take(TEXT_MAX).collect();
        let properties = json!({
            "text": text, "message-id": sid, "kind": if get("NumMedia").trim_matches('0').is_empty() { "text" } else { "media" },
            "to": get("To"), "file": get("MediaUrl0"),
        });
        events.extend(event(&["message", sid], get("From"), "Message Received", now, &properties)?);
        // STOP and its like, as the messaging service understood them.
        if get("OptOutType") == "STOP" {
            let properties = json!({ "purpose": "marketing", "evidence": format!("answered {text}") });
            events.extend(event(&["stop", sid], get("From"), "Consent Withdrawn", now, &properties)?);
        }
    } else if !get("From").is_empty() {
        let sid = if sid.is_empty() { get("CallSid") } else { sid };
        let properties = json!({ "kind": "twilio", "fields": callback::kept(json!(told)) });
        events.extend(event(&["other", sid], get("From"), "Channel Event", now, &properties)?);
    }
    Ok(events)
}

fn receipt(sid: &str, state: &str, reason: &str, to: &str, now: Instant) -> Result<Option<Received>, Refusal> {
    let mut properties = json!({ "channel-id": sid, "state": state });
    if let ("failed", Some(fields)) = (state, properties.as_object_mut()) {
        fields.insert("reason".to_owned(), Value::from(reason));
    }
    event(&["status", sid, state], to, "guanxi.delivery", now, &properties)
}

/// An event of one person; what is about no number is not kept.
fn event(
    parts: &[&str],
    number: &str,
    kind: &str,
    now: Instant,
    properties: &Value,
) -> Result<Option<Received>, Refusal> {
    let identity = match number.strip_prefix("whatsapp:+") {
        Some(digits) => format!("whatsapp:{digits}"),
        None => format!("phone:{number}"),
    };
    if number.is_empty() || parts.contains(&"") {
        return Ok(None);
    }
    Ok(Some(callback::received(key(parts)?, vec![identity], "sms", kind, now, properties)))
}
