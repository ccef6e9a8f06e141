//! CH-2, CH-3: WeChat's own signatures and ciphertexts, and its callbacks as wechatpy and easywechat know them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Connector, Incoming, Outcome, Receive, Reception, Refusal, Session, Step};
use guanxi_plugin::testing::{self, NOW};
use guanxi_plugin::words::Received;
use serde_json::{Value, json};

use super::{Mode, Settings, Wechat};

fn settings(mode: Mode) -> Settings {
    let app_id = "wx49f0ab532d5d035a".to_owned();
    Settings { app_id, mode, templates: Default::default(), subscribe_templates: Default::default(), kf_account: None }
}

fn call(mode: Mode, method: &str, query: &str, body: &str, now: i64) -> Result<Reception, Refusal> {
    let request = Incoming {
        method: method.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    Wechat::receive(&settings(mode), &request, now)
}

/// A callback in plain mode, signed as in wechatpy's test: token, timestamp and nonce are its.
fn plain(body: &str) -> Result<Received, Refusal> {
    testing::set_secret("token", b"test");
    let query = "signature=f21891de399b4e33a1a93c9a7b8a8fffb5a443ff&timestamp=1410685589&nonce=test";
    let mut reception = call(Mode::Plain, "POST", query, body, 1_410_685_589_000)?;
    assert_eq!(reception.reply.body, b"success");
    Ok(reception.events.remove(0))
}

fn properties(received: &Received) -> Value {
    serde_json::from_str(&received.event.properties).unwrap()
}

#[test]
fn the_address_is_checked_with_the_published_signature() {
    testing::set_secret("token", b"test");
    let query = "signature=f21891de399b4e33a1a93c9a7b8a8fffb5a443ff&echostr=4375120948345356249&timestamp=1410685589&nonce=test";
    let now = 1_410_685_589_000;
    let reception = call(Mode::Safe, "GET", query, "", now).unwrap();
    assert_eq!((reception.reply.status, reception.reply.body), (200, b"4375120948345356249".to_vec()));
    for (query, refusal) in [
        (query.replace("f2189", "f2188"), Refusal::BadSignature),
        (query.replace("nonce=test", "nonce=tesd"), Refusal::BadSignature),
        (query.replace("signature=f2", "signature="), Refusal::BadSignature),
        (format!("{query}&nonce=test"), Refusal::Malformed("`nonce` stands twice in the query".to_owned())),
        (query.replace("&nonce=test", ""), Refusal::Malformed("`nonce` is missing in the query".to_owned())),
    ] {
        assert_eq!(call(Mode::Safe, "GET", &query, "", now).unwrap_err(), refusal, "{query}");
    }
    assert_eq!(call(Mode::Safe, "GET", query, "", now + 300_001).unwrap_err(), Refusal::Stale);
    assert_eq!(call(Mode::Safe, "GET", query, "", now - 300_001).unwrap_err(), Refusal::Stale);
}

/// The vector `decrypt-message signature` of wechatpy's tests.
const ENCRYPTED: &str = "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=";
const SAFE: &str = "encrypt_type=aes&signature=0&msg_signature=74d92dfeb87ba7c714f89d98870ae5eb62dff26d&timestamp=1411525903&nonce=461056294";
const SAFE_NOW: i64 = 1_411_525_903_000;

fn set_safe() {
    testing::set_secret("token", b"123456");
    let key = STANDARD.decode("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR=");
    // The last character has two bits more than the key.
    let key = key.or_else(|_| STANDARD.decode("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aQ=")).unwrap();
    testing::set_secret("encoding-aes-key", &key);
}

fn envelope(encrypted: &str) -> String {
    format!("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>")
}

#[test]
fn safe_mode_reads_the_published_message() {
    set_safe();
    let reception = call(Mode::Safe, "POST", SAFE, &envelope(ENCRYPTED), SAFE_NOW).unwrap();
    let received = &reception.events[0];
    assert_eq!((received.key.as_str(), received.event.at), ("4363689963896700987", SAFE_NOW));
    assert_eq!(received.identities, ["wechat_openid:messense"]);
    assert_eq!(
        (received.event.kind.as_str(), properties(received)["text"].as_str()),
        ("Message Received", Some("test"))
    );
}

#[test]
fn safe_mode_believes_nothing_else() {
    set_safe();
    let beside = envelope(ENCRYPTED).replace("</xml>", "<Content>forged</Content></xml>");
    let reception = call(Mode::Safe, "POST", SAFE, &beside, SAFE_NOW).unwrap();
    assert_eq!(properties(&reception.events[0])["text"], "test");
    let changed = envelope(ENCRYPTED).replace("RgqE", "RgqF");
    assert_eq!(call(Mode::Safe, "POST", SAFE, &changed, SAFE_NOW).unwrap_err(), Refusal::BadSignature);
    let bare = "<xml><FromUserName>a</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>";
    assert!(matches!(call(Mode::Safe, "POST", SAFE, bare, SAFE_NOW), Err(Refusal::Malformed(_))));
    assert_eq!(call(Mode::Safe, "POST", SAFE, &envelope(ENCRYPTED), SAFE_NOW + 301_000).unwrap_err(), Refusal::Stale);
}

#[test]
fn what_is_meant_for_another_account_is_refused() {
    set_safe();
    let request = Incoming {
        method: "POST".to_owned(),
        query: SAFE.to_owned(),
        headers: Vec::new(),
        body: envelope(ENCRYPTED).into_bytes(),
    };
    let other = Settings { app_id: "wx0000000000000000".to_owned(), ..settings(Mode::Safe) };
    assert_eq!(Wechat::receive(&other, &request, SAFE_NOW).unwrap_err(), Refusal::BadSignature);
}

#[test]
fn events_have_their_kinds_and_keys() {
    let event = |rest: &str| {
        plain(&format!("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oABC]]></FromUserName><CreateTime>1410685580</CreateTime><MsgType><![CDATA[event]]></MsgType>{rest}</xml>")).unwrap()
    };
    let check = |rest: &str, kind: &str, key: &str, expected: Value| {
        let received = event(rest);
        assert_eq!((received.event.kind.as_str(), received.key.as_str()), (kind, key));
        assert_eq!(properties(&received), expected);
        assert_eq!((received.event.at, received.event.channel.as_deref()), (1_410_685_580_000, Some("wechat")));
        received.event.touchpoint
    };
    let touchpoint = check(
        "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_shop7]]></EventKey><Ticket><![CDATA[T]]></Ticket>",
        "Channel Followed",
        "oABC-1410685580-subscribe-qrscene_shop7",
        json!({"scene": "shop7", "ticket": "T"}),
    );
    assert_eq!(touchpoint.as_deref(), Some("shop7"));
    check("<Event>unsubscribe</Event><EventKey/>", "Channel Unfollowed", "oABC-1410685580-unsubscribe", json!({}));
    check(
        "<Event>SCAN</Event><EventKey>7</EventKey>",
        "Code Scanned",
        "oABC-1410685580-SCAN-7",
        json!({"scene": "7", "ticket": ""}),
    );
    check(
        "<Event>CLICK</Event><EventKey>K&amp;1</EventKey>",
        "Menu Clicked",
        "oABC-1410685580-CLICK-K&1",
        json!({"key": "K&1"}),
    );
    check(
        "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status><![CDATA[failed:user block]]></Status>",
        "guanxi.delivery",
        "oABC-1410685580-TEMPLATESENDJOBFINISH--200163836",
        json!({"channel-id": "200163836", "state": "failed", "reason": "failed:user block"}),
    );
    check(
        "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status>success</Status>",
        "guanxi.delivery",
        "oABC-1410685580-TEMPLATESENDJOBFINISH--200163836",
        json!({"channel-id": "200163836", "state": "delivered"}),
    );
    check(
        "<Event>scancode_push</Event><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>",
        "Channel Event",
        "oABC-1410685580-scancode_push",
        json!({"kind": "scancode_push", "fields": {"Event": "scancode_push", "ScanCodeInfo/ScanType": "qrcode", "ScanCodeInfo/ScanResult": "1"}}),
    );
}

#[test]
fn messages_of_known_and_unknown_kinds_are_kept() {
    let message = |rest: &str| {
        plain(&format!(
            "<xml><FromUserName>oABC</FromUserName><CreateTime>1410685580</CreateTime>{rest}<MsgId>9</MsgId></xml>"
        ))
        .unwrap()
    };
    let image = message("<MsgType>image</MsgType><PicUrl>https://x.example/a</PicUrl><MediaId>m</MediaId>");
    assert_eq!((image.key.as_str(), image.event.kind.as_str()), ("9", "Message Received"));
    let expected = json!({"text": "", "message-id": "9", "kind": "image", "fields": {"PicUrl": "https://x.example/a", "MediaId": "m"}});
    assert_eq!(properties(&image), expected);
    let unknown = message("<MsgType>hologram</MsgType><Content>&#20320;&lt;3</Content>");
    assert_eq!(properties(&unknown), json!({"text": "你<3", "message-id": "9", "kind": "hologram", "fields": {}}));
}

#[test]
fn more_than_can_be_kept_is_left_out() {
    let long = "x".repeat(17_000);
    let told = format!(
        "<xml><FromUserName>a</FromUserName><CreateTime>1</CreateTime><MsgType>link</MsgType><MsgId>9</MsgId><Title>t</Title><Description>{long}</Description></xml>"
    );
    assert_eq!(
        properties(&plain(&told).unwrap()),
        json!({"text": "t", "message-id": "9", "kind": "link", "fields": null})
    );
}

#[test]
fn bad_xml_is_refused_and_never_expanded() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><Content>&b;</Content></xml>";
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let many = format!("<xml>{}</xml>", (0..300).map(|n| format!("<a{n}>1</a{n}>")).collect::<String>());
    let large = format!("<xml><a>{}</a></xml>", "x".repeat(70_000));
    for body in [
        bomb,
        "<xml><Content>&b;</Content></xml>",
        "<xml><Content>",
        "<xml><a></b></xml>",
        "",
        "{}",
        "<xml></xml>",
        &deep,
        &many,
        &large,
    ] {
        assert!(matches!(plain(body), Err(Refusal::Malformed(_))), "{}", &body[..body.len().min(80)]);
    }
}

