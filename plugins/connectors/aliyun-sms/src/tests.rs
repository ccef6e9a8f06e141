//! CH-2, CH-3: the cloud's own signature, its receipts and replies, and texts that no template says.

use guanxi_plugin::connector::{Connector, Incoming, Outbound, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Aliyun, Settings, sign};

fn settings() -> Settings {
    let templates = [
        ("SMS_1".to_owned(), "您的验证码是${code}，5分钟内有效。".to_owned()),
        ("SMS_2".to_owned(), "${anything}".to_owned()),
    ];
    Settings {
        access_key_id: "AK".to_owned(),
        sign_name: "茶铺".to_owned(),
        templates: templates[..1].iter().cloned().collect(),
    }
}

#[test]
fn the_published_signature_comes_out() {
    testing::set_secret("access-key-secret", b"secret");
    let query = sign::query(&[("test", "ok"), ("empty", "")]);
    let payload = "55e12e91650d2fec56ec74e1d3e4ddbfce2ef3a65890c2a19ecf88a307e76a23";
    // darabonba-openapi-util python/tests/test_client.py; the two values of the header stand in one line there.
    let is = sign::authorization("acesskey", "GET", &query, &[("x-acs-test", "http,https")], payload).unwrap();
    let expected = "ACS3-HMAC-SHA256 Credential=acesskey,SignedHeaders=x-acs-test,Signature=d16b30a7699ae9e43875b13195b2f81bcc3ed10c14a9b5eb780e51619aa50be1";
    assert_eq!(is, expected);
    assert_eq!(sign::query(&[("b", "a b*~+/"), ("a", "你")]), "a=%E4%BD%A0&b=a%20b%2A~%2B%2F");
}

#[test]
fn a_second_attempt_has_another_nonce() {
    testing::set_secret("access-key-secret", b"secret");
    let nonce = |attempt| {
        let message = testing::outbound("phone:+8613800138000", json!({"text": "您的验证码是1234，5分钟内有效。"}));
        match Aliyun::send(&settings(), &Outbound { attempt, ..message }).unwrap() {
            Step::Perform(exchange) => exchange.request.headers.into_iter().find(|h| h.name == "x-acs-signature-nonce"),
            other => panic!("{other:?}"),
        }
    };
    assert_ne!(nonce(1).unwrap().value, nonce(2).unwrap().value);
}

fn call(query: &str, body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("callback-token", b"a long token");
    let request = Incoming {
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    Aliyun::receive(&settings(), &request, NOW)
}

const QUERY: &str = "token=a%20long+token";

#[test]
fn only_who_knows_the_address_is_heard() {
    assert!(call(QUERY, "[]").is_ok());
    for query in ["", "token=", "token=a+long+toke", "token=a+long+token&token=a+long+token", "Token=a+long+token"] {
        assert_eq!(call(query, "[]").unwrap_err(), Refusal::BadSignature, "{query}");
    }
    for body in ["", "{}", "null", "[{]"] {
        assert!(matches!(call(QUERY, body), Err(Refusal::Malformed(_))), "{body}");
    }
}

#[test]
fn receipts_and_replies_become_events() {
    let body = json!([
        {"phone_number": "13900000001", "send_time": "2017-01-01 11:12:13", "report_time": "2017-02-02 22:31:24", "success": true,
            "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": "932702304080415357^0", "out_id": "msg_1"},
        {"phone_number": "85290000000", "report_time": "never", "success": false, "err_code": "MK:0011", "biz_id": "7", "out_id": ""},
        {"phone_number": "13900000001", "send_time": "2017-09-11 17:46:27", "content": "内容", "sign_name": "茶铺", "dest_code": "1234", "sequence_id": 1234567890},
        {"phone_number": "13900000001", "send_time": "2017-09-11 17:46:27"},
        {"phone_number": "1390000****", "success": true}, 7,
    ]);
    let reception = call(QUERY, &body.to_string()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&reception.reply.body).unwrap(), json!({"code": 0, "msg": "接收成功"}));
    let told: Vec<_> = reception
        .events
        .iter()
        .map(|r| {
            (
                r.key.as_str(),
                r.identities[0].as_str(),
                r.event.kind.as_str(),
                r.event.at,
                serde_json::from_str(&r.event.properties).unwrap(),
            )
        })
        .collect();
    let (one, two) = ("phone:+8613900000001", "phone:+85290000000");
    let report = json!({"channel-id": "932702304080415357^0", "state": "delivered", "message": "msg_1"});
    let failed = json!({"channel-id": "7", "state": "failed", "message": "", "reason": "MK:0011"});
    let reply = json!({"text": "内容", "message-id": "1234567890", "kind": "text", "signature": "茶铺", "to": "1234"});
    let other = json!({"kind": "sms", "fields": {"phone_number": "13900000001", "send_time": "2017-09-11 17:46:27"}});
    let expected: Vec<(&str, &str, &str, i64, Value)> = vec![
        ("report-932702304080415357^0-+8613900000001", one, "guanxi.delivery", 1_486_045_884_000, report),
        ("report-7-+85290000000", two, "guanxi.delivery", NOW, failed),
        ("up-1234567890-+8613900000001", one, "Message Received", 1_505_123_187_000, reply),
        ("other-+8613900000001-2017-09-11 17:46:27", one, "Channel Event", 1_505_123_187_000, other),
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_cannot_be_sent_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Aliyun::send(
        &settings(),
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "phone:+8613800138000";
    check(to, json!({"text": "任意内容"}), "no approved template");
    check(to, json!({"text": "x".repeat(497)}), "501 characters");
    check(to, json!({"text": "x", "image": "https://x.example/a"}), "unknown field `image`");
    check("phone:13800138000", json!({"text": "x"}), "no phone number");
    check("phone:+86138&x=1", json!({"text": "x"}), "no phone number");
}
