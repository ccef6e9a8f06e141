//! Bodies as the real libraries send them, and bodies that nobody should send.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::event::NewEvent;

/// 2026-11-21T19:07:23.000Z.
const RECEIVED: Millis = 1_795_288_043_000;

fn read_all(call: Call, body: &[u8]) -> Result<Readings, BadEvent> {
    let mut next = 0;
    read(call, body, Some("CN"), RECEIVED, &mut || {
        next += 1;
        EventId::from_uuid(Uuid::from_u128(next))
    })
}

fn read_one(call: Call, body: Value) -> Result<NewEvent, BadEvent> {
    read_all(call, body.to_string().as_bytes()).unwrap().remove(0)
}

fn names(event: &NewEvent) -> Vec<String> {
    event.body.identities.iter().map(ToString::to_string).collect()
}

/// segment-analytics-python 2.4.0, one message of each kind.
const PYTHON: &str = r#"{"batch": [
{"integrations": {}, "anonymousId": null, "timestamp": "2026-11-21T19:07:22.218+00:00", "context": {"library": {"name": "analytics-python", "version": "2.4.0"}}, "type": "identify", "userId": "u1", "traits": {"email": "Ada@example.com", "phone": "+86 138 0013 8000", "plan": "pro"}, "messageId": "m-0"},
{"integrations": {}, "anonymousId": null, "properties": {"order_id": "1", "total": 19.99}, "timestamp": "2026-11-21T19:07:22.219+00:00", "context": {"library": {"name": "analytics-python", "version": "2.4.0"}}, "userId": "u1", "type": "track", "event": "Order Completed", "messageId": "m-1"},
{"integrations": {}, "anonymousId": "an1", "properties": {}, "timestamp": "2026-11-21T19:07:22.219+00:00", "context": {}, "userId": null, "type": "track", "event": "Seen", "messageId": "m-2"},
{"integrations": {}, "anonymousId": null, "properties": {"url": "https://x.example/docs?a=1"}, "timestamp": "2026-11-21T19:07:22.219+00:00", "category": "Docs", "context": {}, "userId": "u1", "type": "page", "name": "Python", "messageId": "m-3"},
{"integrations": {}, "anonymousId": null, "properties": {}, "timestamp": "2026-11-21T19:07:22.219+00:00", "category": "Cat", "context": {}, "userId": "u1", "type": "screen", "name": "Home", "messageId": "m-4"},
{"integrations": {}, "anonymousId": null, "timestamp": "2026-11-21T19:07:22.219+00:00", "groupId": "g1", "context": {}, "userId": "u1", "traits": {"name": "Initech"}, "type": "group", "messageId": "m-5"},
{"integrations": {}, "previousId": "an1", "timestamp": "2026-11-21T19:07:22.219+00:00", "context": {}, "userId": "u1", "type": "alias", "messageId": "m-6", "anonymousId": null}
], "sentAt": "2026-11-21T19:07:22.719177+00:00", "writeKey": "wk"}"#;

