//! CH-2, CH-3, CO-6: Weibo's own signature, pushes and lists as it documents them, and what cannot be sent.

use guanxi_plugin::connector::{Connector, Incoming, Outcome, Poll, PollStep, Receive, Reception, Refusal, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Weibo};

const SETTINGS: Settings = Settings { business: false, listen: true };
/// The vector of open.weibo.com/wiki/Messages_api_start.
const QUERY: &str = "signature=90e4c22c90a58f26526c2dd5b6c56c8822edeaa1&timestamp=1397022061823&nonce=57155157";
const SIGNED_AT: i64 = 1_397_022_061_823;

fn call(method: &str, query: &str, body: &str, now: i64) -> Result<Reception, Refusal> {
    testing::set_secret("app-secret", b"xyz123xyz");
    let body = body.as_bytes().to_vec();
    let request = Incoming { method: method.to_owned(), query: query.to_owned(), headers: Vec::new(), body };
    Weibo::receive(&SETTINGS, &request, now)
}

#[test]
fn the_address_is_checked_with_the_published_signature() {
    let query = format!("{QUERY}&echostr=wXf2ZoTkcs");
    assert_eq!(call("GET", &query, "", SIGNED_AT).unwrap().reply.body, b"wXf2ZoTkcs");
    assert_eq!(call("GET", &query.replace("90e4", "90e5"), "", SIGNED_AT), Err(Refusal::BadSignature));
    assert_eq!(call("GET", &query.replace("57155157", "57155158"), "", SIGNED_AT), Err(Refusal::BadSignature));
    assert_eq!(call("GET", &query, "", SIGNED_AT + 300_001), Err(Refusal::Stale));
}

#[test]
fn pushes_of_every_type_are_told() {
    let check = |kind: &str, said: &str, data: Value, name: &str, properties: Value| {
        let body = json!({"type": kind, "receiver_id": 1_902_538_057, "sender_id": 2_489_518_277_i64,
            "created_at": "Mon Jul 16 18:09:20 +0800 2012", "text": said, "data": data});
        let reception = call("POST", QUERY, &body.to_string(), SIGNED_AT).unwrap();
        assert!(reception.reply.body.is_empty() && reception.reply.status == 200);
        let told = &reception.events[0];
        assert_eq!((told.event.kind.as_str(), told.identities[0].as_str()), (name, "weibo_uid:2489518277"));
        assert_eq!(told.event.at, 1_342_433_360_000);
        assert_eq!(serde_json::from_str::<Value>(&told.event.properties).unwrap(), properties);
        (told.key.clone(), told.event.touchpoint.clone())
    };
    let message = |kind: &str, said: &str, fields: Value| json!({"text": said, "message-id": null, "kind": kind, "fields": fields});
    let (key, _) =
        check("text", "私信或留言内容", json!({}), "Message Received", message("text", "私信或留言内容", json!({})));
    assert_eq!(key, "2489518277-Mon Jul 16 18:09:20 +0800 2012-text---私信或留言内容");
    let place = json!({"longitude": "344.3344", "latitude": "232.343434"});
    check("position", "我在这里", place.clone(), "Message Received", message("position", "我在这里", place));
    let voice = json!({"vfid": 821_804_459, "tovfid": 821_804_469});
    check("voice", "发了一个语音消息", voice.clone(), "Message Received", message("voice", "发了一个语音消息", voice));
    check("event", "关注事件消息", json!({"subtype": "follow"}), "Channel Followed", json!({"subtype": "follow"}));
    check("event", "", json!({"subtype": "unfollow"}), "Channel Unfollowed", json!({"subtype": "unfollow"}));
    let scan = json!({"subtype": "scan_follow", "key": "shop7", "ticket": "T"});
    let (_, touchpoint) = check("event", "", scan, "Channel Followed", json!({"scene": "shop7", "ticket": "T"}));
    assert_eq!(touchpoint.as_deref(), Some("shop7"));
    check("event", "", json!({"subtype": "click", "key": "K1"}), "Menu Clicked", json!({"key": "K1"}));
    let mention = json!({"subtype": "status", "key": "3456"});
    check(
        "mention",
        "@茶",
        mention.clone(),
        "Mention",
        json!({"text": "@茶", "message-id": "3456", "kind": "status", "fields": mention}),
    );
    check(
        "event",
        "",
        json!({"subtype": "new"}),
        "Channel Event",
        json!({"kind": "new", "fields": {"subtype": "new"}}),
    );
    let bad = json!({"type": "text", "sender_id": 1, "created_at": "yesterday"}).to_string();
    assert!(matches!(call("POST", QUERY, &bad, SIGNED_AT), Err(Refusal::Malformed(_))));
}

fn asked(cursor: Option<&str>) -> (String, Vec<u8>) {
    match Weibo::poll(&SETTINGS, cursor, NOW).unwrap() {
        PollStep::Perform(exchange) => {
            assert_eq!(exchange.request.headers[0].value, "OAuth2 {{secret:access-token}}");
            (exchange.request.url, exchange.continuation)
        }
        other => panic!("{other:?}"),
    }
}

