//! CH-2, CH-3: WeChat's own signatures and ciphertexts of users' data, pushes in XML and JSON, and what cannot be sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{MiniProgram, Mode, Settings, State};

fn settings(app_id: &str) -> Settings {
    let templates = [("tea".to_owned(), "取货码：{{character_string1.DATA}}".to_owned())].into();
    Settings { app_id: app_id.to_owned(), mode: Mode::Plain, templates, state: State::Formal }
}

/// A call of the brand's backend, signed as Standard Webhooks are.
fn login(app_id: &str, body: &Value, now: i64) -> Result<Reception, Refusal> {
    testing::set_secret("backend-key", b"a-key-of-the-backend");
    let signed = format!("msg_1.{}.{body}", NOW / 1_000);
    let mac = STANDARD.encode(secrets::hmac("backend-key", Digest::Sha256, signed.as_bytes()).unwrap());
    let pairs = [
        ("Webhook-Id", "msg_1".to_owned()),
        ("Webhook-Timestamp", (NOW / 1_000).to_string()),
        ("Webhook-Signature", format!("v1,bm90IGl0 v1,{mac}")),
    ];
    let headers = pairs.map(|(name, value)| Header { name: name.to_owned(), value }).to_vec();
    let body = body.to_string().into_bytes();
    let request = Incoming { method: "POST".to_owned(), query: String::new(), headers, body };
    MiniProgram::receive(&settings(app_id), &request, now)
}

fn properties(reception: &Reception) -> Value {
    serde_json::from_str(&reception.events[0].event.properties).unwrap()
}

/// The official sample, as in wechatpy's tests/test_utils.py.
const RAW: &str = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
/// The official sample, as in wechatpy's tests/test_crypto.py.
const ENCRYPTED: &str = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==";
const APP: &str = "wx4f4bc4dec97d474b";

#[test]
fn data_that_wechat_signed_is_believed() {
    let body = json!({"openid": "oABC", "unionid": "oU1", "session_key": "HyVFkGl5F5OQWJZZaNzBBg==", "raw_data": RAW,
        "signature": "75e81ceda165f4ffa64f4068af58c64b8f54b88c"});
    let reception = login("wx1", &body, NOW).unwrap();
    let told = &reception.events[0];
    assert_eq!(told.identities, ["wechat_openid:wx1/oABC", "wechat_unionid:oU1"]);
    assert_eq!((told.event.kind.as_str(), told.key.as_str(), told.event.at), ("identify", "login-msg_1", NOW));
    let traits = properties(&reception);
    assert_eq!(
        (&traits["name"], &traits["city"], &traits["language"]),
        (&json!("Band"), &json!("Guangzhou"), &json!("zh_CN"))
    );
    assert!(!told.event.properties.contains("HyVFkGl5"), "a session key is not kept");
    let mut forged = body.clone();
    forged["raw_data"] = json!(RAW.replace("Band", "Bond"));
    assert_eq!(login("wx1", &forged, NOW).unwrap_err(), Refusal::BadSignature);
    assert_eq!(login("wx1", &body, NOW + 300_001).unwrap_err(), Refusal::Stale);
}

#[test]
fn data_that_wechat_encrypted_is_read_if_it_is_meant_for_this_application() {
    let body = json!({"openid": "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "session_key": "tiihtNczf5v6AKRyjwEUhQ==",
        "encrypted": [{"data": ENCRYPTED, "iv": "r7BXXKkLb8qrSNn05n0qiA=="}]});
    let reception = login(APP, &body, NOW).unwrap();
    let expected = [
        "wechat_openid:wx4f4bc4dec97d474b/oGZUI0egBJY1zhBYw2KhdUfwVJJE",
        "wechat_unionid:ocMvos6NjeKLIBqg5Mr9QjxrP1FA",
    ];
    assert_eq!(reception.events[0].identities, expected);
    assert_eq!(properties(&reception)["name"], "Band");
    let check = |app_id: &str, change: &dyn Fn(&mut Value), words: &str| {
        let mut body = body.clone();
        change(&mut body);
        match login(app_id, &body, NOW) {
            Err(Refusal::Malformed(why)) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        }
    };
    check("wx1", &|_| {}, "another application");
    check(APP, &|body| body["openid"] = json!("oOther"), "another user");
    check(APP, &|body| body["session_key"] = json!("HyVFkGl5F5OQWJZZaNzBBg=="), "cannot be read");
    check(APP, &|body| body["encrypted"][0]["iv"] = json!("AA=="), "cannot be read");
    check(APP, &|body| body["session_key"] = Value::Null, "`session_key` is missing");
    check(APP, &|body| body["sauce"] = json!(1), "unknown field `sauce`");
}

