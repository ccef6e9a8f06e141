//! CH-2, CH-3: X's checks and signatures, activities as it documents them, limits, and OAuth 1.0a.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, X, send, sign};

fn call(method: &str, query: &str, signature: &str, body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("consumer-secret", b"MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98");
    let header = Header { name: "X-Twitter-Webhooks-Signature".to_owned(), value: signature.to_owned() };
    let request = Incoming {
        method: method.to_owned(),
        query: query.to_owned(),
        headers: vec![header],
        body: body.as_bytes().to_vec(),
    };
    X::receive(&Settings::default(), &request, NOW)
}

fn signed(body: &Value) -> Result<Reception, Refusal> {
    testing::set_secret("consumer-secret", b"MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98");
    let body = body.to_string();
    let mac = secrets::hmac("consumer-secret", Digest::Sha256, body.as_bytes()).unwrap();
    call("POST", "", &format!("sha256={}", STANDARD.encode(mac)), &body)
}

#[test]
fn the_check_is_answered_with_the_tokens_signature_and_signs_nothing_else() {
    // Computed with Python's `hmac`.
    let reception = call("GET", "crc_token=foo&nonce=bar", "", "").unwrap();
    let answer: Value = serde_json::from_slice(&reception.reply.body).unwrap();
    assert_eq!(answer, json!({"response_token": "sha256=mRqW+DSlemy62qFsQxx9nVtH47tBHhXV0Dehlfn99/k="}));
    for query in
        ["", "crc_token=", "crc_token=%7B%22for_user_id%22%3A1%7D", "crc_token=a&crc_token=b", "crc_token=a%20b"]
    {
        assert!(matches!(call("GET", query, "", ""), Err(Refusal::Malformed(_))), "{query}");
    }
}

#[test]
fn only_x_is_heard() {
    let body = r#"{"for_user_id":"1"}"#;
    for signature in [
        "",
        "sha256=",
        "sha256=mRqW+DSlemy62qFsQxx9nVtH47tBHhXV0Dehlfn99/k=",
        "mRqW+DSlemy62qFsQxx9nVtH47tBHhXV0Dehlfn99/k=",
    ] {
        assert_eq!(call("POST", "", signature, body).unwrap_err(), Refusal::BadSignature, "{signature}");
    }
    assert!(signed(&json!({"for_user_id": "1"})).unwrap().events.is_empty());
    assert!(matches!(signed(&json!({})), Err(Refusal::Malformed(_))));
}

#[test]
fn what_others_do_becomes_events() {
    let check = |activity: &str, one: Value, key: &str, kind: &str, properties: Value| {
        let reception =
            signed(&json!({"for_user_id": "4337869213", activity: [one], "users": {"3001969357": {}}})).unwrap();
        let received = &reception.events[0];
        assert_eq!((received.key.as_str(), received.event.kind.as_str()), (key, kind));
        assert_eq!(received.identities, ["x_user_id:3001969357"]);
        assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), properties);
        received.event.at
    };
    let message = |sender: &str, data: Value| {
        json!({"type": "message_create", "id": "954491830116155396", "created_timestamp": "1516403560557",
            "message_create": {"target": {"recipient_id": "4337869213"}, "sender_id": sender, "message_data": data}})
    };
    let at = check(
        "direct_message_events",
        message("3001969357", json!({"text": "Hello 你好", "entities": {}})),
        "direct_message-3001969357-954491830116155396",
        "Message Received",
        json!({"text": "Hello 你好", "message-id": "954491830116155396", "kind": "text"}),
    );
    assert_eq!(at, 1_516_403_560_557);
    check(
        "direct_message_events",
        message("3001969357", json!({"text": "Yes", "quick_reply_response": {"type": "options", "metadata": "y"}})),
        "direct_message-3001969357-954491830116155396",
        "Button Clicked",
        json!({"value": "y", "title": "Yes", "message-id": "954491830116155396"}),
    );
    let follow = json!({"type": "follow", "created_timestamp": "1517588749178", "target": {"id": "4337869213"}, "source": {"id": "3001969357"}});
    check("follow_events", follow, "follow-3001969357-1517588749178", "Channel Followed", json!({}));
    let read = json!({"created_timestamp": "1518452444662", "sender_id": "3001969357", "target": {"recipient_id": "4337869213"},
        "last_read_event_id": "963085315333238788"});
    check(
        "direct_message_mark_read_events",
        read,
        "direct_message_mark_read-3001969357-963085315333238788",
        "guanxi.delivery",
        json!({"channel-id": "963085315333238788", "state": "read"}),
    );
    let post =
        json!({"id_str": "77", "timestamp_ms": "1517588749178", "text": "@shop 好", "user": {"id_str": "3001969357"}});
    check(
        "tweet_create_events",
        post,
        "tweet_create-3001969357-77",
        "Channel Event",
        json!({"kind": "mention", "text": "@shop 好", "message-id": "77"}),
    );
    let like = json!({"id": "a7ba", "timestamp_ms": 1_517_588_749_178_i64, "user": {"id_str": "3001969357"}});
    check(
        "favorite_events",
        like.clone(),
        "favorite-3001969357-a7ba",
        "Channel Event",
        json!({"kind": "favorite_events", "fields": like}),
    );
    let own = message("4337869213", json!({"text": "ours"}));
    let silent = signed(&json!({"for_user_id": "4337869213", "direct_message_events": [own, 7]})).unwrap();
    assert_eq!((silent.reply.status, silent.events.len()), (200, 0));
}

