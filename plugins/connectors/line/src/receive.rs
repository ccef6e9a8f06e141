//! Webhook events: who wrote, tapped, came or left.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Problem};
use guanxi_plugin::words::{Event, Instant, Received};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

/// The most bytes of an event of an unknown kind that are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024;

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let signatures = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("x-line-signature"));
    let signatures: Vec<Vec<u8>> =
        signatures.map(|header| STANDARD.decode(&header.value).unwrap_or_default()).collect();
    let mac = secrets::hmac("channel-secret", Digest::Sha256, &request.body).map_err(bad_config)?;
    match signatures.as_slice() {
        [signature] if is_same(signature, &mac) => {}
        _ => return Err(Refusal::BadSignature),
    }
    let malformed = |what: &str| Refusal::Malformed(what.to_owned());
    let told: Value = serde_json::from_slice(&request.body).map_err(|_| malformed("the body is no JSON"))?;
    let told = told.get("events").and_then(Value::as_array).ok_or_else(|| malformed("there are no `events`"))?;
    let events = told.iter().filter_map(|one| event(one, now)).collect();
    Ok(Reception { reply: Response { status: 200, headers: Vec::new(), body: Vec::new() }, events })
}

/// Compares in a time that depends on the lengths alone.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// One event; what is about nobody is logged only.
fn event(told: &Value, now: Instant) -> Option<Received> {
    let kind = text(told, "/type");
    let (key, user) = (text(told, "/webhookEventId"), text(told, "/source/userId"));
    if key.is_empty() || user.is_empty() {
        log!(info, "an event `{kind}` without an id or a user");
        return None;
    }
    let (name, properties) = match kind {
        "message" => ("Message Received", message(told)),
        "postback" => (
            "Button Clicked",
            json!({ "value": text(told, "/postback/data"), "reply-token": text(told, "/replyToken") }),
        ),
        "follow" => ("Channel Followed", json!({ "again": told.pointer("/follow/isUnblocked") })),
        "unfollow" => ("Channel Unfollowed", json!({ "reason": "blocked" })),
        _ => {
            let fits = told.to_string().len() <= KEPT_BYTES_MAX;
            ("Channel Event", json!({ "kind": kind, "fields": fits.then_some(told) }))
        }
    };
    let event = Event {
        id: String::new(),
        kind: name.to_owned(),
        at: told.get("timestamp").and_then(Value::as_i64).unwrap_or(now),
        channel: Some("line".to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Some(Received { key: key.to_owned(), identities: vec![format!("line_user_id:{user}")], event })
}

fn message(told: &Value) -> Value {
    let words = ["/message/text", "/message/title", "/message/fileName"];
    let said = words.iter().map(|pointer| text(told, pointer)).find(|said| !said.is_empty());
    json!({
        "text": said.unwrap_or_default(),
        "message-id": text(told, "/message/id"),
        "kind": text(told, "/message/type"),
        "chat": text(told, "/source/type"),
        "reply-token": text(told, "/replyToken"),
    })
}

fn text<'v>(told: &'v Value, pointer: &str) -> &'v str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}
