//! CH-2, CH-3: SendGrid's own signature, its events, and mail as it is asked for.

use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use p256::ecdsa::signature::Signer;
use serde_json::{Value, json};

use super::{Sendgrid, Settings, send};

/// From sendgrid-python test/unit/test_eventwebhook.py.
const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
const SIGNATURE: &str =
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
const OTHER_SIGNATURE: &str =
    "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0=";
const BODY: &str = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";

fn settings(key: &str) -> Settings {
    Settings {
        from: "tea@shop.example".to_owned(),
        subject: "News".to_owned(),
        verification_key: key.to_owned(),
        purpose: "marketing".to_owned(),
        ..Settings::default()
    }
}

fn call(key: &str, signature: &str, time: &str, body: &str) -> Result<Reception, Refusal> {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let request = Incoming {
        method: "POST".to_owned(),
        query: String::new(),
        headers: vec![
            header("X-Twilio-Email-Event-Webhook-Signature", signature),
            header("X-Twilio-Email-Event-Webhook-Timestamp", time),
        ],
        body: body.as_bytes().to_vec(),
    };
    Sendgrid::receive(&settings(key), &request, NOW)
}

#[test]
fn the_published_signature_is_taken_and_no_other() {
    let reception = call(KEY, SIGNATURE, "1600112502", BODY).unwrap();
    let received = &reception.events[0];
    assert_eq!(received.key, "dropped-ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA");
    assert_eq!(
        (received.identities.as_slice(), received.event.at),
        (&["email:hello@world.com".to_owned()][..], 1_600_112_492_000)
    );
    let expected =
        json!({"channel-id": "LRzXl_NHStOGhQ4kofSm_A", "state": "failed", "message": "", "reason": "Bounced Address"});
    assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), expected);
    for (key, signature, time, body) in [
        (OTHER_KEY, SIGNATURE, "1600112502", BODY),
        (KEY, OTHER_SIGNATURE, "1600112502", BODY),
        (KEY, SIGNATURE, "timestamp", BODY),
        (KEY, SIGNATURE, "1600112502", "payload"),
        (KEY, SIGNATURE, "1600112502", BODY.trim_end()),
        (KEY, "", "1600112502", BODY),
        (KEY, "AAAA", "1600112502", BODY),
    ] {
        assert_eq!(call(key, signature, time, body).unwrap_err(), Refusal::BadSignature, "{signature} {time}");
    }
    for key in ["", "AAAA", &KEY[4..]] {
        assert!(matches!(call(key, SIGNATURE, "1600112502", BODY), Err(Refusal::BadConfig(_))), "{key}");
    }
}

/// Signs as SendGrid does, with a key that is made for the test.
fn signed(events: &Value) -> Vec<(String, String, Value)> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let spki = [&super::receive::P256[..], point.as_bytes()].concat();
    let body = events.to_string();
    let signature: p256::ecdsa::Signature = key.sign(format!("1600112502{body}").as_bytes());
    let signature = STANDARD.encode(signature.to_der().as_bytes());
    let reception = call(&STANDARD.encode(spki), &signature, "1600112502", &body).unwrap();
    let shown = reception.events.into_iter().map(|it| {
        assert_eq!(it.identities, ["email:example@test.com"]);
        (it.key, it.event.kind, serde_json::from_str(&it.event.properties).unwrap())
    });
    shown.collect()
}

