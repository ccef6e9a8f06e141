//! What happens in conversations of Messenger and Instagram: who wrote, tapped, came by a link, opted in, and what became of
//! messages.

use guanxi_plugin::connector::{Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::callback::{self, kept, key, text};

/// Where people are met.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The connector's channel.
    pub channel: &'a str,
    /// The kind of identity that its people have.
    pub identity: &'a str,
    /// What Meta calls it: `page`, `instagram`.
    pub object: &'a str,
    /// The account whose conversations are kept; all that the app has if it is empty.
    pub account: &'a str,
}

/// Reads what is signed.
pub fn read(place: Place<'_>, told: &Value, now: Instant) -> Result<Reception, Refusal> {
    if text(told, "/object") != place.object {
        return Err(Refusal::Malformed(format!("the `object` is not `{}`", place.object)));
    }
    let mut events = Vec::new();
    for entry in told.get("entry").and_then(Value::as_array).into_iter().flatten() {
        if !place.account.is_empty() && callback::id(entry, "/id") != place.account {
            continue;
        }
        for one in entry.get("messaging").and_then(Value::as_array).into_iter().flatten() {
            events.extend(happened(place, one, now)?);
        }
        if entry.get("changes").is_some() {
            log!(info, "a change on {} is not part of a conversation and not kept", place.channel);
        }
    }
    Ok(Reception { reply: callback::reply("EVENT_RECEIVED"), events })
}

/// One entry of a conversation. What the account itself wrote comes back as an echo and is not kept.
fn happened(place: Place<'_>, one: &Value, now: Instant) -> Result<Vec<Received>, Refusal> {
    let sender = callback::id(one, "/sender/id");
    if sender.is_empty() || one.pointer("/message/is_echo") == Some(&Value::Bool(true)) {
        return Ok(Vec::new());
    }
    let at = one.get("timestamp").and_then(Value::as_i64).filter(|at| *at > 0).unwrap_or(now);
    if let Some(delivery) = one.get("delivery") {
        let ids = delivery.get("mids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let receipt = |id: &str| {
            let properties = json!({ "channel-id": id, "state": "delivered" });
            received(place, &sender, key(&["delivered", id])?, "guanxi.delivery", at, None, &properties)
        };
        return ids.map(receipt).collect();
    }
    let (parts, kind, touchpoint, properties) = told(one);
    let [what, id] = parts.each_ref().map(String::as_str);
    let key = if id.is_empty() { key(&[what, &sender, &at.to_string()]) } else { key(&[what, id]) };
    Ok(vec![received(place, &sender, key?, kind, at, touchpoint, &properties)?])
}

/// What tells an entry from others, its kind, by which link somebody came, and what is known.
fn told(one: &Value) -> ([String; 2], &'static str, Option<&str>, Value) {
    let part = |name: &str| one.get(name).unwrap_or(&Value::Null);
    let name = one.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let mut name = name.filter(|name| !["sender", "recipient", "timestamp"].contains(name));
    let name = name.next().unwrap_or_default();
    let came = ["/message/referral/ref", "/postback/referral/ref", "/referral/ref", "/optin/ref"];
    let came = came.into_iter().map(|pointer| text(one, pointer)).find(|reference| !reference.is_empty());
    let named = |id: &str| [name.to_owned(), id.to_owned()];
    let (message, postback, read) = (part("message"), part("postback"), part("read"));
    match name {
        "message" if message.pointer("/quick_reply").is_some() => {
            let (id, value) = (text(message, "/mid"), text(message, "/quick_reply/payload"));
            let properties = json!({ "value": value, "title": text(message, "/text"), "message-id": id });
            (named(id), "Button Clicked", came, properties)
        }
        "message" if message.get("is_deleted").is_none() => {
            let kind = text(message, "/attachments/0/type");
            let properties = json!({
                "text": text(message, "/text"), "message-id": text(message, "/mid"),
                "kind": if kind.is_empty() { "text" } else { kind },
                "file": text(message, "/attachments/0/payload/url"), "reply-to": text(message, "/reply_to/mid"),
            });
            (named(text(message, "/mid")), "Message Received", came, properties)
        }
        "postback" => {
            let id = text(postback, "/mid");
            let properties =
                json!({ "value": text(postback, "/payload"), "title": text(postback, "/title"), "message-id": id });
            (named(id), "Button Clicked", came, properties)
        }
        // Messenger tells until when all was read, Instagram what.
        "read" if read.get("mid").is_some() => {
            let id = text(read, "/mid");
            (named(id), "guanxi.delivery", None, json!({ "channel-id": id, "state": "read" }))
        }
        _ => (named(""), "Channel Event", came, json!({ "kind": name, "fields": kept(part(name).clone()) })),
    }
}

fn received(
    place: Place<'_>,
    sender: &str,
    key: String,
    kind: &str,
    at: Instant,
    touchpoint: Option<&str>,
    properties: &Value,
) -> Result<Received, Refusal> {
    let identities = vec![format!("{}:{sender}", place.identity)];
    let mut received = callback::received(key, identities, place.channel, kind, at, properties);
    received.event.touchpoint = touchpoint.map(|reference| reference.chars().take(TOUCHPOINT_MAX).collect());
    Ok(received)
}

