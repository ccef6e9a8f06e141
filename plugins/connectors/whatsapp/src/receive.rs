//! Messages, taps, receipts, and who wants no more marketing.

use guanxi_channel_kit::callback::{self, id, kept, key, text};
use guanxi_channel_kit::meta;
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::words::{Instant, Received, SECOND};
use serde_json::{Value, json};

use crate::Settings;

/// What a message may be besides a text and still be one that is read.
const KINDS: [&str; 8] = ["text", "image", "video", "audio", "document", "sticker", "location", "contacts"];

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    if let Some(shaken) = meta::handshake(request) {
        return shaken;
    }
    let told = meta::signed(request)?;
    if text(&told, "/object") != "whatsapp_business_account" {
        return Err(Refusal::Malformed("the `object` is not `whatsapp_business_account`".to_owned()));
    }
    let mut events = Vec::new();
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for change in list(&told, "entry").iter().flat_map(|entry| list(entry, "changes")) {
        let value = change.get("value").unwrap_or(&Value::Null);
        let number = id(value, "/metadata/phone_number_id");
        // An app may have other numbers, which are not this installation's.
        if !number.is_empty() && number != settings.phone_number_id {
            continue;
        }
        let count = events.len();
        for one in list(value, "messages") {
            events.extend(message(&one, now)?);
        }
        for one in list(value, "statuses") {
            events.extend(status(&one, now)?);
        }
        for one in list(value, "user_preferences") {
            events.extend(preference(&one, now)?);
        }
        if events.len() == count {
            log!(info, "`{}` says nothing about a person that is kept", text(&change, "/field"));
        }
    }
    Ok(Reception { reply: callback::reply(""), events })
}

/// What somebody wrote or tapped. Kinds that are not known here are kept as they are.
fn message(one: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let (kind, of, from) = (text(one, "/type"), text(one, "/id"), text(one, "/from"));
    let (name, properties) = match kind {
        "button" => ("Button Clicked", tap(one, "/button/payload", "/button/text")),
        "interactive" => match text(one, "/interactive/type") {
            "button_reply" => tapped(one, "/interactive/button_reply"),
            "list_reply" => tapped(one, "/interactive/list_reply"),
            _ => ("Channel Event", json!({ "kind": kind, "fields": kept(one.clone()) })),
        },
        kind if KINDS.contains(&kind) => ("Message Received", said(one, kind)),
        _ => ("Channel Event", json!({ "kind": kind, "fields": kept(one.clone()) })),
    };
    let mut received = received(&["message", of], from, name, at(one, now), &properties)?;
    // The advertisement that brought somebody here.
    let came = text(one, "/referral/source_id");
    if let (Some(received), false) = (&mut received, came.is_empty()) {
        received.event.touchpoint = Some(came.chars().take(256).collect());
    }
    Ok(received)
}

fn said(one: &Value, kind: &str) -> Value {
    let words = ["/text/body", &format!("/{kind}/caption"), &format!("/{kind}/filename"), "/location/name"];
    let words = words.into_iter().map(|pointer| text(one, pointer)).find(|words| !words.is_empty());
    json!({
        "text": words.unwrap_or_default(), "message-id": text(one, "/id"), "kind": kind,
        "file-id": text(one, &format!("/{kind}/id")), "reply-to": text(one, "/context/id"),
    })
}

fn tapped(one: &Value, reply: &str) -> (&'static str, Value) {
    ("Button Clicked", tap(one, &format!("{reply}/id"), &format!("{reply}/title")))
}

fn tap(one: &Value, value: &str, title: &str) -> Value {
    json!({ "value": text(one, value), "title": text(one, title), "message-id": text(one, "/context/id") })
}

/// What became of a message. That WhatsApp has taken it is known already.
fn status(one: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let (of, state) = (text(one, "/id"), text(one, "/status"));
    if !["delivered", "read", "failed"].contains(&state) {
        return Ok(None);
    }
    let mut properties = json!({ "channel-id": of, "state": state, "message": text(one, "/biz_opaque_callback_data") });
    if let ("failed", Some(fields)) = (state, properties.as_object_mut()) {
        let details = ["/errors/0/error_data/details", "/errors/0/title"].map(|pointer| text(one, pointer));
        let details = details.into_iter().find(|details| !details.is_empty()).unwrap_or_default();
        fields.insert("reason".to_owned(), Value::from(format!("{} {details}", id(one, "/errors/0/code")).trim()));
    }
    received(&["status", of, state], text(one, "/recipient_id"), "guanxi.delivery", at(one, now), &properties)
}

/// Whether somebody wants marketing, as they said to WhatsApp itself.
fn preference(one: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let (who, said) = (text(one, "/wa_id"), text(one, "/value"));
    let kind = match (text(one, "/category"), said) {
        ("marketing_messages", "stop") => "Consent Withdrawn",
        ("marketing_messages", "resume") => "Consent Granted",
        _ => return Ok(None),
    };
    let properties = json!({ "purpose": "marketing", "evidence": text(one, "/detail") });
    received(&["preference", who, said, &id(one, "/timestamp")], who, kind, at(one, now), &properties)
}

/// An event of one person; what is about no number is logged only.
fn received(
    parts: &[&str],
    from: &str,
    kind: &str,
    at: Instant,
    properties: &Value,
) -> Result<Option<Received>, Refusal> {
    if from.is_empty() || parts.contains(&"") {
        log!(info, "`{kind}` without an id or a number");
        return Ok(None);
    }
    let identities = vec![format!("whatsapp:{from}")];
    Ok(Some(callback::received(key(parts)?, identities, "whatsapp", kind, at, properties)))
}

fn at(one: &Value, now: Instant) -> Instant {
    id(one, "/timestamp").parse().map_or(now, |seconds: Instant| seconds.saturating_mul(SECOND))
}
