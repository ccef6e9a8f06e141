//! What WeChat tells: the check of the address, followers' messages and events, in plain and in safe mode.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::xml::{self, Fields};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Cipher, Digest, Problem};
use guanxi_plugin::words::{Event, Instant, MINUTE, Received, SECOND};
use serde_json::{Value, json};

use crate::{Mode, Settings};

/// How far its time may be from ours. WeChat repeats what was not answered in 5 seconds 3 times.
const STALE: Instant = 5 * MINUTE;
/// Fields that a message has besides its own; what it says is told as `text`.
const ENVELOPE: [&str; 6] = ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content"];
/// The most bytes of the fields that are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024;

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let query = Query(&request.query);
    match request.method.as_str() {
        "GET" => {
            check(&query, "signature", None, now)?;
            Ok(Reception { reply: reply(&query.one("echostr")?), events: Vec::new() })
        }
        "POST" => {
            let fields = message(settings, &query, &request.body, now)?;
            Ok(Reception { reply: reply("success"), events: vec![event(&fields)?] })
        }
        _ => Err(Refusal::Malformed("WeChat calls with GET and POST".to_owned())),
    }
}

struct Query<'q>(&'q str);

impl Query<'_> {
    /// The parameter of this name, which must be there once.
    fn one(&self, name: &str) -> Result<String, Refusal> {
        let mut found = form_urlencoded::parse(self.0.as_bytes()).filter(|(other, _)| other == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.into_owned()),
            (None, _) => Err(Refusal::Malformed(format!("`{name}` is missing in the query"))),
            _ => Err(Refusal::Malformed(format!("`{name}` stands twice in the query"))),
        }
    }
}

/// Refuses what the token did not sign, or did long ago.
fn check(query: &Query<'_>, signature: &str, encrypted: Option<&str>, now: Instant) -> Result<(), Refusal> {
    let (timestamp, nonce) = (query.one("timestamp")?, query.one("nonce")?);
    let signature = hex(&query.one(signature)?).ok_or(Refusal::BadSignature)?;
    let mut parts = vec![timestamp.clone().into_bytes(), nonce.into_bytes()];
    parts.extend(encrypted.map(|encrypted| encrypted.as_bytes().to_vec()));
    if !secrets::verify_sorted("token", Digest::Sha1, &parts, &signature).map_err(bad_config)? {
        return Err(Refusal::BadSignature);
    }
    let seconds: Instant = timestamp.parse().map_err(|_| Refusal::Malformed("`timestamp` is no number".to_owned()))?;
    match now.abs_diff(seconds.saturating_mul(SECOND)) <= STALE.unsigned_abs() {
        true => Ok(()),
        false => Err(Refusal::Stale),
    }
}

/// The message in the body, decrypted if it has to be.
fn message(settings: &Settings, query: &Query<'_>, body: &[u8], now: Instant) -> Result<Fields, Refusal> {
    if settings.mode == Mode::Plain {
        check(query, "signature", None, now)?;
        return xml::fields(body).map_err(Refusal::Malformed);
    }
    // Nothing is believed that stands beside the encrypted part: whoever saw one signature could have written it.
    let outer = xml::fields(body).map_err(Refusal::Malformed)?;
    let encrypted =
        outer.get("Encrypt").ok_or_else(|| Refusal::Malformed("safe mode, and nothing encrypted".to_owned()))?;
    check(query, "msg_signature", Some(encrypted), now)?;
    let unreadable = || Refusal::Malformed("what is encrypted cannot be read".to_owned());
    let data = STANDARD.decode(encrypted).map_err(|_| unreadable())?;
    let text = secrets::decrypt("encoding-aes-key", &Cipher::Wechat, &data).map_err(|problem| match problem {
        Problem::BadData(_) => unreadable(),
        problem => bad_config(problem),
    })?;
    let (length, rest) = text.split_first_chunk::<4>().ok_or_else(unreadable)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (inner, receiver) = rest.split_at_checked(length).ok_or_else(unreadable)?;
    if receiver != settings.app_id.as_bytes() {
        return Err(Refusal::BadSignature);
    }
    xml::fields(inner).map_err(Refusal::Malformed)
}

fn event(fields: &Fields) -> Result<Received, Refusal> {
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let missing = |name: &str| Refusal::Malformed(format!("`{name}` is missing"));
    let (from, created, kind) = (get("FromUserName"), get("CreateTime"), get("MsgType"));
    let at = created.parse::<Instant>().map_err(|_| missing("CreateTime"))?.saturating_mul(SECOND);
    if from.is_empty() || kind.is_empty() {
        return Err(missing("FromUserName, MsgType"));
    }
    // The platform tells events apart by sender and second; several messages can be reported in one second.
    let key = match get("MsgId") {
        "" => [from, created, get("Event"), get("EventKey"), get("MsgID")].join("-").trim_end_matches('-').to_owned(),
        id => id.to_owned(),
    };
    let scene = get("EventKey").trim_start_matches("qrscene_");
    let (name, properties) = match (kind, get("Event")) {
        ("event", "subscribe") => ("Channel Followed", json!({ "scene": scene, "ticket": get("Ticket") })),
        ("event", "unsubscribe") => ("Channel Unfollowed", json!({})),
        ("event", "SCAN") => ("Code Scanned", json!({ "scene": scene, "ticket": get("Ticket") })),
        ("event", "CLICK") => ("Menu Clicked", json!({ "key": get("EventKey") })),
        ("event", "TEMPLATESENDJOBFINISH") => ("guanxi.delivery", delivery(get("MsgID"), get("Status"))),
        ("event", other) => ("Channel Event", json!({ "kind": other, "fields": own(fields) })),
        (kind, _) => ("Message Received", received(kind, fields)),
    };
    let touchpoint = matches!(name, "Channel Followed" | "Code Scanned").then(|| scene.to_owned());
    let event = Event {
        id: String::new(),
        kind: name.to_owned(),
        at,
        channel: Some("wechat".to_owned()),
        touchpoint: touchpoint.filter(|scene| !scene.is_empty()),
        properties: properties.to_string(),
    };
    Ok(Received { key, identities: vec![format!("wechat_openid:{from}")], event })
}

/// A message of any kind: what it says in words, and all that came with it.
fn received(kind: &str, fields: &Fields) -> Value {
    let text = ["Content", "Recognition", "Label", "Title"].iter().find_map(|name| fields.get(*name));
    json!({
        "text": text.map_or("", String::as_str),
        "message-id": fields.get("MsgId"),
        "kind": kind,
        "fields": own(fields),
    })
}

/// `success`, `failed:user block` or `failed: system failed`.
fn delivery(id: &str, status: &str) -> Value {
    match status {
        "success" => json!({ "channel-id": id, "state": "delivered" }),
        reason => json!({ "channel-id": id, "state": "failed", "reason": reason }),
    }
}

/// What only this message has, unless it is too much to be kept.
fn own(fields: &Fields) -> Value {
    let own = fields.iter().filter(|(name, _)| !ENVELOPE.contains(&name.as_str()));
    let own: Value =
        own.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into();
    if own.to_string().len() <= KEPT_BYTES_MAX { own } else { Value::Null }
}

fn reply(text: &str) -> Response {
    let plain = Header { name: "content-type".to_owned(), value: "text/plain; charset=utf-8".to_owned() };
    Response { status: 200, headers: vec![plain], body: text.as_bytes().to_vec() }
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}