/// The most characters of a link's own word that are kept.
const TOUCHPOINT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use guanxi_plugin::testing::NOW;

    use super::*;

    const PAGE: Place<'_> =
        Place { channel: "messenger", identity: "messenger_psid", object: "page", account: "682498302938465" };

    fn read_all(messaging: Value) -> Vec<(String, String, Option<String>, Value)> {
        let told = json!({"object": "page", "entry": [{"id": "682498302938465", "time": 1, "messaging": messaging}]});
        let events = read(PAGE, &told, NOW).unwrap().events;
        let shown = |received: Received| {
            assert_eq!(received.identities, ["messenger_psid:24015"]);
            let Received { key, event, .. } = received;
            (key, event.kind, event.touchpoint, serde_json::from_str(&event.properties).unwrap())
        };
        events.into_iter().map(shown).collect()
    }

    /// As the Messenger Platform's webhook reference has them.
    fn entry(more: Value) -> Value {
        let mut entry = json!({"sender": {"id": "24015"}, "recipient": {"id": "682498302938465"}, "timestamp": 1_458_668_856_463_i64});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    }

    #[track_caller]
    fn check(more: Value, key: &str, kind: &str, touchpoint: Option<&str>, properties: Value) {
        let expected = (key.to_owned(), kind.to_owned(), touchpoint.map(str::to_owned), properties);
        assert_eq!(read_all(json!([entry(more)])), [expected]);
    }

    #[test]
    fn ch_3_conversations_become_events() {
        let said = |text: &str, kind: &str, file: &str| json!({"text": text, "message-id": "m_1", "kind": kind, "file": file, "reply-to": ""});
        check(
            json!({"message": {"mid": "m_1", "text": "你好"}}),
            "message-m_1",
            "Message Received",
            None,
            said("你好", "text", ""),
        );
        let picture =
            json!({"mid": "m_1", "attachments": [{"type": "image", "payload": {"url": "https://a.example/i"}}]});
        check(
            json!({"message": picture}),
            "message-m_1",
            "Message Received",
            None,
            said("", "image", "https://a.example/i"),
        );
        let quick = json!({"mid": "m_1", "text": "Yes", "quick_reply": {"payload": "y"}});
        check(
            json!({"message": quick}),
            "message-m_1",
            "Button Clicked",
            None,
            json!({"value": "y", "title": "Yes", "message-id": "m_1"}),
        );
        let postback = json!({"mid": "m_2", "title": "Start", "payload": "P", "referral": {"ref": "shop-7", "source": "SHORTLINK"}});
        check(
            json!({"postback": postback}),
            "postback-m_2",
            "Button Clicked",
            Some("shop-7"),
            json!({"value": "P", "title": "Start", "message-id": "m_2"}),
        );
        let referral = json!({"ref": "shop-8", "source": "ADS", "type": "OPEN_THREAD"});
        check(
            json!({"referral": referral}),
            "referral-24015-1458668856463",
            "Channel Event",
            Some("shop-8"),
            json!({"kind": "referral", "fields": referral}),
        );
        let optin = json!({"ref": "shop-9", "type": "notification_messages"});
        check(
            json!({"optin": optin}),
            "optin-24015-1458668856463",
            "Channel Event",
            Some("shop-9"),
            json!({"kind": "optin", "fields": optin}),
        );
        let watermark = json!({"watermark": 1_458_668_856_253_i64});
        check(
            json!({"read": watermark}),
            "read-24015-1458668856463",
            "Channel Event",
            None,
            json!({"kind": "read", "fields": watermark}),
        );
        check(
            json!({"read": {"mid": "aWd1"}}),
            "read-aWd1",
            "guanxi.delivery",
            None,
            json!({"channel-id": "aWd1", "state": "read"}),
        );
    }

    #[test]
    fn ch_4_deliveries_are_receipts_and_echoes_nothing() {
        let delivery = entry(json!({"delivery": {"mids": ["m_1", "m_2"], "watermark": 1}}));
        let told = read_all(json!([delivery, entry(json!({"delivery": {"watermark": 1}}))]));
        let keys: Vec<&str> = told.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(keys, ["delivered-m_1", "delivered-m_2"]);
        assert_eq!(told[0].3, json!({"channel-id": "m_1", "state": "delivered"}));
        let nobody = json!({"sender": {"user_ref": "x"}, "message": {"mid": "m_3"}});
        assert!(read_all(json!([entry(json!({"message": {"is_echo": true, "mid": "m_3"}})), nobody, 7])).is_empty());
        let other = json!({"object": "page", "entry": [{"id": "1", "messaging": [entry(json!({"message": {"mid": "m"}}))]}, 7]});
        assert!(read(PAGE, &other, NOW).unwrap().events.is_empty());
        assert!(matches!(read(PAGE, &json!({"object": "user"}), NOW), Err(Refusal::Malformed(_))));
    }

    #[test]
    fn a_long_id_still_makes_a_key() {
        let id = "m".repeat(300);
        let told = read_all(json!([entry(json!({"message": {"mid": id, "text": "x"}}))]));
        assert_eq!((told[0].0.len(), told[0].3["message-id"].as_str()), (64, Some(id.as_str())));
    }
}
