//! CH-2, CH-3, CH-4: updates as Meta sends them (the shapes of pywa `tests/data/updates`), forms of contents, and what does not fit.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outbound, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Whatsapp};

const NUMBER: &str = "1122334455667";

fn settings() -> Settings {
    let templates = [
        ("order_shipped/zh_CN", "您好{{1}}，订单{{2}}已发出。"),
        ("welcome/en_US", "Welcome {{first_name}}!"),
        ("plain/en", "We are open."),
    ];
    Settings {
        phone_number_id: NUMBER.to_owned(),
        api_version: "v26.0".to_owned(),
        templates: templates.map(|(id, text)| (id.to_owned(), text.to_owned())).into(),
    }
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
    Whatsapp::receive(&settings(), &request, NOW)
}

fn update(field: &str, more: Value) -> Value {
    let mut value = json!({"messaging_product": "whatsapp", "metadata": {"display_phone_number": "972123456789", "phone_number_id": NUMBER}});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1234567890987654321", "changes": [{"value": value, "field": field}]}]})
}

#[track_caller]
fn check(field: &str, list: &str, one: Value, key: &str, kind: &str, properties: Value) -> Reception {
    let reception = call("POST", "", &update(field, json!({list: [one]})).to_string()).unwrap();
    let received = &reception.events[0];
    assert_eq!((received.key.as_str(), received.event.kind.as_str()), (key, kind));
    assert_eq!(received.identities, ["whatsapp:972987654321"]);
    assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), properties);
    reception
}

fn message(kind: &str, part: Value) -> Value {
    json!({"from": "972987654321", "id": "wamid.xyz", "timestamp": "1697043223", "type": kind, kind: part})
}

#[test]
fn messages_have_their_kinds_and_the_unknown_is_kept() {
    let said = |text: &str, kind: &str, file: &str| json!({"text": text, "message-id": "wamid.xyz", "kind": kind, "file-id": file, "reply-to": ""});
    let check = |one: Value, kind: &str, properties: Value| {
        check("messages", "messages", one, "message-wamid.xyz", kind, properties)
    };
    let reception = check(message("text", json!({"body": "你好"})), "Message Received", said("你好", "text", ""));
    assert_eq!(reception.events[0].event.at, 1_697_043_223_000);
    let image = json!({"mime_type": "image/jpeg", "sha256": "4654+8g=", "id": "65463453"});
    check(message("image", image), "Message Received", said("", "image", "65463453"));
    let video = json!({"caption": "caption", "mime_type": "video/mp4", "id": "765756756"});
    check(message("video", video), "Message Received", said("caption", "video", "765756756"));
    let document = json!({"filename": "filename.pdf", "id": "1"});
    check(message("document", document), "Message Received", said("filename.pdf", "document", "1"));
    for (kind, part) in [
        ("audio", json!({"id": "1", "voice": true})),
        ("sticker", json!({"id": "1", "animated": false})),
        ("location", json!({"latitude": 12.25, "longitude": 43.9})),
        ("contacts", json!([{"name": {"formatted_name": "Ada"}}])),
    ] {
        let file = part.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        check(message(kind, part), "Message Received", said("", kind, &file));
    }
    let mut advertised = message("text", json!({"body": "Hi"}));
    advertised["referral"] = json!({"source_type": "ad", "source_id": "120208"});
    let reception = check(advertised, "Message Received", said("Hi", "text", ""));
    assert_eq!(reception.events[0].event.touchpoint.as_deref(), Some("120208"));
    for (kind, part) in [
        ("reaction", json!({"message_id": "wamid.y", "emoji": "😮"})),
        ("order", json!({"catalog_id": "1"})),
        ("system", json!({"body": "changed", "wa_id": "972912345678", "type": "user_changed_number"})),
        ("unsupported", json!({"type": "poll"})),
        ("hologram", json!({"x": 1})),
    ] {
        let one = message(kind, part);
        check(one.clone(), "Channel Event", json!({"kind": kind, "fields": one}));
    }
}

