//! Events of the specification's examples and of the official libraries, and events that nobody should send.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// 2026-11-21T19:07:23.000Z.
const RECEIVED: Millis = 1_795_288_043_000;

fn id() -> EventId {
    EventId::from_uuid(Uuid::from_u128(7))
}

fn structured(change: Value) -> Result<NewEvent, BadEvent> {
    let mut event = json!({
        "specversion": "1.0", "id": "A234", "source": "/shop", "type": "com.example.seen", "subject": "u1",
        "time": "2026-11-21T18:07:23Z", "datacontenttype": "application/json", "dataschema": "https://x.example/s",
    });
    event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    read_structured(event.to_string().as_bytes(), Some("CN"), RECEIVED, &mut id).unwrap().remove(0)
}

fn binary(headers: &[(&str, &str)], content_type: Option<&str>, body: &[u8]) -> Result<Readings, BadEvent> {
    let base = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/shop"), ("ce-type", "seen")];
    let kept = base.iter().filter(|(name, _)| !headers.iter().any(|(other, _)| name == other));
    let headers: Vec<_> = kept.chain(headers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read_binary(&headers, content_type, body, Some("CN"), RECEIVED, &mut id)
}

fn names(event: &NewEvent) -> Vec<String> {
    event.body.identities.iter().map(ToString::to_string).collect()
}

#[test]
fn a_structured_event_is_read() {
    let event = structured(json!({
        "identities": "phone:+8613800138000, anonymous:a1,", "channel": "wechat", "touchpoint": "shop-7",
        "data": {"a": 1, "traits": {"email": "ada@example.com", "phone": "x"}, "identities": ["member_card:9"]},
    }))
    .unwrap();
    assert_eq!((event.kind.as_str(), event.message_id.as_str()), ("com.example.seen", "/shop#A234"));
    assert_eq!((event.occurred_at, event.received_at), (RECEIVED - 3_600_000, RECEIVED));
    let expected = ["user:u1", "phone:+8613800138000", "member_card:9", "email:ada@example.com", "anonymous:a1"];
    assert_eq!(names(&event), expected);
    assert_eq!(event.body.channel.as_deref(), Some("wechat"));
    assert_eq!(event.body.touchpoint.as_deref(), Some("shop-7"));
    assert_eq!(Value::Object(event.body.properties), json!({"a": 1}));
    assert_eq!(Value::Object(event.body.traits), json!({"email": "ada@example.com", "phone": "x"}));
    assert_eq!(event.body.notes.len(), 1);
}

#[test]
fn subjects_and_data_have_many_shapes() {
    for (change, identity, properties) in [
        (json!({"subject": "email:Ada@Example.com"}), "email:ada@example.com", json!({})),
        (json!({"subject": "Mixed:1"}), "user:Mixed:1", json!({})),
        (json!({"subject": "42", "time": null, "data": null}), "user:42", json!({})),
        (json!({"data": [1, 2]}), "user:u1", json!({"data": [1, 2]})),
        (json!({"data": "<a/>", "datacontenttype": "text/xml"}), "user:u1", json!({"data": "<a/>"})),
        (json!({"data_base64": "aGk="}), "user:u1", json!({"data_base64": "aGk="})),
        (json!({"data": {"traits": [1]}}), "user:u1", json!({"traits": [1]})),
        (json!({"data": {"identities": [{"x": 1}]}}), "user:u1", json!({"identities": [{"x": 1}]})),
        (json!({"subject": "phone:１３８ ００１３ ８０００"}), "phone:+8613800138000", json!({})),
        (json!({"subject": "undefined", "identities": "phone:13800138000"}), "phone:+8613800138000", json!({})),
        (json!({"comexampleother": 7, "unknown": {"x": []}}), "user:u1", json!({})),
    ] {
        let event = structured(change.clone()).unwrap();
        assert_eq!(names(&event), [identity], "{change}");
        assert_eq!(Value::Object(event.body.properties), properties, "{change}");
    }
}

#[test]
fn message_ids_tell_sources_apart_and_stay_short() {
    let long = "s".repeat(300);
    let ids: Vec<String> = [("a#b", "c"), ("a", "b#c"), (&long, "1"), (&long, "2"), ("a", "1")]
        .into_iter()
        .map(|(source, id)| message_id(source, id))
        .collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() <= MESSAGE_ID_BYTES_MAX), "{ids:?}");
    assert!(ids[2].starts_with("sha256:") && ids[2].len() == 71);
}

