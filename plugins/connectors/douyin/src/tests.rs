//! CH-2, CH-3: Douyin's signature, its webhooks as it documents them, and what cannot be sent.

use guanxi_channel_kit::callback::hex;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::secrets::{self, Digest, Part};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Douyin, Settings};

fn settings() -> Settings {
    Settings { client_key: "ttxxxxxx".to_owned(), open_id: "_000Account".to_owned() }
}

fn call(body: &str, signature: &str, msg_id: Option<&str>) -> Result<Reception, Refusal> {
    testing::set_secret("client-secret", b"douyin_secret");
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let mut headers = vec![header("X-Douyin-Signature", signature)];
    headers.extend(msg_id.map(|id| header("Msg-Id", id)));
    let request = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: body.as_bytes().to_vec() };
    Douyin::receive(&settings(), &request, NOW)
}

/// As Douyin would sign it.
fn told(body: &Value, msg_id: Option<&str>) -> Reception {
    let body = body.to_string();
    let signature = secrets::hash(Digest::Sha1, &[Part::bytes(format!("douyin_secret{body}"))]).unwrap();
    call(&body, &hex(&signature), msg_id).unwrap()
}

#[test]
fn the_address_is_checked_with_a_number() {
    // Computed with Python's hashlib: sha1 of the secret and the body.
    let body = r#"{"event":"verify_webhook","client_key":"ttxxxxxx","content":{"challenge":12345}}"#;
    let signature = "a6ffc12d19725f88801b5bb5752844352d4e9364";
    assert_eq!(call(body, signature, None).unwrap().reply.body, br#"{"challenge":12345}"#);
    assert_eq!(call(&body.replace("12345", "12346"), signature, None), Err(Refusal::BadSignature));
    assert_eq!(call(body, "", None), Err(Refusal::BadSignature));
}

#[test]
fn messages_and_events_are_told() {
    let check = |body: Value, msg_id: Option<&str>, kind: &str, key: &str, at: i64, properties: Value| {
        let reception = told(&body, msg_id);
        let event = &reception.events[0];
        assert_eq!((event.event.kind.as_str(), event.key.as_str(), event.event.at), (kind, key, at));
        assert_eq!(event.identities, ["douyin_openid:_000Person"]);
        assert_eq!(serde_json::from_str::<Value>(&event.event.properties).unwrap(), properties);
    };
    let content = json!({"conversation_short_id": "@9Vx", "server_message_id": "@9Vy", "conversation_type": 1, "create_time": 1_767_225_599_123_i64, "message_type": "text", "text": "你好"});
    let message = |content: Value| json!({"event": "im_receive_msg", "client_key": "ttxxxxxx", "from_user_id": "_000Person", "to_user_id": "_000Account", "content": content});
    let expected = json!({"text": "你好", "message-id": "@9Vy", "conversation": "@9Vx", "kind": "text", "fields": {}});
    // `content` is JSON, or a text that is JSON.
    for content in [content.clone(), json!(content.to_string())] {
        check(
            message(content),
            Some("m-1"),
            "Message Received",
            "im_receive_msg-@9Vy",
            1_767_225_599_123,
            expected.clone(),
        );
    }
    check(
        json!({"event": "im_enter_direct_msg", "client_key": "ttxxxxxx", "from_user_id": "_000Person", "content": json!({"conversation_short_id": "@9Vx", "server_message_id": "@9Vz", "create_time": 1_767_225_599_123_i64}).to_string()}),
        None,
        "Chat Entered",
        "im_enter_direct_msg-@9Vz",
        1_767_225_599_123,
        json!({"message-id": "@9Vz", "conversation": "@9Vx", "scene": "im_enter_direct_msg"}),
    );
    check(
        json!({"event": "im_authorize", "client_key": "ttxxxxxx", "from_user_id": "_000Person", "content": json!({"create_time": 1_670_229_453, "auth_status": 2, "source": "im.direct_message.bind"}).to_string()}),
        Some("m-2"),
        "Subscription Changed",
        "im_authorize-m-2",
        1_670_229_453_000,
        json!({"status": "reject", "template": "im.direct_message.bind"}),
    );
    check(
        json!({"event": "create_video", "client_key": "ttxxxxxx", "from_user_id": "_000Person", "content": {"item_id": "i1"}}),
        Some("m-3"),
        "Channel Event",
        "create_video-m-3",
        NOW,
        json!({"kind": "create_video", "fields": {"item_id": "i1"}}),
    );
    let own = json!({"event": "im_send_msg", "client_key": "ttxxxxxx", "from_user_id": "_000Account", "content": "{}"});
    assert!(told(&own, None).events.is_empty(), "what the account wrote is no event of a person");
}

#[test]
fn the_session_is_asked_for_without_showing_the_secret() {
    let asked = Douyin::authorize(&settings()).unwrap();
    assert_eq!(
        (asked.request.url.as_str(), asked.token_pointer.as_str()),
        ("https://open.douyin.com/oauth/client_token/", "/data/access_token")
    );
    let body: Value = serde_json::from_slice(&asked.request.body).unwrap();
    assert_eq!(body["client_secret"], "{{secret:client-secret}}");
}

#[test]
fn what_douyin_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Douyin::send(
        &settings(),
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check("douyin_openid:a/b", json!({"text": "x"}), "no open_id");
    check("douyin_openid:_000Person", json!({"text": "x"}), "answers only");
    check("douyin_openid:_000Person", json!({"text": "x", "reply_to": "@9Vy"}), "answers only");
    check("douyin_openid:_000Person", json!({"text": "x", "title": "t"}), "unknown field `title`");
}
