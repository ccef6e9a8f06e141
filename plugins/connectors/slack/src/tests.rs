//! CH-2, CH-3: Slack's own signature, events and taps as it documents them.

use guanxi_plugin::NoConfig;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::Slack;

// python-slack-sdk tests/slack_sdk/signature/test_signature_verifier.py
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const TIME: &str = "1531420618";
const THEN: i64 = 1_531_420_618_000;

fn call(headers: &[(&str, &str)], body: &str, now: i64) -> Result<Reception, Refusal> {
    testing::set_secret("signing-secret", b"8f742231b10e8888abcd99yyyzzz85a5");
    let header = |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    let request = Incoming {
        method: "POST".to_owned(),
        query: String::new(),
        headers: headers.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    };
    Slack::receive(&NoConfig, &request, now)
}

fn signed(body: &str) -> Reception {
    testing::set_secret("signing-secret", b"8f742231b10e8888abcd99yyyzzz85a5");
    let timestamp = (NOW / 1_000).to_string();
    let mac = secrets::hmac("signing-secret", Digest::Sha256, format!("v0:{timestamp}:{body}").as_bytes()).unwrap();
    let signature = mac.iter().fold("v0=".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    let headers = [
        ("X-Slack-Request-Timestamp", timestamp.as_str()),
        ("X-Slack-Signature", &signature),
        ("X-Slack-Retry-Num", "1"),
    ];
    call(&headers, body, NOW).unwrap()
}

#[test]
fn the_published_signature_is_taken_and_no_other() {
    let (time, signature) = (("X-Slack-Request-Timestamp", TIME), ("x-slack-signature", SIGNATURE));
    // It fits, and then this form is no event.
    let no_json = Refusal::Malformed("the body is no JSON".to_owned());
    assert_eq!(call(&[time, signature], BODY, THEN).unwrap_err(), no_json);
    assert_eq!(call(&[time, signature], BODY, THEN + 300_000).unwrap_err(), no_json);
    assert_eq!(call(&[time, signature], BODY, THEN + 300_001).unwrap_err(), Refusal::Stale);
    assert_eq!(call(&[time, signature], BODY, THEN - 300_001).unwrap_err(), Refusal::Stale);
    let other = SIGNATURE.replace("b503", "b504");
    for headers in [
        &[time][..],
        &[signature],
        &[time, ("x-slack-signature", &other)],
        &[time, ("x-slack-signature", "")],
        &[time, signature, signature],
        &[("x-slack-request-timestamp", "1531420619"), signature],
    ] {
        assert_eq!(call(headers, BODY, THEN).unwrap_err(), Refusal::BadSignature, "{headers:?}");
    }
    assert_eq!(call(&[time, signature], &BODY.replace("foobar", "foobaz"), THEN).unwrap_err(), Refusal::BadSignature);
}

#[test]
fn the_address_is_checked_with_the_challenge() {
    let reception =
        signed(r#"{"token": "t", "type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"}"#);
    assert_eq!(
        (reception.reply.body.as_slice(), reception.events.len()),
        (&b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"[..], 0)
    );
}

#[track_caller]
fn check(body: &str, key: &str, kind: &str, at: i64, properties: Value) {
    let reception = signed(body);
    let received = &reception.events[0];
    assert_eq!((received.key.as_str(), received.event.kind.as_str(), received.event.at), (key, kind, at));
    assert_eq!(received.identities, ["slack_user_id:U2147483697"]);
    assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), properties);
}

fn callback(event: Value) -> String {
    json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev9UQ52YNA", "event_time": 1_355_517_523, "event": event}).to_string()
}

#[test]
fn events_have_their_kinds_and_keys() {
    let message = json!({"type": "message", "channel": "D024BE91L", "user": "U2147483697", "text": "Hello 你好", "ts": "1355517523.000005", "channel_type": "im"});
    let properties = json!({"text": "Hello 你好", "message-id": "D024BE91L/1355517523.000005", "kind": "text", "chat": "im", "team": "T1"});
    check(&callback(message.clone()), "Ev9UQ52YNA", "Message Received", 1_355_517_523_000, properties);
    let opened = json!({"type": "app_home_opened", "user": "U2147483697", "tab": "home"});
    let kept = json!({"kind": "app_home_opened", "fields": opened});
    check(&callback(opened), "Ev9UQ52YNA", "Channel Event", 1_355_517_523_000, kept);
    let tap = json!({"type": "block_actions", "user": {"id": "U2147483697"}, "trigger_id": "12.34.ab", "actions": [{"action_id": "button-0", "value": "yes & no"}],
        "container": {"channel_id": "D024BE91L", "message_ts": "1.2"}});
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &tap.to_string()).finish();
    check(
        &form,
        "12.34.ab-button-0",
        "Button Clicked",
        NOW,
        json!({"value": "yes & no", "message-id": "D024BE91L/1.2"}),
    );
}

#[test]
fn bots_and_what_is_about_nobody_are_not_kept() {
    for event in [
        json!({"type": "message", "user": "U1", "bot_id": "B1", "text": "own"}),
        json!({"type": "message", "subtype": "bot_message", "text": "x"}),
        json!({"type": "channel_rename"}),
    ] {
        assert!(signed(&callback(event)).events.is_empty());
    }
    assert!(signed(r#"{"type": "app_rate_limited"}"#).events.is_empty());
}

#[test]
fn what_slack_cannot_carry_is_rejected_with_the_reason() {
    let check =
        |address: &str, content: Value, words: &str| match Slack::send(&NoConfig, &testing::outbound(address, content))
        {
            Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        };
    let to = "slack_user_id:U2147483697";
    check(to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(to, json!({"text": "x".repeat(3_001), "title": "t"}), "3001 characters");
    check(to, json!({"text": "x", "title": "x".repeat(151)}), "151 characters");
    check(to, json!({"text": "x", "buttons": [{"text": "b"}]}), "`url` or a `value`");
    check("slack_user_id:#general", json!({"text": "x"}), "no id");
}

#[test]
fn a_mishap_of_slacks_leaves_a_doubt() {
    let answer = testing::response(200, &[], br#"{"ok":false,"error":"fatal_error"}"#);
    assert!(Slack::resume(&NoConfig, &[], &answer, NOW).is_err());
}