#[test]
fn a_call_that_the_backend_did_not_sign_is_refused() {
    testing::set_secret("backend-key", b"a-key-of-the-backend");
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![
        header("webhook-id", "1"),
        header("webhook-timestamp", "1767225600"),
        header("webhook-signature", "v1,AAAA"),
    ];
    let request = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: b"{}".to_vec() };
    assert_eq!(MiniProgram::receive(&settings(APP), &request, NOW).unwrap_err(), Refusal::BadSignature);
}

/// A push in plain mode, signed as in wechatpy's test: token, timestamp and nonce are its.
fn push(body: &str) -> (String, String, Value) {
    testing::set_secret("token", b"test");
    let query = "signature=f21891de399b4e33a1a93c9a7b8a8fffb5a443ff&timestamp=1410685589&nonce=test";
    let request = Incoming {
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let reception = MiniProgram::receive(&settings("wx1"), &request, 1_410_685_589_000).unwrap();
    assert_eq!(
        (reception.reply.body.as_slice(), reception.events[0].identities[0].as_str()),
        (&b"success"[..], "wechat_openid:wx1/oABC")
    );
    let told = &reception.events[0];
    (told.event.kind.clone(), told.key.clone(), properties(&reception))
}

#[test]
fn pushes_are_read_in_either_form() {
    let json = push(
        r#"{"ToUserName":"gh_1","FromUserName":"oABC","CreateTime":1410685580,"MsgType":"text","Content":"你好","MsgId":24763148}"#,
    );
    let xml = push(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName><CreateTime>1410685580</CreateTime><MsgType>text</MsgType><Content>你好</Content><MsgId>24763148</MsgId></xml>",
    );
    assert_eq!(json, xml);
    let expected = json!({"text": "你好", "message-id": "24763148", "kind": "text", "fields": {}});
    assert_eq!(json, ("Message Received".to_owned(), "24763148".to_owned(), expected));
    let event =
        |rest: &str| push(&format!(r#"{{"FromUserName":"oABC","CreateTime":1410685580,"MsgType":"event",{rest}}}"#));
    let (kind, key, told) = event(r#""Event":"user_enter_tempsession","SessionFrom":"shop""#);
    assert_eq!(
        (kind.as_str(), key.as_str(), told),
        ("Chat Entered", "oABC-1410685580-user_enter_tempsession-shop", json!({"from": "shop"}))
    );
    let (kind, _, told) = event(
        r#""Event":"subscribe_msg_popup_event","List":[{"TemplateId":"tea","SubscribeStatusString":"accept","PopupScene":"0"}]"#,
    );
    assert_eq!((kind.as_str(), told), ("Subscription Changed", json!({"template": "tea", "status": "accept"})));
    let (kind, _, told) = event(
        r#""Event":"subscribe_msg_sent_event","List":{"TemplateId":"tea","MsgID":"1700827132819554304","ErrorCode":"0","ErrorStatus":"success"}"#,
    );
    assert_eq!(
        (kind.as_str(), told),
        ("guanxi.delivery", json!({"channel-id": "1700827132819554304", "state": "delivered", "reason": "success"}))
    );
}

#[test]
fn the_session_does_not_end_that_of_the_brands_backend() {
    let asked = MiniProgram::authorize(&settings("wx1")).unwrap();
    assert_eq!(asked.request.url, "https://api.weixin.qq.com/cgi-bin/stable_token");
    let body: Value = serde_json::from_slice(&asked.request.body).unwrap();
    assert_eq!(body, json!({"grant_type": "client_credential", "appid": "wx1", "secret": "{{secret:app-secret}}"}));
}

#[test]
fn what_a_mini_program_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match MiniProgram::send(
        &settings("wx1"),
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "wechat_openid:wx1/oABC";
    check("wechat_openid:oABC", json!({"text": "x"}), "`wx1/openid`");
    check("wechat_openid:wx2/oABC", json!({"text": "x"}), "another application");
    check(to, json!({"text": "取货码：A1", "url": "https://x.example"}), "no `url`");
    check(to, json!({"text": format!("取货码：{}", "x".repeat(33))}), "33 characters");
    check(to, json!({"text": "x", "media": {"kind": "voice", "media_id": "m"}}), "no media but images");
    check(to, json!({"text": "x", "buttons": [{"text": "a", "value": "b"}]}), "no buttons");
}
