//! CH-1: texts in parts, what centres answer, and what they deliver.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Connector, Incoming, Outcome, Receive, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Smpp};

fn settings(source: &str) -> Settings {
    let (url, system_id) = ("smpps://smsc.example".to_owned(), "acme".to_owned());
    Settings { url, system_id, system_type: String::new(), source: source.to_owned(), parts_max: 3 }
}

fn send(source: &str, address: &str, content: Value) -> Step {
    Smpp::send(&settings(source), &testing::outbound(address, content)).unwrap()
}

fn body(source: &str, text: &str) -> Value {
    match send(source, "phone:+8613800000001", json!({"text": text})) {
        Step::Perform(exchange) => serde_json::from_slice(&exchange.request.body).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ch_1_a_text_goes_out_in_as_many_parts_as_it_takes() {
    let one = json!({"parts": [{
        "source": {"ton": 5, "npi": 0, "addr": "Tea Co"}, "destination": {"ton": 1, "npi": 1, "addr": "8613800000001"},
        "esm_class": 0, "data_coding": 8, "registered_delivery": 1, "short_message": STANDARD.encode([0x4f, 0x60, 0x59, 0x7d]),
    }]});
    assert_eq!(body("Tea Co", "你好"), one);
    assert_eq!(body("10690", "Hello")["parts"][0]["source"], json!({"ton": 0, "npi": 1, "addr": "10690"}));
    assert_eq!(body("+8613900000002", "Hello")["parts"][0]["source"]["ton"], 1);
    let two = body("10690", &"茶".repeat(100));
    let field = |index: usize, name: &str| two["parts"][index][name].clone();
    assert_eq!((field(0, "esm_class"), field(1, "esm_class")), (json!(0x40), json!(0x40)));
    assert_eq!((field(0, "registered_delivery"), field(1, "registered_delivery")), (json!(0), json!(1)));
}

#[test]
fn ch_1_what_a_text_message_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match send("10690", address, content) {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check("phone:123", json!({"text": "x"}), "no phone number");
    check("phone:+86x", json!({"text": "x"}), "no phone number");
    check("phone:+8613800000001", json!({"text": "x", "image": "https://x.example/a"}), "unknown field `image`");
    check("phone:+8613800000001", json!({"text": "茶".repeat(300)}), "takes 5 short messages");
}

#[track_caller]
fn check_outcome(status: u16, command_status: &str, parts: &[(u32, &str)], expected: Outcome) {
    let parts: Vec<Value> =
        parts.iter().map(|(status, id)| json!({"command_status": status, "message_id": id})).collect();
    let body = json!({"parts": parts}).to_string();
    let response = testing::response(status, &[("command-status", command_status)], body.as_bytes());
    assert_eq!(Smpp::resume(&settings("1"), &[], &response, NOW), Ok(Step::Done(expected)), "{command_status}");
}

#[test]
fn ch_1_answers_become_outcomes() {
    let rejected = |why: &str| Outcome::Rejected(why.to_owned());
    check_outcome(200, "0x00000000", &[(0, "a"), (0, "b")], Outcome::Sent(Some("b".to_owned())));
    check_outcome(429, "0x00000058", &[(0x58, "")], Outcome::RetryAfter(30));
    check_outcome(503, "0x00000008", &[(8, "")], Outcome::RetryAfter(30));
    check_outcome(401, "0x0000000e", &[(0x0e, "")], Outcome::RetryAfter(300));
    let gone = Outcome::RecipientGone("the centre knows no such number (0x0000000b)".to_owned());
    check_outcome(400, "0x0000000b", &[(0x0b, "")], gone);
    check_outcome(400, "0x0000000a", &[(0x0a, "")], rejected("the centre answered 0x0000000a"));
    let partly = rejected("1 of 2 parts were taken, then the centre said 0x00000001");
    check_outcome(400, "0x00000001", &[(0, "a"), (1, "")], partly);
}

fn deliver(
    method: &str,
    esm_class: u8,
    data_coding: u8,
    message: &[u8],
) -> Result<Vec<(String, String, Value)>, Refusal> {
    let body = json!({
        "source": {"ton": 1, "npi": 1, "addr": "8613800000001"}, "destination": {"ton": 0, "npi": 1, "addr": "10690"},
        "esm_class": esm_class, "data_coding": data_coding, "short_message": STANDARD.encode(message),
        "receipted_message_id": null,
    });
    let (query, headers) = (String::new(), Vec::new());
    let request = Incoming { method: method.to_owned(), query, headers, body: body.to_string().into_bytes() };
    let reception = Smpp::receive(&settings("1"), &request, NOW)?;
    assert_eq!(reception.reply.status, 200);
    let told = reception.events.into_iter().map(|received| {
        assert_eq!(received.identities, ["phone:+8613800000001"]);
        (received.key, received.event.kind, serde_json::from_str(&received.event.properties).unwrap())
    });
    Ok(told.collect())
}

#[test]
fn ch_1_receipts_tell_what_became_of_a_message() {
    let receipt = |stat: &str| {
        let text =
            format!("id:m-7 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:{stat} err:001 text:");
        deliver("DELIVER", 4, 0, text.as_bytes()).unwrap()
    };
    let delivered = json!({"channel-id": "m-7", "state": "delivered"});
    assert_eq!(receipt("DELIVRD"), [("receipt-m-7-delivered".to_owned(), "guanxi.delivery".to_owned(), delivered)]);
    let failed = json!({"channel-id": "m-7", "state": "failed", "reason": "UNDELIV 001"});
    assert_eq!(receipt("UNDELIV"), [("receipt-m-7-failed".to_owned(), "guanxi.delivery".to_owned(), failed)]);
    assert_eq!(receipt("ENROUTE"), []);
}

#[test]
fn ch_1_replies_are_read_in_their_coding_and_only_from_the_session() {
    let check = |esm_class: u8, data_coding: u8, message: &[u8], text: &str| {
        let told = deliver("DELIVER", esm_class, data_coding, message).unwrap();
        assert_eq!(
            (told[0].1.as_str(), &told[0].2),
            ("Message Received", &json!({"text": text, "kind": "text", "to": "10690"}))
        );
    };
    check(0, 8, &[0x4f, 0x60, 0x59, 0x7d], "你好");
    check(0, 0, b"STOP", "STOP");
    check(0x40, 8, &[5, 0, 3, 1, 2, 1, 0x4f, 0x60], "你");
    assert_eq!(deliver("POST", 0, 0, b"STOP").unwrap_err(), Refusal::BadSignature);
}
