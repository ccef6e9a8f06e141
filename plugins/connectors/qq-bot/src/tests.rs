//! CH-2, CH-3: botgo's own signature, events as QQ documents them, and what cannot be sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::callback::hex;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::secrets::{self, Scheme};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Bot, Settings};

const SECRET: &str = "123456abcdef";

fn settings() -> Settings {
    Settings { app_id: "102".to_owned(), markdown: false }
}

/// The key that the host makes of a bot's secret, in PEM: its bytes repeated and cut to 32, behind what PKCS #8 puts there.
fn set_secret(secret: &str) {
    let seed: Vec<u8> = secret.bytes().cycle().take(32).collect();
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = STANDARD.encode([&head[..], &seed].concat());
    testing::set_secret(
        "bot-secret",
        format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n").as_bytes(),
    );
}

fn call(body: &str, signature: &str, timestamp: &str, now: i64) -> Result<Reception, Refusal> {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![header("X-Signature-Ed25519", signature), header("X-Signature-Timestamp", timestamp)];
    let request = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: body.as_bytes().to_vec() };
    Bot::receive(&settings(), &request, now)
}

/// As QQ would sign it.
fn told(body: &Value) -> Reception {
    set_secret(SECRET);
    let body = body.to_string();
    let signature = secrets::sign("bot-secret", Scheme::Ed25519, format!("1767225600{body}").as_bytes()).unwrap();
    call(&body, &hex(&signature), "1767225600", NOW).unwrap()
}

/// The vector of botgo's interaction/signature tests.
#[test]
fn the_published_signature_is_taken_and_no_other() {
    set_secret(SECRET);
    let body = r#"{"id":"ROBOT1.0_veoihSEXDc8Q.g-6eLpNIa11bH8MisOjn-m-LKxCPntMk6exUXgcWCGpVO7L2QKTNZzjZzFFDSbiOFcqAPWyVA!!","content":"哦一下","timestamp":"2024-10-15T16:33:15+08:00","author":{"id":"675860273","user_openid":"675860273"}}"#;
    let signature = "e949b5b94ef4103df903fb031d1d16e358db3db83e79e117edd404c8508be3ce8a76d7bad1bed353194c126a1a5915b4ad8b5288c1191cc53a12acffccd82004";
    let now = 1_728_981_195_000;
    // The signature is right, and the body of that test lacks what a request has around it.
    let unwrapped = Err(Refusal::Malformed("`op` is neither an event nor the check of the address".to_owned()));
    assert_eq!(call(body, signature, "1728981195", now), unwrapped);
    assert_eq!(call(body, signature, "1728981196", now), Err(Refusal::BadSignature));
    assert_eq!(call(&body.replace("哦", "啊"), signature, "1728981195", now), Err(Refusal::BadSignature));
    assert_eq!(call(body, &signature.replace("e949", "e94a"), "1728981195", now), Err(Refusal::BadSignature));
    assert_eq!(call(body, signature, "1728981195", now + 300_001), Err(Refusal::Stale));
    set_secret("another");
    assert_eq!(call(body, signature, "1728981195", now), Err(Refusal::BadSignature));
}

#[test]
fn the_check_of_the_address_is_signed_for_qq_alone() {
    let body = json!({"op": 13, "d": {"plain_token": "Arq0D5A61EgUu4OxUvOp", "event_ts": "1725442341"}});
    let reply: Value = serde_json::from_slice(&told(&body).reply.body).unwrap();
    let expected = secrets::sign("bot-secret", Scheme::Ed25519, b"1725442341Arq0D5A61EgUu4OxUvOp").unwrap();
    assert_eq!(reply, json!({"plain_token": "Arq0D5A61EgUu4OxUvOp", "signature": hex(&expected)}));
    assert_eq!(call(&body.to_string(), &hex(&expected), "1767225600", NOW), Err(Refusal::BadSignature));
}