#[test]
fn a_bad_event_is_refused_with_its_place() {
    let many: Vec<String> = (0..17).map(|n| format!("crm:{n}")).collect();
    let traits: JsonMap = (0..257).map(|n| (n.to_string(), json!(n))).collect();
    for (change, at) in [
        (json!({"specversion": null}), "specversion"),
        (json!({"specversion": "0.3"}), "specversion"),
        (json!({"specversion": 1.0}), "specversion"),
        (json!({"id": ""}), "id"),
        (json!({"id": 7}), "id"),
        (json!({"id": "a\u{0}"}), "id"),
        (json!({"source": null}), "source"),
        (json!({"type": null}), "type"),
        (json!({"type": "guanxi.timer"}), "type"),
        (json!({"type": "t".repeat(129)}), "type"),
        (json!({"time": "yesterday"}), "time"),
        (json!({"time": 1_795_288_043}), "time"),
        (json!({"subject": null}), "subject"),
        (json!({"subject": " "}), "subject"),
        (json!({"subject": "email:nobody"}), "subject"),
        (json!({"subject": "a\u{0}"}), "subject"),
        (json!({"identities": "nobody"}), "identities"),
        (json!({"identities": many.join(",")}), "body"),
        (json!({"channel": "c".repeat(65)}), "channel"),
        (json!({"touchpoint": "a\u{0}"}), "touchpoint"),
        (json!({"data": 1, "data_base64": "aGk="}), "data"),
        (json!({"data_base64": {}}), "data_base64"),
        (json!({"data": {"identities": ["a:b", "c"]}}), "data.identities[1]"),
        (json!({"data": {"traits": traits}}), "data.traits"),
        (json!({"data": {"a": "\u{0}"}}), "data.a"),
    ] {
        let bad = structured(change.clone()).unwrap_err();
        assert_eq!(bad.at, at, "{change}: {bad}");
    }
}

#[test]
fn batches_keep_good_events_beside_bad_ones() {
    let good = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"u"}"#;
    let huge = format!(r#"{{"x":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX));
    for (event, at) in
        [("{}", "[1].specversion"), ("[]", "[1]"), (r#"{"specversion":"1.0","id":"\udc00"}"#, "[1]"), (&*huge, "[1]")]
    {
        let read = read_batch(format!("[{good},{event},{good}]").as_bytes(), Some("CN"), RECEIVED, &mut id).unwrap();
        assert!(matches!(read.as_slice(), [Ok(_), Err(bad), Ok(_)] if bad.at == at), "{event:.60}: {read:?}");
    }
    assert_eq!(read_batch(b"[]", None, RECEIVED, &mut id), Ok(vec![]));
    let many = format!("[1{}]", ",1".repeat(BATCH_EVENTS_MAX));
    for bad in [b"".as_slice(), b"{}", b"[", b"[1,]", b"\xff", many.as_bytes(), &vec![b' '; BATCH_BYTES_MAX + 1]] {
        assert_eq!(read_batch(bad, None, RECEIVED, &mut id).unwrap_err().at, "body", "{bad:.20?}");
    }
    for bad in [b"".as_slice(), b"[]", b"{", b"7", b"\xff", &vec![b' '; EVENT_BYTES_MAX + 1]] {
        assert_eq!(read_structured(bad, None, RECEIVED, &mut id).unwrap_err().at, "body", "{bad:.20?}");
    }
}

#[test]
fn binary_events_carry_attributes_in_headers() {
    let json = Some("application/json; charset=utf-8");
    for (headers, content_type, body, identity, properties) in [
        (
            &[("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80")][..],
            json,
            &br#"{"a":1}"#[..],
            "user:Euro € 😀",
            json!({"a": 1}),
        ),
        (&[("ce-subject", r#""quoted \"x\" %41""#)], None, b"[1]", r#"user:quoted "x" A"#, json!({"data": [1]})),
        (&[("ce-subject", "100%"), ("x-other", "1"), ("ce-unknown", "%ff")], None, b"", "user:100%", json!({})),
        (&[("ce-identities", "email:a@b")], Some("text/plain"), b"hi", "email:a@b", json!({"data_base64": "aGk="})),
        (&[("ce-subject", "u")], Some("application/vnd.x+JSON"), b"7", "user:u", json!({"data": 7})),
    ] {
        let event = binary(headers, content_type, body).unwrap().remove(0).unwrap();
        assert_eq!(names(&event), [identity]);
        assert_eq!(Value::Object(event.body.properties), properties);
        assert_eq!(event.message_id, "/shop#1");
    }
}

#[test]
fn bad_binary_events_are_refused_with_their_header() {
    for (headers, body, at) in [
        (&[("ce-specversion", "0.2")][..], &b""[..], "ce-specversion"),
        (&[("ce-type", "")], b"", "ce-type"),
        (&[("ce-id", "%00")], b"", "ce-id"),
        (&[("ce-subject", "%ff")], b"", "ce-subject"),
        (&[("ce-subject", "u"), ("ce-subject", "v")], b"", "ce-subject"),
        (&[], b"", "ce-subject"),
        (&[("ce-subject", "u"), ("ce-time", "now")], b"", "ce-time"),
        (&[("ce-subject", "u")], br#"{"a":"\u0000"}"#, "data.a"),
    ] {
        let bad = binary(headers, None, body).unwrap().remove(0).unwrap_err();
        assert_eq!(bad.at, at, "{bad}");
    }
    let large = vec![b' '; EVENT_BYTES_MAX];
    for body in [&b"{"[..], b"\xff", b"{} x", large.as_slice()] {
        assert_eq!(binary(&[("ce-subject", "u")], None, body).unwrap_err().at, "body");
    }
}
