//! CH-2, CH-3: LINE's own signature, events as its SDK's tests have them, and the key of every attempt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::NoConfig;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outbound, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::Line;

const USER: &str = "U4af4980629f1d5a0e0000000000000ab";

fn call(signatures: &[&str], body: &str) -> Result<Reception, Refusal> {
    let header = |value: &&str| Header { name: "X-Line-Signature".to_owned(), value: (*value).to_owned() };
    let request = Incoming {
        method: "POST".to_owned(),
        query: String::new(),
        headers: signatures.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    };
    Line::receive(&NoConfig, &request, NOW)
}

fn signed(body: &Value) -> Reception {
    testing::set_secret("channel-secret", b"channel_secret");
    let body = body.to_string();
    let signature = secrets::hmac("channel-secret", Digest::Sha256, body.as_bytes()).unwrap();
    call(&[&STANDARD.encode(signature)], &body).unwrap()
}

#[test]
fn the_published_signature_is_taken_and_no_other() {
    testing::set_secret("channel-secret", b"channel_secret");
    // line-bot-sdk-python tests/v3/test_webhook.py: the signature fits, and then the body is no JSON.
    let (good, body) = ("/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k=", "bodybodybodybody");
    assert_eq!(call(&[good], body).unwrap_err(), Refusal::Malformed("the body is no JSON".to_owned()));
    for (signatures, body) in [
        (&[][..], body),
        (&[""], body),
        (&["/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7l="], body),
        (&["/gg9"], body),
        (&[good, good], body),
        (&[good], "bodybodybodybodx"),
    ] {
        assert_eq!(call(signatures, body).unwrap_err(), Refusal::BadSignature, "{signatures:?}");
    }
}

#[test]
fn events_have_their_kinds_and_keys() {
    let event = |kind: &str, more: Value| {
        let mut event = json!({"type": kind, "timestamp": 1_692_251_666_727_i64, "source": {"type": "user", "userId": USER},
            "webhookEventId": "01H810YECXQQZ37VAXPF6H9E6T", "deliveryContext": {"isRedelivery": true}, "replyToken": "r"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let check = |told: Value, kind: &str, properties: Value| {
        let reception = signed(&json!({"destination": "x", "events": [told]}));
        let received = &reception.events[0];
        assert_eq!((received.key.as_str(), received.event.at), ("01H810YECXQQZ37VAXPF6H9E6T", 1_692_251_666_727));
        assert_eq!(received.identities, [format!("line_user_id:{USER}")]);
        assert_eq!(
            (received.event.kind.as_str(), serde_json::from_str::<Value>(&received.event.properties).unwrap()),
            (kind, properties)
        );
    };
    check(
        event("message", json!({"message": {"id": "444573844083572737", "type": "text", "text": "@All 你好"}})),
        "Message Received",
        json!({"text": "@All 你好", "message-id": "444573844083572737", "kind": "text", "chat": "user", "reply-token": "r"}),
    );
    check(
        event("message", json!({"message": {"id": "3", "type": "location", "title": "my location"}})),
        "Message Received",
        json!({"text": "my location", "message-id": "3", "kind": "location", "chat": "user", "reply-token": "r"}),
    );
    check(
        event("postback", json!({"postback": {"data": "yes"}})),
        "Button Clicked",
        json!({"value": "yes", "reply-token": "r"}),
    );
    check(event("follow", json!({"follow": {"isUnblocked": false}})), "Channel Followed", json!({"again": false}));
    check(event("unfollow", json!({})), "Channel Unfollowed", json!({"reason": "blocked"}));
    let beacon = event("beacon", json!({"beacon": {"hwid": "d41d8cd98f"}}));
    check(beacon.clone(), "Channel Event", json!({"kind": "beacon", "fields": beacon}));
}

#[test]
fn the_check_of_the_address_and_events_about_nobody_are_answered() {
    for events in
        [json!([]), json!([{"type": "join", "webhookEventId": "1", "source": {"type": "group", "groupId": "C1"}}, 7])]
    {
        let reception = signed(&json!({"destination": "x", "events": events}));
        assert_eq!((reception.reply.status, reception.events.len()), (200, 0));
    }
}

#[test]
fn the_retry_key_is_a_uuid_of_the_message_alone() {
    let key = |id: &str, attempt| {
        let message = testing::outbound(&format!("line_user_id:{USER}"), json!({"text": "x"}));
        match Line::send(&NoConfig, &Outbound { id: id.to_owned(), attempt, ..message }).unwrap() {
            Step::Perform(exchange) => {
                exchange.request.headers.into_iter().find(|h| h.name == "x-line-retry-key").unwrap().value
            }
            other => panic!("{other:?}"),
        }
    };
    let first = key("msg_1", 1);
    assert_eq!(first, key("msg_1", 2));
    assert_ne!(first, key("msg_2", 1));
    let lengths: Vec<usize> = first.split('-').map(str::len).collect();
    assert!(lengths == [8, 4, 4, 4, 12] && first.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()), "{first}");
}

#[test]
fn what_line_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Line::send(
        &NoConfig,
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = format!("line_user_id:{USER}");
    check(&to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(&to, json!({"text": "x".repeat(5_001)}), "5001 characters");
    check(&to, json!({"text": "x", "image": "http://x.example/a"}), "https only");
    check(&to, json!({"text": "x", "buttons": [{"text": "x".repeat(21), "value": "v"}]}), "21 characters");
    check(&to, json!({"text": "x", "buttons": [{"text": "b"}]}), "`url` or a `value`");
    check("line_user_id:C4af4980629f1d5a0e0000000000000ab", json!({"text": "x"}), "no id");
}