#[test]
fn messages_and_events_are_told() {
    let check = |told_by: Value, identity: &str, kind: &str, key: &str, properties: Value| {
        let reception = told(&told_by);
        assert_eq!(reception.reply.body, br#"{"d":0,"op":12}"#);
        let event = &reception.events[0];
        assert_eq!(
            (event.identities[0].as_str(), event.event.kind.as_str(), event.key.as_str()),
            (identity, kind, key)
        );
        assert_eq!(serde_json::from_str::<Value>(&event.event.properties).unwrap(), properties);
    };
    check(
        json!({"op": 0, "id": "C2C_MESSAGE_CREATE:x", "t": "C2C_MESSAGE_CREATE", "d": {"id": "ROBOT1.0_a", "content": " 你好 ", "timestamp": "2026-01-01T08:00:00+08:00", "author": {"user_openid": "U1"}}}),
        "qq_openid:U1",
        "Message Received",
        "C2C_MESSAGE_CREATE-ROBOT1.0_a",
        json!({"text": "你好", "message-id": "ROBOT1.0_a", "kind": "text", "chat": "private", "fields": {}}),
    );
    check(
        json!({"op": 0, "id": "e", "t": "GROUP_AT_MESSAGE_CREATE", "d": {"id": "ROBOT1.0_b", "content": "在吗", "group_openid": "G1", "author": {"member_openid": "M1"}}}),
        "qq_openid:G1/M1",
        "Message Received",
        "GROUP_AT_MESSAGE_CREATE-ROBOT1.0_b",
        json!({"text": "在吗", "message-id": "ROBOT1.0_b", "kind": "text", "chat": "group", "fields": {}}),
    );
    check(
        json!({"op": 0, "id": "FRIEND_ADD:1", "t": "FRIEND_ADD", "d": {"openid": "U1", "timestamp": 1_767_225_599, "scene": 1001}}),
        "qq_openid:U1",
        "Channel Followed",
        "FRIEND_ADD-FRIEND_ADD:1",
        json!({"scene": "1001", "event-id": "FRIEND_ADD:1"}),
    );
    check(
        json!({"op": 0, "t": "C2C_MSG_REJECT", "d": {"openid": "U1", "timestamp": 1_767_225_599}}),
        "qq_openid:U1",
        "Subscription Changed",
        "C2C_MSG_REJECT-qq_openid:U1-1767225599",
        json!({"status": "reject", "event-id": ""}),
    );
    check(
        json!({"op": 0, "id": "I", "t": "INTERACTION_CREATE", "d": {"id": "i1", "group_openid": "G1", "group_member_openid": "M1", "data": {"resolved": {"button_data": "yes"}}}}),
        "qq_openid:G1/M1",
        "Button Clicked",
        "INTERACTION_CREATE-i1",
        json!({"value": "yes", "event-id": "I"}),
    );
    assert!(told(&json!({"op": 0, "id": "g", "t": "GUILD_CREATE", "d": {}})).events.is_empty());
}

#[test]
fn the_session_is_asked_for_without_showing_the_secret() {
    let asked = Bot::authorize(&settings()).unwrap();
    assert_eq!(asked.request.url, "https://bots.qq.com/app/getAppAccessToken");
    let body: Value = serde_json::from_slice(&asked.request.body).unwrap();
    assert_eq!(body, json!({"appId": "102", "clientSecret": "{{secret:bot-secret}}"}));
}

#[test]
fn a_message_goes_where_its_address_says_and_has_its_number() {
    let sent = |address: &str| match Bot::send(&settings(), &testing::outbound(address, json!({"text": "x"}))).unwrap()
    {
        Step::Perform(exchange) => {
            let body: Value = serde_json::from_slice(&exchange.request.body).unwrap();
            (exchange.request.url, body["msg_seq"].as_u64().unwrap())
        }
        Step::Done(Outcome::Rejected(why)) => (why, 0),
        other => panic!("{other:?}"),
    };
    let (url, number) = sent("qq_openid:U1");
    assert_eq!(url, "https://api.sgroup.qq.com/v2/users/U1/messages");
    assert_eq!(sent("qq_openid:102/U1"), (url, number));
    assert_eq!(sent("qq_openid:G1/M1").0, "https://api.sgroup.qq.com/v2/groups/G1/messages");
    assert!(sent("qq_openid:G1/../x").0.contains("no openid"));
}