#[test]
fn limits_say_until_when() {
    let check = |headers: &[(&str, &str)], expected| {
        assert_eq!(send::outcome(&testing::response(429, headers, b""), NOW), Ok(expected), "{headers:?}");
    };
    check(&[], Outcome::RetryAfter(30));
    check(&[("retry-after", "17")], Outcome::RetryAfter(17));
    check(&[("x-rate-limit-reset", "1767225900")], Outcome::QuotaExhausted(1_767_225_900_000));
    check(&[("x-rate-limit-reset", "1")], Outcome::RetryAfter(30));
    let day = ("x-app-limit-24hour-reset", "1767300000");
    let left = [
        ("x-rate-limit-remaining", "3"),
        ("x-rate-limit-reset", "1767225900"),
        ("x-app-limit-24hour-remaining", "0"),
        day,
    ];
    check(&left, Outcome::QuotaExhausted(1_767_300_000_000));
    check(&[("x-rate-limit-reset", "9999999999")], Outcome::QuotaExhausted(NOW + 86_400_000));
}

/// From X's page on creating a signature.
#[test]
fn the_published_signature_of_oauth_comes_out() {
    testing::set_secret("consumer-secret", b"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw");
    testing::set_secret("token-secret", b"LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE");
    let parameters = [
        ("include_entities", "true"),
        ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
        ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "1318622958"),
        ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        ("oauth_version", "1.0"),
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
    ];
    let is = sign::signature("POST", "https://api.twitter.com/1.1/statuses/update.json", &parameters).unwrap();
    assert_eq!(is, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
    let settings = Settings { consumer_key: "k".to_owned(), token: "t".to_owned() };
    match X::send(&settings, &testing::outbound("x_user_id:12", json!({"text": "Hi"}))).unwrap() {
        Step::Perform(exchange) => {
            let header = &exchange.request.headers[0].value;
            assert!(header.starts_with("OAuth oauth_consumer_key=\"k\", oauth_nonce=\"msg_test-1\", "), "{header}");
        }
        other => panic!("{other:?}"),
    }
    let half = Settings { consumer_key: "k".to_owned(), ..Settings::default() };
    let failed = X::send(&half, &testing::outbound("x_user_id:12", json!({"text": "Hi"})));
    assert!(matches!(failed, Err(Failure::BadConfig(_))));
}

#[test]
fn what_x_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match X::send(
        &Settings::default(),
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "x_user_id:12";
    check(to, json!({"text": "x".repeat(10_001)}), "10001 characters");
    check(to, json!({"text": "x", "image": "https://x.example/a"}), "no buttons");
    check(to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check("x_user_id:ada", json!({"text": "x"}), "no id");
}
