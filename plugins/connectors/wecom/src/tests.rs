//! CH-2, CH-3: WeCom's own signatures and ciphertexts, members' and external contacts' events.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Connector, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::secrets::{self, Cipher, Digest, Part};
use guanxi_plugin::testing;
use serde_json::{Value, json};

use super::{Settings, Wecom};

fn settings() -> Settings {
    Settings { corp_id: "wx49f0ab532d5d035a".to_owned(), agent_id: 1_000_002 }
}

/// Token, key, timestamps, nonces, ciphertexts and signatures are those of wechatpy's tests/test_crypto.py.
fn call(method: &str, query: &str, body: &str, now: i64) -> Result<Reception, Refusal> {
    testing::set_secret("token", b"123456");
    let key = STANDARD.decode("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR=");
    // The last character has two bits more than the key.
    let key = key.or_else(|_| STANDARD.decode("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aQ=")).unwrap();
    testing::set_secret("encoding-aes-key", &key);
    let request = Incoming {
        method: method.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    Wecom::receive(&settings(), &request, now)
}

#[test]
fn the_address_is_checked_with_the_published_echo() {
    let query = "msg_signature=dd6b9c95b495b3f7e2901bfbc76c664930ffdb96&timestamp=1411443780&nonce=437374425&echostr=4ByGGj%2BsVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1%2BbXFXDQQb1o6co6Yh9Bv41n7hOchLF6p%2BQ%3D%3D";
    let now = 1_411_443_780_000;
    let reception = call("GET", query, "", now).unwrap();
    assert_eq!((reception.reply.status, reception.reply.body), (200, b"5927782489442352469".to_vec()));
    assert_eq!(call("GET", &query.replace("dd6b", "dd6c"), "", now).unwrap_err(), Refusal::BadSignature);
    assert_eq!(call("GET", &query.replace("4ByG", "4ByH"), "", now).unwrap_err(), Refusal::BadSignature);
    assert_eq!(call("GET", query, "", now + 300_001).unwrap_err(), Refusal::Stale);
    let twice = Refusal::Malformed("`nonce` stands twice in the query".to_owned());
    assert_eq!(call("GET", &format!("{query}&nonce=1"), "", now).unwrap_err(), twice);
}

const NOW: i64 = 1_411_525_903_000;

#[test]
fn the_published_messages_are_read() {
    // `decrypt-message signature` of the vectors, then `encrypt-message signature`.
    let one = "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=";
    let query = "msg_signature=74d92dfeb87ba7c714f89d98870ae5eb62dff26d&timestamp=1411525903&nonce=461056294";
    let body = |encrypted: &str| {
        format!("<xml><ToUserName>x</ToUserName><AgentID>1</AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>")
    };
    let reception = call("POST", query, &body(one), NOW).unwrap();
    let received = &reception.events[0];
    assert_eq!(
        (received.key.as_str(), received.identities[0].as_str()),
        ("4363689963896700987", "wecom_userid:messense")
    );
    let properties: Value = serde_json::from_str(&received.event.properties).unwrap();
    assert_eq!(properties, json!({"text": "test", "message-id": "4363689963896700987", "kind": "text", "fields": {}}));

    let two = "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3";
    let query = query.replace("74d92dfeb87ba7c714f89d98870ae5eb62dff26d", "407518b7649e86ef23978113f92d27afa9296533");
    let reception = call("POST", &query, &body(two), NOW).unwrap();
    assert_eq!(reception.events[0].identities, ["wecom_userid:wx49f0ab532d5d035a"]);
    assert_eq!(call("POST", &query, &body(one), NOW).unwrap_err(), Refusal::BadSignature);
    assert!(matches!(call("POST", &query, "<xml><Content>bare</Content></xml>", NOW), Err(Refusal::Malformed(_))));
    let other = Settings { corp_id: "ww0".to_owned(), ..settings() };
    let request = Incoming { method: "POST".to_owned(), query, headers: Vec::new(), body: body(two).into_bytes() };
    assert_eq!(Wecom::receive(&other, &request, NOW).unwrap_err(), Refusal::BadSignature);
}

/// An event as WeCom would encrypt and sign it. The token's place among the sorted parts is found by trying, as the host
/// finds it.
fn told(rest: &str) -> Reception {
    let _ = call("GET", "", "", NOW);
    let xml = format!(
        "<xml><ToUserName>wx49f0ab532d5d035a</ToUserName><CreateTime>1411525903</CreateTime><MsgType>event</MsgType>{rest}</xml>"
    );
    let text = [&u32::try_from(xml.len()).unwrap().to_be_bytes()[..], xml.as_bytes(), b"wx49f0ab532d5d035a"].concat();
    let encrypted = STANDARD.encode(secrets::encrypt("encoding-aes-key", &Cipher::Wechat, &text).unwrap());
    let mut parts = ["123456".to_owned(), "1411525903".to_owned(), "1".to_owned(), encrypted.clone()];
    parts.sort();
    let signature = secrets::hash(Digest::Sha1, &[Part::bytes(parts.concat())]).unwrap();
    let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let query = format!("msg_signature={signature}&timestamp=1411525903&nonce=1");
    call("POST", &query, &format!("<xml><Encrypt>{encrypted}</Encrypt></xml>"), NOW).unwrap()
}

#[test]
fn external_contacts_come_and_go() {
    let change = |change: &str, more: &str| {
        told(&format!(
            "<FromUserName>sys</FromUserName><Event>change_external_contact</Event><ChangeType>{change}</ChangeType><UserID>zhangsan</UserID><ExternalUserID>woAJ2GCAAAXtWyujaWJHDDGi0mAAAA</ExternalUserID>{more}"
        ))
    };
    let check = |reception: Reception, kind: &str, key: &str, properties: Value| {
        let received = &reception.events[0];
        assert_eq!((received.event.kind.as_str(), received.key.as_str()), (kind, key));
        assert_eq!(received.identities, ["wecom_external_id:woAJ2GCAAAXtWyujaWJHDDGi0mAAAA"]);
        assert_eq!(serde_json::from_str::<Value>(&received.event.properties).unwrap(), properties);
        received.event.touchpoint.clone()
    };
    let touchpoint = check(
        change("add_external_contact", "<State>shop-7</State><WelcomeCode>W</WelcomeCode>"),
        "Channel Followed",
        "sys-1411525903-change_external_contact-add_external_contact-zhangsan-woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
        json!({"member": "zhangsan", "state": "shop-7", "change": "add_external_contact", "welcome-code": "W"}),
    );
    assert_eq!(touchpoint.as_deref(), Some("shop-7"));
    check(
        change("del_follow_user", ""),
        "Channel Unfollowed",
        "sys-1411525903-change_external_contact-del_follow_user-zhangsan-woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
        json!({"member": "zhangsan", "state": "", "change": "del_follow_user", "welcome-code": ""}),
    );
    check(
        change("transfer_fail", "<FailReason>customer_refused</FailReason>"),
        "Channel Event",
        "sys-1411525903-change_external_contact-transfer_fail-zhangsan-woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
        json!({"kind": "change_external_contact", "fields": {"Event": "change_external_contact", "ChangeType": "transfer_fail",
            "UserID": "zhangsan", "ExternalUserID": "woAJ2GCAAAXtWyujaWJHDDGi0mAAAA", "FailReason": "customer_refused"}}),
    );
}

#[test]
fn members_events_are_told_and_what_is_about_nobody_is_not() {
    let reception = told("<FromUserName>zhangsan</FromUserName><Event>click</Event><EventKey>K1</EventKey>");
    assert_eq!(
        (reception.events[0].event.kind.as_str(), reception.events[0].key.as_str()),
        ("Menu Clicked", "zhangsan-1411525903-click----K1")
    );
    let reception = told("<FromUserName>sys</FromUserName><Event>change_external_tag</Event><Id>1</Id>");
    assert_eq!((reception.reply.body.as_slice(), reception.events.len()), (&b"success"[..], 0));
}

#[test]
fn the_session_is_asked_for_without_showing_the_secret() {
    let asked = Wecom::authorize(&settings()).unwrap();
    let url =
        "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=wx49f0ab532d5d035a&corpsecret={{secret:corp-secret}}";
    assert_eq!((asked.request.method.as_str(), asked.request.url.as_str()), ("GET", url));
    assert!(Wecom::authorize(&Settings { corp_id: "a&b".to_owned(), ..settings() }).is_err());
}

#[test]
fn what_wecom_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Wecom::send(
        &settings(),
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "wecom_userid:zhangsan";
    check(to, json!({"text": "x", "buttons": []}), "unknown field `buttons`");
    check(to, json!({"text": "x", "title": "t"}), "an article");
    check(to, json!({"text": "你".repeat(683)}), "2049 bytes");
    check(to, json!({"text": "x".repeat(513), "title": "t", "url": "https://x.example"}), "513 characters");
    check(to, json!({"text": "x", "media": {"kind": "hologram", "media_id": "m"}}), "no media `hologram`");
    check("wecom_userid:@all", json!({"text": "x"}), "no member");
    check("wecom_userid:a|b", json!({"text": "x"}), "no member");
    check("wecom_userid:ww1/a", json!({"text": "x"}), "another corporation");
}
