//! What WeCom tells, always encrypted: the check of the address, members' messages and events, external contacts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::xml::{self, Fields};
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Cipher, Digest, Problem};
use guanxi_plugin::words::{Event, Instant, MINUTE, Received, SECOND};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

use crate::Settings;

/// How far its time may be from ours. WeCom repeats what was not answered in 5 seconds.
const STALE: Instant = 5 * MINUTE;
/// Fields that a message has besides its own; what it says is told as `text`.
const ENVELOPE: [&str; 7] = ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "AgentID", "Content"];
/// The most bytes of the fields that are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// Fields that tell one event of a second from another.
const PARTS: [&str; 7] = ["FromUserName", "CreateTime", "Event", "ChangeType", "UserID", "ExternalUserID", "EventKey"];

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    match request.method.as_str() {
        "GET" => {
            let text = opened(settings, &request.query, &one(&request.query, "echostr")?, now)?;
            Ok(Reception { reply: reply(text), events: Vec::new() })
        }
        "POST" => {
            let outer = xml::fields(&request.body).map_err(Refusal::Malformed)?;
            let encrypted =
                outer.get("Encrypt").ok_or_else(|| Refusal::Malformed("nothing is encrypted".to_owned()))?;
            let inner = opened(settings, &request.query, encrypted, now)?;
            let fields = xml::fields(&inner).map_err(Refusal::Malformed)?;
            Ok(Reception { reply: reply(b"success".to_vec()), events: event(&fields)?.into_iter().collect() })
        }
        _ => Err(Refusal::Malformed("WeCom calls with GET and POST".to_owned())),
    }
}

/// The parameter of this name, which must be there once.
fn one(query: &str, name: &str) -> Result<String, Refusal> {
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(other, _)| other == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value.into_owned()),
        (None, _) => Err(Refusal::Malformed(format!("`{name}` is missing in the query"))),
        _ => Err(Refusal::Malformed(format!("`{name}` stands twice in the query"))),
    }
}

/// What is encrypted, if it was signed with the token, lately, and is meant for this corporation.
fn opened(settings: &Settings, query: &str, encrypted: &str, now: Instant) -> Result<Vec<u8>, Refusal> {
    let (timestamp, nonce) = (one(query, "timestamp")?, one(query, "nonce")?);
    let signature = hex(&one(query, "msg_signature")?).ok_or(Refusal::BadSignature)?;
    let parts = [timestamp.as_str(), &nonce, encrypted].map(|part| part.as_bytes().to_vec());
    if !secrets::verify_sorted("token", Digest::Sha1, &parts, &signature).map_err(bad_config)? {
        return Err(Refusal::BadSignature);
    }
    let seconds: Instant = timestamp.parse().map_err(|_| Refusal::Malformed("`timestamp` is no number".to_owned()))?;
    if now.abs_diff(seconds.saturating_mul(SECOND)) > STALE.unsigned_abs() {
        return Err(Refusal::Stale);
    }
    let unreadable = || Refusal::Malformed("what is encrypted cannot be read".to_owned());
    let data = STANDARD.decode(encrypted).map_err(|_| unreadable())?;
    let text = secrets::decrypt("encoding-aes-key", &Cipher::Wechat, &data).map_err(|problem| match problem {
        Problem::BadData(_) => unreadable(),
        problem => bad_config(problem),
    })?;
    let (length, rest) = text.split_first_chunk::<4>().ok_or_else(unreadable)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (inner, receiver) = rest.split_at_checked(length).ok_or_else(unreadable)?;
    match receiver == settings.corp_id.as_bytes() {
        true => Ok(inner.to_vec()),
        false => Err(Refusal::BadSignature),
    }
}

/// A message or an event; what is about nobody is logged only.
fn event(fields: &Fields) -> Result<Option<Received>, Refusal> {
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let at = get("CreateTime").parse::<Instant>();
    let at = at.map_err(|_| Refusal::Malformed("`CreateTime` is missing".to_owned()))?.saturating_mul(SECOND);
    let key = match get("MsgId") {
        "" => PARTS.map(get).join("-").trim_end_matches('-').to_owned(),
        id => id.to_owned(),
    };
    let identity = match (get("ExternalUserID"), get("FromUserName")) {
        ("", "" | "sys") => {
            log!(info, "an event `{}` is about nobody", get("Event"));
            return Ok(None);
        }
        ("", member) => format!("wecom_userid:{member}"),
        (contact, _) => format!("wecom_external_id:{contact}"),
    };
    let contact = || json!({ "member": get("UserID"), "state": get("State"), "change": get("ChangeType"), "welcome-code": get("WelcomeCode") });
    let (kind, properties) = match (get("MsgType"), get("Event"), get("ChangeType")) {
        ("event", "subscribe", _) => ("Channel Followed", json!({})),
        ("event", "unsubscribe", _) => ("Channel Unfollowed", json!({})),
        ("event", "click", _) => ("Menu Clicked", json!({ "key": get("EventKey") })),
        ("event", "change_external_contact", "add_external_contact" | "add_half_external_contact") => {
            ("Channel Followed", contact())
        }
        // The contact removed the member; the other way round it is `del_external_contact`.
        ("event", "change_external_contact", "del_follow_user") => ("Channel Unfollowed", contact()),
        ("event", other, _) => ("Channel Event", json!({ "kind": other, "fields": own(fields) })),
        (kind, ..) => {
            let text = ["Content", "Label", "Title"].iter().find_map(|name| fields.get(*name));
            let text = text.map_or("", String::as_str);
            (
                "Message Received",
                json!({ "text": text, "message-id": get("MsgId"), "kind": kind, "fields": own(fields) }),
            )
        }
    };
    let touchpoint = Some(get("State").to_owned()).filter(|state| kind == "Channel Followed" && !state.is_empty());
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at,
        channel: Some("wecom".to_owned()),
        touchpoint,
        properties: properties.to_string(),
    };
    Ok(Some(Received { key, identities: vec![identity], event }))
}

/// What only this message has, unless it is too much to be kept.
fn own(fields: &Fields) -> Value {
    let own = fields.iter().filter(|(name, _)| !ENVELOPE.contains(&name.as_str()));
    let own: Value =
        own.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into();
    if own.to_string().len() <= KEPT_BYTES_MAX { own } else { Value::Null }
}

fn reply(body: Vec<u8>) -> Response {
    let plain = Header { name: "content-type".to_owned(), value: "text/plain; charset=utf-8".to_owned() };
    Response { status: 200, headers: vec![plain], body }
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    text.as_bytes().chunks(2).map(byte).collect()
}
