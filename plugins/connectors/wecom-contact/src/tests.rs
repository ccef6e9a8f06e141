//! CH-2, CH-3, CH-5: messages of customer service as WeCom documents them, and what cannot be sent.

use guanxi_plugin::connector::{Connector, Outcome, Poll, PollStep, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Contacts, Settings};

fn settings(open_kfid: Option<&str>) -> Settings {
    Settings { corp_id: "ww1".to_owned(), open_kfid: open_kfid.map(str::to_owned) }
}

fn page(body: &Value) -> Result<PollStep, guanxi_plugin::Failure> {
    let response = testing::response(200, &[], body.to_string().as_bytes());
    Contacts::resume_poll(&settings(Some("wk1")), b"", &response, NOW)
}

#[test]
fn customer_service_is_asked_page_by_page() {
    assert!(matches!(Contacts::poll(&settings(None), None, NOW), Ok(PollStep::Done(page)) if !page.more));
    let Ok(PollStep::Perform(asked)) = Contacts::poll(&settings(Some("wk1")), Some("C1"), NOW) else {
        panic!("a request")
    };
    assert_eq!(asked.request.url, "https://qyapi.weixin.qq.com/cgi-bin/kf/sync_msg?access_token={{session}}");
    let body: Value = serde_json::from_slice(&asked.request.body).unwrap();
    assert_eq!(body, json!({"cursor": "C1", "limit": 100, "open_kfid": "wk1"}));
    let told = json!({"errcode": 0, "errmsg": "ok", "next_cursor": "C2", "has_more": 1, "msg_list": [
        {"msgid": "m1", "open_kfid": "wk1", "external_userid": "wm1", "send_time": 1_615_478_585, "origin": 3, "msgtype": "text", "text": {"content": "hello world", "menu_id": "101"}},
        {"msgid": "m2", "open_kfid": "wk1", "external_userid": "wm1", "send_time": 1_615_478_586, "origin": 5, "msgtype": "text", "text": {"content": "a member's"}},
        {"msgid": "m3", "send_time": 1_615_478_587, "origin": 4, "msgtype": "event", "event": {"event_type": "enter_session", "open_kfid": "wk1", "external_userid": "wm2", "scene": "shop", "welcome_code": "W"}},
        {"msgid": "m4", "open_kfid": "wk1", "external_userid": "wm1", "send_time": 1_615_478_588, "origin": 3, "msgtype": "image", "image": {"media_id": "M"}},
    ]});
    let Ok(PollStep::Done(page)) = page(&told) else { panic!("a page") };
    assert_eq!((page.cursor.as_deref(), page.more, page.events.len()), (Some("C2"), true, 3));
    let properties = |n: usize| serde_json::from_str::<Value>(&page.events[n].event.properties).unwrap();
    let told = |n: usize| {
        (page.events[n].key.as_str(), page.events[n].identities[0].as_str(), page.events[n].event.kind.as_str())
    };
    assert_eq!(told(0), ("kf-m1", "wecom_external_id:wm1", "Message Received"));
    assert_eq!(
        properties(0),
        json!({"text": "hello world", "message-id": "m1", "kind": "text", "open-kfid": "wk1", "menu": "101", "fields": {}})
    );
    assert_eq!(page.events[0].event.at, 1_615_478_585_000);
    assert_eq!(told(1), ("kf-m3", "wecom_external_id:wm2", "Chat Entered"));
    assert_eq!(properties(1), json!({"from": "shop", "open-kfid": "wk1", "welcome-code": "W"}));
    assert_eq!(properties(2)["fields"], json!({"media_id": "M"}));
}

#[test]
fn a_page_that_fails_says_why() {
    assert_eq!(page(&json!({"errcode": 42_001, "errmsg": "expired"})), Ok(PollStep::Failed(Outcome::RefreshSession)));
    assert!(page(&json!({"msg_list": []})).is_err());
}

#[test]
fn what_contacts_cannot_get_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Contacts::send(
        &settings(None),
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "wecom_external_id:wm1";
    check("wecom_external_id:ww2/wm1", json!({"text": "x"}), "another corporation");
    check(to, json!({"text": "x", "buttons": []}), "unknown field `buttons`");
    check(to, json!({"text": "x", "title": "t"}), "`title` and a `url`");
    check(to, json!({"text": "x", "welcome_code": "W", "sender": "a"}), "has added");
    check(to, json!({"text": "x", "media": {"kind": "voice", "media_id": "m"}}), "no media `voice`");
    check(to, json!({"text": "你".repeat(1_334)}), "4002 bytes");
    check(to, json!({"text": "你".repeat(683), "open_kfid": "wk1"}), "2049 bytes");
    check(
        to,
        json!({"text": "x", "open_kfid": "wk1", "image": "https://x.example/a.jpg"}),
        "customer service sends a text",
    );
}