#[test]
fn the_session_is_asked_for_without_showing_the_secret() {
    let asked = Wechat::authorize(&settings(Mode::Safe)).unwrap();
    let url = "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=wx49f0ab532d5d035a&secret={{secret:app-secret}}";
    assert_eq!((asked.request.method.as_str(), asked.request.url.as_str()), ("GET", url));
    assert_eq!((asked.token_pointer.as_str(), asked.lifetime_seconds), ("/access_token", 7_200));
    let bad = Settings { app_id: "a&b".to_owned(), ..settings(Mode::Safe) };
    assert!(Wechat::authorize(&bad).is_err());
}

#[test]
fn what_wechat_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| {
        let config = settings(Mode::Safe);
        let config = Settings { templates: [("T".to_owned(), "订单{{thing1.DATA}}。".to_owned())].into(), ..config };
        match Wechat::send(&config, &testing::outbound(address, content)).unwrap() {
            Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        }
    };
    let to = "wechat_openid:oABC";
    check(to, json!({"text": "x", "voice": "a.mp3"}), "`voice`");
    check(to, json!({"text": "x", "image": "https://x.example/a.jpg"}), "an article");
    check(to, json!({"text": "你".repeat(683)}), "2049 bytes");
    check(to, json!({"text": format!("订单{}。", "x".repeat(21))}), "21 characters");
    check("wechat_openid:wx1/oABC", json!({"text": "x"}), "another application");
    check("wechat_openid:o/../A", json!({"text": "x"}), "another application");
    check("wechat_openid:o A", json!({"text": "x"}), "no openid");
}

#[test]
fn quotas_begin_anew_at_midnight_in_beijing() {
    let answer = testing::response(200, &[], br#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#);
    let at = |now| Wechat::resume(&settings(Mode::Safe), &[], &answer, now).unwrap();
    // 2026-01-01T16:00:00Z is midnight of the 2nd in Beijing.
    assert_eq!(at(NOW), Step::Done(Outcome::QuotaExhausted(NOW + 16 * 3_600_000)));
    assert_eq!(at(NOW + 16 * 3_600_000), Step::Done(Outcome::QuotaExhausted(NOW + 40 * 3_600_000)));
}
