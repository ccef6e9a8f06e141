//! CH-2, CH-3: updates as Telegram's Bot API documents them, and what cannot be sent.

use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Telegram};

const SETTINGS: Settings = Settings { silent: false };

fn call(headers: &[(&str, &str)], body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("secret-token", b"Only_For-Me1");
    let header = |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    let request = Incoming {
        method: "POST".to_owned(),
        query: String::new(),
        headers: headers.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    };
    Telegram::receive(&SETTINGS, &request, NOW)
}

const TOKEN: (&str, &str) = ("X-Telegram-Bot-Api-Secret-Token", "Only_For-Me1");

#[track_caller]
fn check(update: Value, kind: &str, properties: Value) -> Reception {
    let reception = call(&[TOKEN], &update.to_string()).unwrap();
    let received = &reception.events[0];
    assert_eq!(
        (received.event.kind.as_str(), received.identities.as_slice()),
        (kind, &["telegram_id:1111".to_owned()][..])
    );
    assert_eq!(received.key, update["update_id"].to_string());
    assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), properties);
    reception
}

#[test]
fn only_the_bearer_of_the_secret_is_heard() {
    let body = r#"{"update_id": 1, "message": {"from": {"id": 1}}}"#;
    assert!(call(&[TOKEN], body).is_ok());
    for headers in [
        &[][..],
        &[(TOKEN.0, "")],
        &[(TOKEN.0, "Only_For-Me")],
        &[(TOKEN.0, "only_for-me1")],
        &[(TOKEN.0, "Only_For-Me1 ")],
        &[TOKEN, (TOKEN.0, "other")],
        &[TOKEN, TOKEN],
    ] {
        assert_eq!(call(headers, body).unwrap_err(), Refusal::BadSignature, "{headers:?}");
    }
    for body in ["", "[]", "{}", "null", r#"{"update_id": "1"}"#, r#"{"update_id": 1}"#, "{\"update_id\": 1"] {
        assert!(matches!(call(&[TOKEN], body), Err(Refusal::Malformed(_))), "{body}");
    }
}

#[test]
fn messages_are_told_with_their_kind() {
    let from = json!({"id": 1111, "is_bot": false, "first_name": "Ada", "language_code": "zh-hans"});
    let chat = json!({"id": 1111, "type": "private"});
    let text = json!({"update_id": 10000, "message": {"message_id": 1365, "date": 1441645532, "from": from, "chat": chat, "text": "/start shop-7"}});
    let expected = json!({"text": "/start shop-7", "message-id": "1111/1365", "kind": "text", "chat": "private", "language": "zh-hans", "file-id": null});
    let reception = check(text, "Message Received", expected);
    let event = &reception.events[0].event;
    assert_eq!((event.at, event.touchpoint.as_deref()), (1_441_645_532_000, Some("shop-7")));
    assert_eq!((reception.reply.status, reception.reply.body.len()), (200, 0));

    let photo = json!([{"file_id": "small", "width": 90}, {"file_id": "large", "width": 800}]);
    let photo = json!({"update_id": 10001, "message": {"message_id": 2, "date": 1, "from": from, "chat": chat, "photo": photo, "caption": "看"}});
    let expected = json!({"text": "看", "message-id": "1111/2", "kind": "photo", "chat": "private", "language": "zh-hans", "file-id": "large"});
    check(photo, "Message Received", expected);
}

#[test]
fn a_tap_is_answered_at_once() {
    let query = json!({"id": "4382bfdwdsb323b2d9", "from": {"id": 1111, "is_bot": false}, "data": "yes",
        "message": {"message_id": 7, "chat": {"id": 1111}}});
    let reception = check(
        json!({"update_id": 5, "callback_query": query}),
        "Button Clicked",
        json!({"value": "yes", "message-id": "1111/7"}),
    );
    let reply: Value = serde_json::from_slice(&reception.reply.body).unwrap();
    assert_eq!(reply, json!({"method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9"}));
}

#[test]
fn blocks_and_returns_are_told_and_the_unknown_is_kept() {
    let member = |status: &str| {
        json!({"update_id": 6, "my_chat_member": {"chat": {"id": 1111, "type": "private"}, "from": {"id": 1111}, "date": 3,
            "new_chat_member": {"status": status}}})
    };
    check(member("kicked"), "Channel Unfollowed", json!({"reason": "blocked"}));
    check(member("member"), "Channel Followed", json!({}));
    let unknown = json!({"from": {"id": 1111}, "hologram": [1]});
    let expected = json!({"kind": "mind_reading", "fields": unknown});
    check(json!({"update_id": 8, "mind_reading": unknown}), "Channel Event", expected);
    let large = json!({"from": {"id": 1111}, "x": "x".repeat(20_000)});
    check(json!({"update_id": 8, "large": large}), "Channel Event", json!({"kind": "large", "fields": null}));
    for silent in [
        json!({"update_id": 9, "channel_post": {"message_id": 1}}),
        json!({"update_id": 9, "message": {"from": {"id": 2, "is_bot": true}}}),
    ] {
        assert!(call(&[TOKEN], &silent.to_string()).unwrap().events.is_empty(), "{silent}");
    }
}

#[test]
fn what_telegram_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Telegram::send(
        &SETTINGS,
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "telegram_id:1111";
    check(to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(to, json!({"text": "𠮷".repeat(2_049)}), "4098 characters");
    check(to, json!({"text": "x".repeat(1_025), "image": "https://x.example/a"}), "the caption has 1025");
    check(to, json!({"text": "x", "buttons": [{"text": "b", "value": "x".repeat(65)}]}), "1 to 64 bytes");
    check(to, json!({"text": "x", "buttons": [{"text": "b"}]}), "`url` or a `value`");
    check("telegram_id:-100", json!({"text": "x"}), "no id");
    check("telegram_id:+1", json!({"text": "x"}), "no id");
    let fits = testing::outbound(to, json!({"text": "x".repeat(4_096)}));
    assert!(matches!(Telegram::send(&SETTINGS, &fits), Ok(Step::Perform(_))));
}