fn entry(number: u64) -> Value {
    json!({"created_at": "Wed Jun 01 00:50:25 +0800 2011", "id": number, "text": "love your work", "status": {"id": 7, "text": "新茶"},
        "user": {"id": 1_404_376_560, "screen_name": "zaku", "followers_count": 1204, "friends_count": 447, "verified": false}})
}

#[test]
fn mentions_and_comments_are_asked_for_in_turn() {
    let mut cursor = None;
    let mut told = Vec::new();
    for (path, name, numbers) in [
        ("statuses/mentions", "statuses", vec![12, 11]),
        ("comments/to_me", "comments", vec![]),
        ("comments/mentions", "comments", vec![21]),
    ] {
        let (url, place) = asked(cursor.as_deref());
        assert_eq!(url, format!("https://api.weibo.com/2/{path}.json?since_id=0&count=50&page=1"));
        let body = json!({name: numbers.into_iter().map(entry).collect::<Vec<_>>()}).to_string();
        let response = testing::response(200, &[], body.as_bytes());
        let Ok(PollStep::Done(page)) = Weibo::resume_poll(&SETTINGS, &place, &response, NOW) else { panic!("a page") };
        assert_eq!(page.more, path != "comments/mentions");
        told.extend(page.events);
        cursor = page.cursor;
    }
    let keys: Vec<&str> = told.iter().map(|event| event.key.as_str()).collect();
    let expected =
        ["Mention-11", "Mention-11-author", "Mention-12", "Mention-12-author", "Mention-21", "Mention-21-author"];
    assert_eq!(keys, expected, "the oldest first");
    let properties = |n: usize| serde_json::from_str::<Value>(&told[n].event.properties).unwrap();
    let expected =
        json!({"text": "love your work", "message-id": "11", "author": "zaku", "status": {"id": "7", "text": "新茶"}});
    assert_eq!(properties(0), expected);
    let expected = json!({"signals": {"followers": 1204, "friends": 447, "verified": false}});
    assert_eq!((told[1].event.kind.as_str(), properties(1)), ("identify", expected));
    assert_eq!((told[0].identities[0].as_str(), told[0].event.at), ("weibo_uid:1404376560", 1_306_860_625_000));
    assert!(asked(cursor.as_deref()).0.contains("statuses/mentions.json?since_id=12&"));
}

#[test]
fn a_full_page_is_followed_by_the_next_one() {
    let cursor = r#"{"seen":[100,0,0],"list":0,"page":0,"newest":0}"#;
    let (_, place) = asked(Some(cursor));
    let body = json!({"statuses": (101..151).rev().map(entry).collect::<Vec<_>>()}).to_string();
    let response = testing::response(200, &[], body.as_bytes());
    let Ok(PollStep::Done(page)) = Weibo::resume_poll(&SETTINGS, &place, &response, NOW) else { panic!("a page") };
    assert_eq!((page.events.len(), page.more), (100, true));
    let (url, place) = asked(page.cursor.as_deref());
    assert!(url.ends_with("statuses/mentions.json?since_id=100&count=50&page=2"), "{url}");
    let Ok(PollStep::Done(page)) =
        Weibo::resume_poll(&SETTINGS, &place, &testing::response(200, &[], br#"{"statuses":[]}"#), NOW)
    else {
        panic!("a page")
    };
    assert_eq!(page.cursor.as_deref(), Some(r#"{"seen":[150,0,0],"list":1,"page":0,"newest":0}"#));
}

#[test]
fn a_page_that_fails_says_why() {
    let (_, place) = asked(None);
    let body = br#"{"error":"expired_token","error_code":21327,"request":"/2/statuses/mentions.json"}"#;
    let failed = Weibo::resume_poll(&SETTINGS, &place, &testing::response(400, &[], body), NOW);
    assert_eq!(failed, Ok(PollStep::Failed(Outcome::RetryAfter(300))));
    assert!(Weibo::resume_poll(&SETTINGS, &place, &testing::response(200, &[], b"{}"), NOW).is_err());
    let deaf = Settings { listen: false, ..SETTINGS };
    assert!(matches!(Weibo::poll(&deaf, None, NOW), Ok(PollStep::Done(page)) if page.events.is_empty()));
}

#[test]
fn what_weibo_cannot_carry_is_rejected_with_the_reason() {
    let check =
        |address: &str, content: Value, words: &str| match Weibo::send(&SETTINGS, &testing::outbound(address, content))
            .unwrap()
        {
            Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        };
    check("weibo_uid:1/2", json!({"text": "x"}), "no uid");
    check("weibo_uid:1", json!({"text": "你".repeat(300)}), "300 characters");
    check("weibo_uid:1", json!({"text": "x", "title": "t", "url": "https://x.example"}), "an article");
    check("weibo_uid:1", json!({"text": "x", "buttons": [{"text": "a"}]}), "no buttons");
}