#[test]
fn taps_name_the_message_that_they_answer() {
    let tapped = json!({"value": "callback_data", "title": "title", "message-id": "wamid.sent"});
    let reply = json!({"id": "callback_data", "title": "title"});
    for (kind, part) in [
        ("interactive", json!({"type": "button_reply", "button_reply": reply})),
        ("interactive", json!({"type": "list_reply", "list_reply": reply})),
        ("button", json!({"payload": "callback_data", "text": "title"})),
    ] {
        let mut one = message(kind, part);
        one["context"] = json!({"from": "972123456789", "id": "wamid.sent"});
        check("messages", "messages", one, "message-wamid.xyz", "Button Clicked", tapped.clone());
    }
    let flow = message("interactive", json!({"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}));
    let kept = json!({"kind": "interactive", "fields": flow});
    check("messages", "messages", flow, "message-wamid.xyz", "Channel Event", kept);
}

#[test]
fn ch_4_statuses_are_receipts() {
    let status = |state: &str, more: Value| {
        let mut status = json!({"id": "wamid.sent", "status": state, "timestamp": "1698266945", "recipient_id": "972987654321",
            "biz_opaque_callback_data": "msg_1"});
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        status
    };
    for state in ["delivered", "read"] {
        let expected = json!({"channel-id": "wamid.sent", "state": state, "message": "msg_1"});
        check(
            "messages",
            "statuses",
            status(state, json!({})),
            &format!("status-wamid.sent-{state}"),
            "guanxi.delivery",
            expected,
        );
    }
    let errors = json!({"errors": [{"code": 130_472, "title": "User's number is part of an experiment",
        "error_data": {"details": "Failed to send message because this user's phone number is part of an experiment"}}]});
    let reason = "130472 Failed to send message because this user's phone number is part of an experiment";
    let expected = json!({"channel-id": "wamid.sent", "state": "failed", "message": "msg_1", "reason": reason});
    check("messages", "statuses", status("failed", errors), "status-wamid.sent-failed", "guanxi.delivery", expected);
    let sent = update("messages", json!({"statuses": [status("sent", json!({})), 7]}));
    assert!(call("POST", "", &sent.to_string()).unwrap().events.is_empty());
}

#[test]
fn who_wants_no_more_marketing_has_withdrawn_consent() {
    for (value, kind) in [("stop", "Consent Withdrawn"), ("resume", "Consent Granted")] {
        let one = json!({"wa_id": "972987654321", "detail": "User requested it", "category": "marketing_messages", "value": value,
            "timestamp": 1_731_705_721});
        let expected = json!({"purpose": "marketing", "evidence": "User requested it"});
        check(
            "user_preferences",
            "user_preferences",
            one,
            &format!("preference-972987654321-{value}-1731705721"),
            kind,
            expected,
        );
    }
}

#[test]
fn only_this_numbers_updates_are_kept() {
    let hi = json!({"messages": [message("text", json!({"body": "Hi"}))]});
    let other = update("messages", hi).to_string().replace(NUMBER, "999");
    assert!(call("POST", "", &other).unwrap().events.is_empty());
    assert!(call("POST", "", &update("template_category_update", json!({})).to_string()).unwrap().events.is_empty());
    assert!(matches!(call("POST", "", r#"{"object":"page"}"#), Err(Refusal::Malformed(_))));
    let good = call("GET", "hub.mode=subscribe&hub.verify_token=token&hub.challenge=42", "").unwrap();
    assert_eq!(good.reply.body, b"42");
}

fn body(content: Value) -> Result<Value, String> {
    let message = testing::outbound("whatsapp:972987654321", content);
    match Whatsapp::send(&settings(), &message).unwrap() {
        Step::Perform(exchange) => Ok(serde_json::from_slice(&exchange.request.body).unwrap()),
        Step::Done(Outcome::Rejected(why)) => Err(why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ch_4_a_text_that_a_template_says_goes_out_as_it() {
    let check = |content: Value, name: &str, language: &str, components: Value| {
        let is = body(content).unwrap();
        assert_eq!(is["type"], "template");
        assert_eq!(is["template"], json!({"name": name, "language": {"code": language}, "components": components}));
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    let values = json!([{"type": "body", "parameters": [text("阿达"), text("A-7")]}]);
    check(json!({"text": "您好阿达，订单A-7已发出。"}), "order_shipped", "zh_CN", values);
    let named =
        json!([{"type": "body", "parameters": [{"type": "text", "parameter_name": "first_name", "text": "Ada"}]}]);
    check(json!({"text": "Welcome Ada!"}), "welcome", "en_US", named);
    let image = json!({"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example/i"}}]});
    let reply = json!({"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "y"}]});
    let content =
        json!({"text": "We are open.", "image": "https://a.example/i", "buttons": [{"text": "Yes", "value": "y"}]});
    check(content, "plain", "en", json!([image, reply]));
    assert_eq!(body(json!({"text": "We are closed."})).unwrap()["type"], "text");
}

#[test]
fn ch_4_contents_take_the_form_that_carries_them() {
    let buttons =
        |count: usize| (0..count).map(|n| json!({"text": format!("B{n}"), "value": n.to_string()})).collect::<Vec<_>>();
    let is = body(json!({"text": "Hi", "buttons": buttons(2), "title": "T", "reply-to": "wamid.in"})).unwrap();
    assert_eq!((&is["interactive"]["type"], &is["context"]), (&json!("button"), &json!({"message_id": "wamid.in"})));
    assert_eq!(
        is["interactive"]["action"]["buttons"][1],
        json!({"type": "reply", "reply": {"id": "1", "title": "B1"}})
    );
    let is = body(json!({"text": "Hi", "buttons": buttons(4)})).unwrap();
    assert_eq!(is["interactive"]["action"]["sections"][0]["rows"][3], json!({"id": "3", "title": "B3"}));
    let is = body(json!({"text": "Hi", "buttons": [{"text": "Shop", "url": "https://a.example"}]})).unwrap();
    let parameters = json!({"display_text": "Shop", "url": "https://a.example"});
    assert_eq!(is["interactive"]["action"], json!({"name": "cta_url", "parameters": parameters}));
    assert_eq!(is["biz_opaque_callback_data"], "msg_test");
}

#[test]
fn what_whatsapp_cannot_carry_is_rejected_with_the_reason() {
    let check = |content: Value, words: &str| {
        let why = body(content).unwrap_err();
        assert!(why.contains(words), "{why}");
    };
    check(json!({"text": "x".repeat(4_097)}), "4097 characters");
    check(json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(json!({"text": "x".repeat(1_025), "image": "https://a.example"}), "the caption has 1025");
    let many = vec![json!({"text": "b", "value": "v"}); 11];
    check(json!({"text": "x", "buttons": many}), "11 buttons");
    let mixed = json!([{"text": "b", "value": "v"}, {"text": "c", "url": "https://a.example"}]);
    check(json!({"text": "x", "buttons": mixed}), "with a `url` alone");
    let nobody = testing::outbound("whatsapp:ada", json!({"text": "x"}));
    assert!(matches!(Whatsapp::send(&settings(), &nobody), Ok(Step::Done(Outcome::Rejected(_)))));
    let broken = Settings { phone_number_id: "1/../2".to_owned(), ..settings() };
    let fine = Outbound { id: "msg_1".to_owned(), ..testing::outbound("phone:+972987654321", json!({"text": "x"})) };
    assert!(matches!(Whatsapp::send(&broken, &fine), Err(Failure::BadConfig(_))));
    assert!(matches!(Whatsapp::send(&settings(), &fine), Ok(Step::Perform(_))));
}
