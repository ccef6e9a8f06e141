//! CH-2, CH-3: what is asked of Meta and heard from it here; what is common to its platforms is tested with the channel kit.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Request, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Messenger, Settings};

fn settings() -> Settings {
    Settings { account_id: "682498302938465".to_owned(), api_version: "v26.0".to_owned(), ..Settings::default() }
}

fn call(method: &str, query: &str, body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("app-secret", b"app secret");
    testing::set_secret("verify-token", b"token");
    let mac = secrets::hmac("app-secret", Digest::Sha256, body.as_bytes()).unwrap();
    let value = mac.iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    let header = Header { name: "X-Hub-Signature-256".to_owned(), value };
    let request = Incoming {
        method: method.to_owned(),
        query: query.to_owned(),
        headers: vec![header],
        body: body.as_bytes().to_vec(),
    };
    Messenger::receive(&settings(), &request, NOW)
}

#[test]
fn the_address_is_checked_and_messages_become_events() {
    assert_eq!(
        call("GET", "hub.mode=subscribe&hub.verify_token=token&hub.challenge=42", "").unwrap().reply.body,
        b"42"
    );
    let told = json!({"object": "page", "entry": [{"id": "682498302938465", "time": 1, "messaging": [{
        "sender": {"id": "24015"}, "recipient": {"id": "682498302938465"}, "timestamp": 1_458_668_856_463_i64,
        "message": {"mid": "m_1", "text": "你好"}}]}]});
    let reception = call("POST", "", &told.to_string()).unwrap();
    let received = &reception.events[0];
    assert_eq!(
        (received.identities.as_slice(), received.event.channel.as_deref()),
        (&["messenger_psid:24015".to_owned()][..], Some("messenger"))
    );
    assert_eq!((received.event.kind.as_str(), received.event.at), ("Message Received", 1_458_668_856_463));
    assert!(matches!(call("POST", "", r#"{"object":"user"}"#), Err(Refusal::Malformed(_))));
}

fn request(settings: &Settings, content: Value) -> Request {
    match Messenger::send(settings, &testing::outbound("messenger_psid:24015", content)).unwrap() {
        Step::Perform(exchange) => exchange.request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn outside_the_window_the_tag_is_named() {
    let asked = request(&settings(), json!({"text": "Hi"}));
    assert_eq!(asked.url, "https://graph.facebook.com/v26.0/me/messages");
    let expected = json!({"recipient": {"id": "24015"}, "messaging_type": "RESPONSE", "message": {"text": "Hi"}});
    assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap(), expected);
    let tagged = Settings { tag: Some("HUMAN_AGENT".to_owned()), ..settings() };
    let body: Value = serde_json::from_slice(&request(&tagged, json!({"text": "Hi"})).body).unwrap();
    assert_eq!((&body["messaging_type"], &body["tag"]), (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT")));
}

#[test]
fn what_does_not_fit_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Messenger::send(
        &settings(),
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check("messenger_psid:24015", json!({"text": "x".repeat(2001)}), "2001 characters");
    check("messenger_psid:24015", json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check("messenger_psid:ada", json!({"text": "x"}), "no id");
    let broken = Settings { api_version: "../v1".to_owned(), ..settings() };
    let failed = Messenger::send(&broken, &testing::outbound("messenger_psid:24015", json!({"text": "x"})));
    assert!(matches!(failed, Err(Failure::BadConfig(_))));
}