#[test]
fn the_python_library_is_read() {
    let read = read_all(Call::Batch, PYTHON.as_bytes()).unwrap();
    let expected: [(&str, &[&str], Value, Option<&str>); 7] = [
        ("identify", &["user:u1", "email:ada@example.com", "phone:+8613800138000"], json!({}), None),
        ("Order Completed", &["user:u1"], json!({"order_id": "1", "total": 19.99}), None),
        ("Seen", &["anonymous:an1"], json!({}), None),
        (
            "page",
            &["user:u1"],
            json!({"url": "https://x.example/docs?a=1", "name": "Python", "category": "Docs"}),
            Some("https://x.example/docs"),
        ),
        ("screen", &["user:u1"], json!({"name": "Home", "category": "Cat"}), None),
        ("group", &["user:u1"], json!({"groupId": "g1", "traits": {"name": "Initech"}}), None),
        ("alias", &["user:u1", "user:an1", "anonymous:an1"], json!({"previousId": "an1"}), None),
    ];
    assert_eq!(read.len(), expected.len());
    for (index, (event, (kind, identities, properties, touchpoint))) in read.into_iter().zip(expected).enumerate() {
        let event = event.unwrap();
        assert_eq!((event.kind.as_str(), event.message_id.as_str()), (kind, &*format!("m-{index}")));
        assert_eq!(names(&event), identities, "{kind}");
        assert_eq!(Value::Object(event.body.properties), properties, "{kind}");
        assert_eq!(event.body.touchpoint.as_deref(), touchpoint, "{kind}");
        assert_eq!((event.occurred_at / 1_000, event.received_at), (RECEIVED / 1_000 - 1, RECEIVED));
        assert_eq!(event.body.notes, Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn the_node_library_is_read() {
    let body = r#"{"batch":[{"timestamp":"2026-11-21T19:07:20.483Z","integrations":{},"event":"Seen","type":"track","properties":{"a":1},"context":{"page":{"url":"https://x.example/p?q=1"},"locale":"zh-CN","traits":{"plan":"pro","email":"a@b"},"library":{"name":"@segment/analytics-node","version":"3.1.0"}},"anonymousId":"an1","messageId":"node-next-1","_metadata":{"nodeVersion":"v20.20.2","jsRuntime":"node"}}],"writeKey":"wk","sentAt":"2026-11-21T19:07:22.487Z"}"#;
    let event = read_all(Call::Batch, body.as_bytes()).unwrap().remove(0).unwrap();
    assert_eq!(names(&event), ["email:a@b", "anonymous:an1"]);
    assert_eq!(Value::Object(event.body.traits), json!({"plan": "pro", "email": "a@b", "locale": "zh-CN"}));
    assert_eq!(event.body.touchpoint.as_deref(), Some("https://x.example/p"));
    assert_eq!(event.occurred_at, RECEIVED - 2_517);
}

#[test]
fn the_rudderstack_library_is_read() {
    let body = r#"{"batch":[{"userId":"u1","traits":{"email":"ada@example.com"},"context":{"externalId":[{"type":"ga","id":"x1"}],"traits":{"email":"ada@example.com"},"library":{"name":"analytics-node","version":"3.0.13"}},"type":"identify","channel":"server","_metadata":{"nodeVersion":"20.20.2"},"originalTimestamp":"2026-11-21T19:07:21.859Z","messageId":"r-1","sentAt":"2026-11-21T19:07:22.860Z"},{"userId":"u1","event":"Seen","properties":{"a":1},"timestamp":"2020-02-01T00:00:00.000Z","type":"track","context":{},"channel":"server","originalTimestamp":"2026-11-21T19:07:21.862Z","messageId":"r-2","sentAt":"2026-11-21T19:07:22.879Z"}],"timestamp":"2026-11-21T19:07:22.860Z","sentAt":"2026-11-21T19:07:22.860Z"}"#;
    let read = read_all(Call::Batch, body.as_bytes()).unwrap();
    let [Ok(identify), Ok(track)] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(names(identify), ["user:u1", "email:ada@example.com", "ga:x1"]);
    assert_eq!((identify.body.channel.as_deref(), identify.occurred_at), (Some("server"), RECEIVED - 1_141));
    assert_eq!(track.occurred_at, 1_580_515_200_000, "the time the caller gave, not the time of the call");
}

#[test]
fn who_an_event_is_about() {
    let external = |list: Value| json!({"userId": "u", "context": {"externalIds": list}});
    let cases: [(Value, &[&str], usize); 14] = [
        (json!({"userId": 42}), &["user:42"], 0),
        (json!({"userId": "", "anonymousId": "a"}), &["anonymous:a"], 0),
        (json!({"anonymousId": "a", "userId": "u"}), &["user:u", "anonymous:a"], 0),
        (
            json!({"userId": "u", "traits": {"email": "none", "phone": 13_800_138_000_u64}}),
            &["user:u", "phone:+8613800138000"],
            1,
        ),
        (json!({"userId": "u", "traits": {"phone": "23800138000"}}), &["user:u"], 1),
        (json!({"userId": "null", "anonymousId": "a"}), &["anonymous:a"], 1),
        (external(json!([{"id": "138 0013 8000", "type": "phone"}])), &["user:u", "phone:+8613800138000"], 0),
        (json!({"userId": "u", "traits": {"email": null, "phone": ""}}), &["user:u"], 0),
        (json!({"userId": "u", "traits": {"email": ["a@b"]}}), &["user:u"], 1),
        (
            external(json!([{"id": "X", "type": "ios.idfa", "collection": "users", "encoding": "none"}])),
            &["user:u", "ios_idfa:X"],
            0,
        ),
        (
            external(json!([{"id": "v", "type": "user_id"}, {"id": "a@b", "type": "email"}])),
            &["user:u", "user:v", "email:a@b"],
            0,
        ),
        (
            external(
                json!([{"id": "1", "type": "x", "collection": "accounts"}, {"id": "1", "type": "x", "encoding": "base64"}, 7, {"id": {}, "type": "x"}]),
            ),
            &["user:u"],
            4,
        ),
        (external(json!("x")), &["user:u"], 1),
        (external(json!(vec![json!(null); 1_000])), &["user:u"], 8),
    ];
    for (body, expected, notes) in cases {
        let event = read_one(Call::Identify, body.clone()).unwrap();
        assert_eq!(names(&event), expected, "{body}");
        assert_eq!(event.body.notes.len(), notes, "{body}: {:?}", event.body.notes);
        assert_eq!(event.message_id, event.id.to_string(), "its own id where the sender gave none");
    }
}

#[test]
fn when_it_happened() {
    for (times, expected, notes) in [
        (json!({}), RECEIVED, 0),
        (json!({"timestamp": null}), RECEIVED, 0),
        (json!({"timestamp": "2026-11-21T18:07:23Z"}), RECEIVED - 3_600_000, 0),
        (json!({"timestamp": RECEIVED / 1_000 - 60}), RECEIVED - 60_000, 0),
        (json!({"timestamp": "2026-11-21T21:07:20+01:00", "sentAt": "2026-11-21T21:07:23+01:00"}), RECEIVED - 3_000, 1),
        (json!({"timestamp": "2099-01-01T00:00:00Z"}), RECEIVED, 1),
        (json!({"timestamp": "0001-01-01T00:00:00Z"}), RECEIVED, 1),
        (json!({"timestamp": i64::MIN}), RECEIVED, 1),
        (json!({"timestamp": -1e300}), RECEIVED, 1),
        (json!({"timestamp": "2026-11-21T19:07:20Z", "sentAt": "now"}), RECEIVED - 3_000, 1),
    ] {
        let mut body = json!({"userId": "u", "event": "Seen"});
        body.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let event = read_one(Call::Track, body).unwrap();
        assert_eq!((event.occurred_at, event.body.notes.len()), (expected, notes), "{times} {:?}", event.body.notes);
    }
}

#[test]
fn where_it_happened() {
    for (url, expected) in [
        ("https://x.example/a?b=c#d", Some("https://x.example/a")),
        ("https://x.example/a#access_token=1", Some("https://x.example/a")),
        ("https://x.example/#/shop?b", Some("https://x.example/#/shop")),
        ("?a", None),
        ("", None),
        ("a\u{7}b", None),
    ] {
        let event = read_one(Call::Page, json!({"userId": "u", "context": {"page": {"url": url}}})).unwrap();
        assert_eq!(event.body.touchpoint.as_deref(), expected, "{url}");
    }
}

#[test]
fn a_bad_message_is_refused_with_its_place() {
    let many: crate::JsonMap = (0..257).map(|n| (n.to_string(), json!(n))).collect();
    let ids: Vec<Value> = (0..16).map(|n| json!({"id": n, "type": "crm"})).collect();
    for (call, body, at) in [
        (Call::Track, json!({"event": "Seen"}), "userId"),
        (Call::Track, json!({"event": "Seen", "userId": " ", "anonymousId": null}), "userId"),
        (Call::Track, json!({"event": "Seen", "userId": "x".repeat(257)}), "userId"),
        (Call::Track, json!({"event": "Seen", "userId": "a\u{0}"}), "userId"),
        (Call::Track, json!({"event": "Seen", "userId": 1.5}), "userId"),
        (Call::Track, json!({"event": "Seen", "userId": 1e22}), "userId"),
        (Call::Track, json!({"event": "Seen", "anonymousId": true}), "anonymousId"),
        (Call::Track, json!({"userId": "u"}), "event"),
        (Call::Track, json!({"userId": "u", "event": ""}), "event"),
        (Call::Track, json!({"userId": "u", "event": 7}), "event"),
        (Call::Track, json!({"userId": "u", "event": "guanxi.timer"}), "event"),
        (Call::Track, json!({"userId": "u", "event": "a\u{0}"}), "event"),
        (Call::Track, json!({"userId": "u", "event": "e".repeat(129)}), "event"),
        (Call::Track, json!({"userId": "u", "event": "e", "properties": [1]}), "properties"),
        (Call::Track, json!({"userId": "u", "event": "e", "properties": {"a": ["\u{0}"]}}), "properties.a[0]"),
        (Call::Track, json!({"userId": "u", "event": "e", "timestamp": "yesterday"}), "timestamp"),
        (Call::Track, json!({"userId": "u", "event": "e", "originalTimestamp": {}}), "originalTimestamp"),
        (Call::Track, json!({"userId": "u", "event": "e", "messageId": "m".repeat(129)}), "messageId"),
        (Call::Track, json!({"userId": "u", "event": "e", "messageId": "\u{0}"}), "messageId"),
        (Call::Track, json!({"userId": "u", "event": "e", "context": [1]}), "context"),
        (Call::Track, json!({"userId": "u", "event": "e", "context": {"traits": 1}}), "context.traits"),
        (Call::Identify, json!({"userId": "u", "traits": "x"}), "traits"),
        (Call::Identify, json!({"userId": "u", "traits": {"\u{0}": 1}}), "traits"),
        (Call::Identify, json!({"userId": "u", "traits": many}), "traits"),
        (Call::Identify, json!({"userId": "u", "context": {"locale": "\u{0}"}}), "traits.locale"),
        (Call::Identify, json!({"userId": "u", "context": {"externalIds": ids}}), "body"),
        (Call::Page, json!({"userId": "u", "name": 1}), "name"),
        (Call::Screen, json!({"userId": "u", "category": "\u{0}"}), "properties.category"),
        (Call::Group, json!({"userId": "u"}), "groupId"),
        (Call::Group, json!({"userId": "u", "groupId": "g", "traits": 3}), "traits"),
        (Call::Alias, json!({"userId": "u"}), "previousId"),
        (Call::Alias, json!({"previousId": "u", "anonymousId": "a"}), "previousId"),
    ] {
        let bad = read_one(call, body.clone()).unwrap_err();
        assert_eq!(bad.at, at, "{body}: {bad}");
    }
}

#[test]
fn one_bad_message_of_a_batch_leaves_the_others() {
    let huge = "x".repeat(EVENT_BYTES_MAX);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let good = r#"{"type":"track","userId":"u","event":"e"}"#;
    for (message, at) in [
        (r#"{"userId":"u"}"#, "batch[1].type"),
        (r#"{"type":"batch","userId":"u"}"#, "batch[1].type"),
        (r#"{"type":3,"userId":"u"}"#, "batch[1].type"),
        (r#"{"type":"track","event":"e"}"#, "batch[1].userId"),
        (&*format!(r#"{{"type":"track","userId":"u","event":"e","x":"{huge}"}}"#), "batch[1]"),
        (&*format!(r#"{{"type":"track","userId":"u","event":"e","properties":{{"a":{deep}}}}}"#), "batch[1]"),
        (r#"{"type":"track","userId":"u","event":"e","properties":{"a":1e999}}"#, "batch[1]"),
        (r#"{"type":"track","userId":"u","event":"\ud800"}"#, "batch[1]"),
        (r#"{"type":"track","userId":"u","userId":"v","event":"e"}"#, "batch[1]"),
        (r#"["track","m","u"]"#, "batch[1]"),
        ("null", "batch[1]"),
        ("7", "batch[1]"),
    ] {
        let read = read_all(Call::Batch, format!(r#"{{"batch":[{good},{message},{good}]}}"#).as_bytes()).unwrap();
        assert!(matches!(read.as_slice(), [Ok(_), Err(bad), Ok(_)] if bad.at == at), "{message:.80}: {read:?}");
    }
}

#[test]
fn a_bad_request_is_refused_as_a_whole() {
    let large = format!(r#"{{"batch":[],"x":"{}"}}"#, "x".repeat(BATCH_BYTES_MAX));
    let many = format!(r#"{{"batch":[1{}]}}"#, ",1".repeat(BATCH_EVENTS_MAX));
    let deep = "[".repeat(100_000);
    for (body, at, problem) in [
        (&b""[..], "body", "line 1 column 0"),
        (b"\xff{}", "body", "UTF-8 from byte 0"),
        (b"hello", "body", "line 1 column 1"),
        (b"{\"batch\":[{\"type\":", "body", "line 1 column 18"),
        (b"{\"batch\":[]}}", "body", "trailing"),
        (b"{\"batch\":[\"\0\"]}", "body", "control character"),
        (b"[]", "body", "not a JSON object"),
        (b"null", "body", "not a JSON object"),
        (b"{}", "batch", "missing"),
        (b"{\"batch\":null}", "batch", "missing"),
        (b"{\"batch\":{}}", "batch", "not a JSON list"),
        (b"{\"batch\":[],\"context\":[]}", "context", "not a JSON object"),
        (large.as_bytes(), "body", "at most 512000"),
        (many.as_bytes(), "batch", "at most 2500"),
        (deep.as_bytes(), "body", "line 1"),
    ] {
        let bad = read_all(Call::Batch, body).unwrap_err();
        assert!(bad.at == at && bad.problem.contains(problem), "{:.60}: {bad}", String::from_utf8_lossy(body));
    }
    let single = format!(r#"{{"userId":"u","event":"e","x":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX));
    assert!(read_all(Call::Track, single.as_bytes()).unwrap_err().problem.contains("at most 32768"));
    assert_eq!(read_all(Call::Batch, b"{\"batch\":[]}"), Ok(vec![]));
}

#[test]
fn no_truncation_or_flip_of_a_real_body_breaks_the_reader() {
    let body = PYTHON.as_bytes();
    for length in 0..body.len() {
        assert!(read_all(Call::Batch, &body[..length]).is_err(), "{length}");
    }
    for place in 0..body.len() {
        for byte in [0, b'"', b'{', b'\\', b'9', 0xff] {
            let mut mangled = body.to_vec();
            mangled[place] = byte;
            for event in read_all(Call::Batch, &mangled).into_iter().flatten().flatten() {
                let stored = serde_json::to_string(&event).unwrap();
                assert!(!stored.contains("\\u0000"), "{stored}");
                assert!(!event.kind.is_empty() && !event.body.identities.is_empty());
            }
        }
    }
}
