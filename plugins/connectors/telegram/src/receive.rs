//! Updates: who wrote, who tapped a button, who blocked the bot or came back.

use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Event, Instant, Received, SECOND};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

const TOKEN: &str = "x-telegram-bot-api-secret-token";
/// The most bytes of an update of an unknown kind that are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// What a message may be besides text: the first that it has names its kind.
const KINDS: [&str; 14] = [
    "animation",
    "audio",
    "document",
    "photo",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
    "contact",
    "dice",
    "poll",
    "venue",
    "location",
];

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let given = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(TOKEN));
    let given: Vec<&str> = given.map(|header| header.value.as_str()).collect();
    match given.as_slice() {
        [given] if is_token(given).map_err(bad_config)? => {}
        _ => return Err(Refusal::BadSignature),
    }
    let malformed = |what: &str| Refusal::Malformed(what.to_owned());
    let update: Value = serde_json::from_slice(&request.body).map_err(|_| malformed("the body is no JSON"))?;
    let id = update.get("update_id").and_then(Value::as_i64).ok_or_else(|| malformed("there is no `update_id`"))?;
    let fields = update.as_object().into_iter().flatten();
    let Some((kind, told)) = fields.into_iter().find(|(name, _)| *name != "update_id") else {
        return Err(malformed("there is only an `update_id`"));
    };
    let reply = if kind == "callback_query" { answer_tap(told) } else { empty() };
    let from = ["/from/id", "/user/id"].iter().find_map(|place| told.pointer(place)?.as_i64());
    let Some(from) = from.filter(|id| *id > 0) else {
        log!(info, "an update `{kind}` is about nobody");
        return Ok(Reception { reply, events: Vec::new() });
    };
    if told.pointer("/from/is_bot") == Some(&Value::Bool(true)) {
        return Ok(Reception { reply, events: Vec::new() });
    }
    let event = event(kind, told, now);
    let received = Received { key: id.to_string(), identities: vec![format!("telegram_id:{from}")], event };
    Ok(Reception { reply, events: vec![received] })
}

/// Whether the header is the secret. Neither side of what is compared is known to whoever sent it.
fn is_token(given: &str) -> Result<bool, Problem> {
    let mac = |key| secrets::hmac_under(&[key], Digest::Sha256, TOKEN.as_bytes());
    Ok(mac(Part::secret("secret-token"))? == mac(Part::bytes(given))?)
}

fn event(kind: &str, told: &Value, now: Instant) -> Event {
    let at = told.get("date").and_then(Value::as_i64).map_or(now, |seconds| seconds.saturating_mul(SECOND));
    let (name, properties) = match kind {
        "message" => ("Message Received", message(told)),
        "callback_query" => ("Button Clicked", tap(told)),
        "my_chat_member" => membership(told),
        _ => ("Channel Event", kept(kind, told)),
    };
    // What follows /start in the link that brought somebody here.
    let start = (kind == "message").then(|| text(told, "/text").strip_prefix("/start ")).flatten().map(str::to_owned);
    Event {
        id: String::new(),
        kind: name.to_owned(),
        at,
        channel: Some("telegram".to_owned()),
        touchpoint: start,
        properties: properties.to_string(),
    }
}

fn message(told: &Value) -> Value {
    let kind = KINDS.iter().find(|kind| told.get(**kind).is_some());
    let part = kind.and_then(|kind| told.get(*kind));
    // Of a photo's sizes the last is the largest.
    let file = part
        .map(|part| part.as_array().and_then(|sizes| sizes.last()).unwrap_or(part))
        .map(|part| text(part, "/file_id"));
    json!({
        "text": told.get("text").or(told.get("caption")).and_then(Value::as_str).unwrap_or_default(),
        "message-id": id(told, "/chat/id", "/message_id"),
        "kind": kind.copied().unwrap_or("text"),
        "chat": text(told, "/chat/type"),
        "language": text(told, "/from/language_code"),
        "file-id": file.filter(|file| !file.is_empty()),
    })
}

fn tap(told: &Value) -> Value {
    json!({ "value": text(told, "/data"), "message-id": id(told, "/message/chat/id", "/message/message_id") })
}

fn membership(told: &Value) -> (&'static str, Value) {
    match (text(told, "/chat/type"), text(told, "/new_chat_member/status")) {
        ("private", "kicked") => ("Channel Unfollowed", json!({ "reason": "blocked" })),
        ("private", "member") => ("Channel Followed", json!({})),
        _ => ("Channel Event", kept("my_chat_member", told)),
    }
}

fn kept(kind: &str, told: &Value) -> Value {
    let fits = told.to_string().len() <= KEPT_BYTES_MAX;
    json!({ "kind": kind, "fields": fits.then_some(told) })
}

/// The id under which the channel knows a message, as in `sent`.
fn id(told: &Value, chat: &str, message: &str) -> Option<String> {
    let number = |pointer| told.pointer(pointer).and_then(Value::as_i64);
    Some(format!("{}/{}", number(chat)?, number(message)?))
}

fn text<'v>(told: &'v Value, pointer: &str) -> &'v str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Ends the waiting that Telegram shows on a button; a method may stand in the answer to an update.
fn answer_tap(told: &Value) -> Response {
    let body = json!({ "method": "answerCallbackQuery", "callback_query_id": text(told, "/id") });
    let json = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    Response { headers: vec![json], body: body.to_string().into_bytes(), ..empty() }
}

fn empty() -> Response {
    Response { status: 200, headers: Vec::new(), body: Vec::new() }
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}