#[test]
fn ch_4_events_become_receipts_and_withdrawals() {
    let event = |kind: &str, more: Value| {
        let mut event = json!({"email": "example@test.com", "timestamp": 1_513_299_569, "event": kind, "sg_event_id": "e",
            "sg_message_id": "m1.filter0001.16648.5515E0B88.0", "message": "msg_1"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let check = |one: Value, key: &str, kind: &str, properties: Value| {
        assert_eq!(signed(&json!([one])), [(key.to_owned(), kind.to_owned(), properties)]);
    };
    let receipt = |state: &str| json!({"channel-id": "m1", "state": state, "message": "msg_1"});
    let with = |state: &str, name: &str, value: &str| {
        let mut receipt = receipt(state);
        receipt[name] = json!(value);
        receipt
    };
    check(event("delivered", json!({"response": "250 OK"})), "delivered-e", "guanxi.delivery", receipt("delivered"));
    check(event("open", json!({})), "open-e", "guanxi.delivery", receipt("read"));
    let url = json!({"url": "https://shop.example/"});
    check(event("click", url), "click-e", "guanxi.delivery", with("clicked", "url", "https://shop.example/"));
    let reason = json!({"reason": "500 unknown recipient", "type": "bounce"});
    check(event("bounce", reason), "bounce-e", "guanxi.delivery", with("bounced", "reason", "500 unknown recipient"));
    let blocked = json!({"reason": "blocked", "type": "blocked"});
    check(event("bounce", blocked), "bounce-e", "guanxi.delivery", with("failed", "reason", "blocked"));
    for kind in ["spamreport", "unsubscribe", "group_unsubscribe"] {
        let expected = json!({"purpose": "marketing", "evidence": format!("{kind} at SendGrid, e")});
        check(event(kind, json!({})), &format!("{kind}-e"), "Consent Withdrawn", expected);
    }
    let back = event("group_resubscribe", json!({}));
    check(back.clone(), "group_resubscribe-e", "Channel Event", json!({"kind": "group_resubscribe", "fields": back}));
    assert!(
        signed(&json!([event("processed", json!({})), event("deferred", json!({})), {"event": "open"}, 7])).is_empty()
    );
}

fn body(settings: &Settings, content: Value) -> Result<Value, String> {
    match Sendgrid::send(settings, &testing::outbound("email:ada@example.com", content)).unwrap() {
        Step::Perform(exchange) => Ok(serde_json::from_slice(&exchange.request.body).unwrap()),
        Step::Done(Outcome::Rejected(why)) => Err(why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mail_is_text_and_html_and_can_be_unsubscribed_from() {
    let settings = Settings { unsubscribe: "https://shop.example/u?m={message}".to_owned(), ..settings(KEY) };
    let content = json!({"text": "Hi <Ada> & \"you\"\n2", "title": "T", "url": "https://a.example/?a&b", "image": "https://a.example/i",
        "buttons": [{"text": "Go", "url": "https://a.example/go"}]});
    let is = body(&settings, content).unwrap();
    assert_eq!((&is["subject"], &is["from"]), (&json!("T"), &json!({"email": "tea@shop.example"})));
    let expected = json!([{"to": [{"email": "ada@example.com"}], "custom_args": {"message": "msg_test"}}]);
    assert_eq!(is["personalizations"], expected);
    let headers = json!({"List-Unsubscribe": "<https://shop.example/u?m=msg_test>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"});
    assert_eq!(is["headers"], headers);
    let plain = "Hi <Ada> & \"you\"\n2\n\nhttps://a.example/?a&b\n\nGo: https://a.example/go";
    assert_eq!(is["content"][0], json!({"type": "text/plain", "value": plain}));
    let html = is["content"][1]["value"].as_str().unwrap();
    assert!(html.contains(">Hi &lt;Ada&gt; &amp; &quot;you&quot;\n2</p>"), "{html}");
    assert!(
        html.contains("<a href=\"https://a.example/?a&amp;b\">") && html.contains("<img src=\"https://a.example/i\"")
    );
}

#[test]
fn what_cannot_be_mailed_is_rejected_with_the_reason() {
    let check = |content: Value, words: &str| {
        let why = body(&settings(KEY), content).unwrap_err();
        assert!(why.contains(words), "{why}");
    };
    check(json!({"text": "x", "title": "a\nBcc: b@example.com"}), "one line");
    check(json!({"text": "x", "title": "x".repeat(901)}), "901 characters");
    check(json!({"text": "x", "buttons": [{"text": "b", "value": "v"}]}), "must have a `url`");
    check(json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    for address in ["email:ada", "email:a@b.example,c@d.example", "email:<a@b.example>", "email:a@b.example\r\nBcc: x"]
    {
        let sent = Sendgrid::send(&settings(KEY), &testing::outbound(address, json!({"text": "x"})));
        assert!(matches!(sent, Ok(Step::Done(Outcome::Rejected(_)))), "{address}");
    }
}

#[test]
fn a_limit_says_until_when() {
    let check = |headers: &[(&str, &str)], seconds| {
        assert_eq!(
            send::outcome(&testing::response(429, headers, b""), NOW),
            Outcome::RetryAfter(seconds),
            "{headers:?}"
        );
    };
    check(&[], 30);
    check(&[("x-ratelimit-reset", "1767225645")], 45);
    check(&[("x-ratelimit-reset", "1767225645"), ("retry-after", "17")], 45);
    check(&[("x-ratelimit-reset", "7")], 30);
    check(&[("retry-after", "17")], 17);
}
