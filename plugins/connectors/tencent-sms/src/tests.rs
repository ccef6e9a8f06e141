//! CH-2, CH-3: the cloud's own signature, its receipts and replies, and texts that no template says.

use guanxi_plugin::connector::{Connector, Incoming, Outcome, Receive, Reception, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Tencent, guangzhou, sign};

fn settings() -> Settings {
    let templates = [
        ("449739".to_owned(), "您的验证码是{1}，{2}分钟内有效。".to_owned()),
        ("449740".to_owned(), "缺口{2}".to_owned()),
    ];
    Settings {
        secret_id: "AKID".to_owned(),
        sdk_app_id: "1400006666".to_owned(),
        region: guangzhou(),
        sign_name: "茶铺".to_owned(),
        templates: templates.into(),
    }
}

#[test]
fn the_published_signature_comes_out() {
    testing::set_secret("secret-key", b"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
    // The example of the API's own documentation of its signature, version 3.
    let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    let host = "cvm.tencentcloudapi.com";
    let is = sign::authorization("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", host, body, 1_551_113_065_000).unwrap();
    let expected = "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";
    assert_eq!(is, expected);
}

fn call(query: &str, body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("callback-token", b"a-long-token");
    let request = Incoming {
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    Tencent::receive(&settings(), &request, NOW)
}

const QUERY: &str = "token=a-long-token";

#[test]
fn only_who_knows_the_address_is_heard() {
    assert!(call(QUERY, "[]").is_ok());
    for query in ["", "token=", "token=a-long-toke", "token=a-long-token&token=x", "x=a-long-token"] {
        assert_eq!(call(query, "[]").unwrap_err(), Refusal::BadSignature, "{query}");
    }
    for body in ["", "7", "null", "[{]"] {
        assert!(matches!(call(QUERY, body), Err(Refusal::Malformed(_))), "{body}");
    }
}

#[track_caller]
fn check(body: Value, expected: &[(&str, &str, i64, Value)]) {
    let reception = call(QUERY, &body.to_string()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&reception.reply.body).unwrap(), json!({"result": 0, "errmsg": "OK"}));
    assert!(reception.events.iter().all(|received| received.identities == ["phone:+8613900000001"]));
    let told: Vec<_> = reception
        .events
        .iter()
        .map(|r| {
            (r.key.as_str(), r.event.kind.as_str(), r.event.at, serde_json::from_str(&r.event.properties).unwrap())
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn receipts_and_replies_become_events() {
    let receipt = |status: &str, sid: &str| {
        json!({"user_receive_time": "2015-10-17 08:03:04", "nationcode": "86", "mobile": "13900000001", "report_status": status,
            "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": sid})
    };
    let failed = json!({"channel-id": "s2", "state": "failed", "reason": "DELIVRD 用户短信送达成功"});
    check(
        json!([receipt("SUCCESS", "s1"), receipt("FAIL", "s2"), {"mobile": "x"}, 7]),
        &[
            ("report-s1", "guanxi.delivery", 1_445_040_184_000, json!({"channel-id": "s1", "state": "delivered"})),
            ("report-s2", "guanxi.delivery", 1_445_040_184_000, failed),
        ],
    );
    let properties = json!({"text": "用户回复的内容", "message-id": "+8613900000001-1457336869", "kind": "text", "signature": "茶铺", "extension": ""});
    check(
        json!({"extend": "", "mobile": "13900000001", "nationcode": "86", "sign": "茶铺", "text": "用户回复的内容", "time": 1457336869}),
        &[("reply-+8613900000001-1457336869", "Message Received", 1_457_336_869_000, properties)],
    );
    let other = json!({"mobile": "13900000001", "nationcode": "86"});
    check(other.clone(), &[("other-+8613900000001-", "Channel Event", NOW, json!({"kind": "sms", "fields": other}))]);
}

#[test]
fn what_cannot_be_sent_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Tencent::send(
        &settings(),
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "phone:+8613800138000";
    check(to, json!({"text": "任意内容"}), "no approved template");
    check(to, json!({"text": "缺口1"}), "without a gap");
    check(to, json!({"text": "x".repeat(497)}), "501 characters");
    check(to, json!({"text": "x", "image": "https://x.example/a"}), "unknown field `image`");
    check("phone:13800138000", json!({"text": "x"}), "no phone number");
}
