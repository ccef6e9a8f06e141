//! CH-2, CH-3: Kuaishou's signature, its notices, and what cannot be sent.

use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Kuaishou, Settings, home};

fn settings() -> Settings {
    let templates = [("t1".to_owned(), "您有新的{{thing01}}：{{thing02}}".to_owned())].into();
    Settings { app_id: "ks707065143182423884".to_owned(), templates, page: home() }
}

fn call(body: &str, signature: &str) -> Result<Reception, Refusal> {
    testing::set_secret("app-secret", b"kuaishou_secret");
    let headers = vec![Header { name: "kwaisign".to_owned(), value: signature.to_owned() }];
    let request = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: body.as_bytes().to_vec() };
    Kuaishou::receive(&settings(), &request, NOW)
}

/// The form of a notice of payment; the signature was computed with Python's hashlib: md5 of the body and the secret.
const NOTICE: &str = r#"{"data":{"channel":"WECHAT","out_order_no":"kdj1","open_id":"5b748c61ef29","status":"SUCCESS"},"biz_type":"PAYMENT","message_id":"a1b2","app_id":"ks707065143182423884","timestamp":1767225599123}"#;
const SIGNATURE: &str = "7d8c1112acdb49f9a6bb23ec769cb821";

#[test]
fn a_notice_is_answered_with_its_id() {
    let reception = call(NOTICE, SIGNATURE).unwrap();
    assert_eq!(reception.reply.body, br#"{"message_id":"a1b2","result":1}"#);
    let told = &reception.events[0];
    assert_eq!((told.key.as_str(), told.identities[0].as_str()), ("a1b2", "kuaishou_openid:5b748c61ef29"));
    assert_eq!((told.event.kind.as_str(), told.event.at), ("Channel Event", 1_767_225_599_123));
    let properties: Value = serde_json::from_str(&told.event.properties).unwrap();
    assert_eq!((&properties["kind"], &properties["fields"]["status"]), (&json!("PAYMENT"), &json!("SUCCESS")));
    assert_eq!(call(&NOTICE.replace("SUCCESS", "FAILED"), SIGNATURE), Err(Refusal::BadSignature));
    assert_eq!(call(NOTICE, &SIGNATURE.replace(char::is_numeric, "0")), Err(Refusal::BadSignature));
}

#[test]
fn the_session_is_asked_for_without_showing_the_secret() {
    let asked = Kuaishou::authorize(&settings()).unwrap();
    let body = "app_id=ks707065143182423884&app_secret={{secret:app-secret}}&grant_type=client_credentials";
    assert_eq!(asked.request.body, body.as_bytes());
    assert_eq!(asked.request.url, "https://open.kuaishou.com/oauth2/access_token");
}

#[test]
fn what_kuaishou_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Kuaishou::send(
        &settings(),
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check("kuaishou_openid:a/b", json!({"text": "x"}), "no open_id");
    check("kuaishou_openid:a", json!({"text": "x"}), "no template says this");
    check("kuaishou_openid:a", json!({"text": format!("您有新的{}：x", "茶".repeat(21))}), "21 characters");
    check("kuaishou_openid:a", json!({"text": "x", "url": "https://x.example"}), "unknown field `url`");
}
