//! The Events API and taps on buttons, signed with the app's signing secret.

use std::borrow::Cow;

use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Problem};
use guanxi_plugin::words::{Event, Instant, MINUTE, Received, SECOND};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

/// How far the time of a request may be from ours.
const STALE: Instant = 5 * MINUTE;
/// The most characters of a message that are kept.
const TEXT_MAX: usize = 5_000;
/// The most bytes of an event of an unknown kind that are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024;

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    verify(request, now)?;
    let malformed = |what: &str| Refusal::Malformed(what.to_owned());
    let told: Value = serde_json::from_slice(&payload(&request.body)).map_err(|_| malformed("the body is no JSON"))?;
    match text(&told, "/type") {
        "url_verification" => {
            let challenge = told.get("challenge").and_then(Value::as_str);
            let challenge = challenge.ok_or_else(|| malformed("there is no `challenge`"))?;
            Ok(Reception { reply: reply(challenge), events: Vec::new() })
        }
        "event_callback" => Ok(Reception { reply: reply(""), events: event(&told, now).into_iter().collect() }),
        "block_actions" => Ok(Reception { reply: reply(""), events: taps(&told, now) }),
        kind => {
            log!(info, "a request of the kind `{kind}` is acknowledged and not kept");
            Ok(Reception { reply: reply(""), events: Vec::new() })
        }
    }
}

/// Signature over version, time and raw body. A repeated delivery (`X-Slack-Retry-Num`) is signed anew and keeps its
/// `event_id`.
fn verify(request: &Incoming, now: Instant) -> Result<(), Refusal> {
    let timestamp = one(request, "x-slack-request-timestamp")?;
    let signature = one(request, "x-slack-signature")?;
    let signed = [format!("v0:{timestamp}:").as_bytes(), &request.body].concat();
    let mac = secrets::hmac("signing-secret", Digest::Sha256, &signed).map_err(bad_config)?;
    let expected = mac.iter().fold("v0=".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    if !is_same(signature.as_bytes(), expected.as_bytes()) {
        return Err(Refusal::BadSignature);
    }
    let seconds: Instant =
        timestamp.parse().map_err(|_| Refusal::Malformed("the timestamp is no number".to_owned()))?;
    match now.abs_diff(seconds.saturating_mul(SECOND)) <= STALE.unsigned_abs() {
        true => Ok(()),
        false => Err(Refusal::Stale),
    }
}

/// The header of this name, which must be there once.
fn one<'r>(request: &'r Incoming, name: &str) -> Result<&'r str, Refusal> {
    let mut found = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some(header), None) => Ok(&header.value),
        _ => Err(Refusal::BadSignature),
    }
}

/// Compares in a time that depends on the lengths alone.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Events come as JSON, taps as a form with one field that is JSON.
fn payload(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(b"payload=") {
        return body.into();
    }
    let field = form_urlencoded::parse(body).find(|(name, _)| name == "payload");
    field.map_or(body.into(), |(_, json)| json.into_owned().into_bytes().into())
}

/// An event of the Events API; what a bot wrote, this app's own messages among it, is not kept.
fn event(told: &Value, now: Instant) -> Option<Received> {
    let (key, kind) = (text(told, "/event_id"), text(told, "/event/type"));
    let users = ["/event/user", "/event/user/id"].map(|place| text(told, place));
    let user = users.into_iter().find(|user| !user.is_empty()).unwrap_or_default();
    if told.pointer("/event/bot_id").is_some() || text(told, "/event/subtype") == "bot_message" {
        return None;
    }
    if key.is_empty() || user.is_empty() {
        log!(info, "an event `{kind}` without an id or a member");
        return None;
    }
    let (name, properties) = match (kind, text(told, "/event/subtype")) {
        ("message" | "app_mention", "" | "file_share" | "thread_broadcast" | "me_message") => {
            let id = format!("{}/{}", text(told, "/event/channel"), text(told, "/event/ts"));
            let said: String = text(told, "/event/text").chars().take(TEXT_MAX).collect();
            let is_file = told.pointer("/event/files").is_some();
            let properties = json!({
                "text": said, "message-id": id, "kind": if is_file { "file" } else { "text" },
                "chat": text(told, "/event/channel_type"), "team": text(told, "/team_id"),
            });
            ("Message Received", properties)
        }
        _ => {
            let event = told.get("event").filter(|event| event.to_string().len() <= KEPT_BYTES_MAX);
            ("Channel Event", json!({ "kind": kind, "fields": event }))
        }
    };
    let seconds = told.get("event_time").and_then(Value::as_i64);
    let at = seconds.map_or(now, |seconds| seconds.saturating_mul(SECOND));
    Some(received(key.to_owned(), user, name, at, &properties))
}

/// Taps on buttons of messages.
fn taps(told: &Value, now: Instant) -> Vec<Received> {
    let (user, trigger) = (text(told, "/user/id"), text(told, "/trigger_id"));
    let actions = told.get("actions").and_then(Value::as_array).into_iter().flatten();
    let known = actions.filter(|_| !user.is_empty() && !trigger.is_empty());
    let id = format!("{}/{}", text(told, "/container/channel_id"), text(told, "/container/message_ts"));
    let tap = |action: &Value| {
        let key = format!("{trigger}-{}", text(action, "/action_id"));
        let properties = json!({ "value": text(action, "/value"), "message-id": id });
        received(key, user, "Button Clicked", now, &properties)
    };
    known.map(tap).collect()
}

fn received(key: String, user: &str, kind: &str, at: Instant, properties: &Value) -> Received {
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at,
        channel: Some("slack".to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Received { key, identities: vec![format!("slack_user_id:{user}")], event }
}

fn reply(text: &str) -> Response {
    let plain = Header { name: "content-type".to_owned(), value: "text/plain; charset=utf-8".to_owned() };
    Response { status: 200, headers: vec![plain], body: text.as_bytes().to_vec() }
}

fn text<'v>(told: &'v Value, pointer: &str) -> &'v str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}
