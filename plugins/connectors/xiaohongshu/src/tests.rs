//! CH-2, CH-3: the platform's published signature, orders pushed and asked for, and what cannot be written.

use guanxi_plugin::connector::{
    Connector, Header, Incoming, Outcome, Poll, PollStep, Receive, Reception, Refusal, Step,
};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{Settings, Xiaohongshu, ark};

fn settings() -> Settings {
    Settings { app_id: "4e3d199262be4950a350".to_owned(), access_token: "token-1".to_owned(), orders: true }
}

/// The vector of school.xiaohongshu.com/en/open/quick-start/sign.html.
#[test]
fn the_published_signature_is_made() {
    testing::set_secret("app-secret", b"9a539709cafc1efc9ef05838be468a28");
    let text = "/ark/open_api/v1/items?app-key=xhs&page_no=1&page_size=50&status=0&timestamp=1469902537";
    assert_eq!(ark::hashed(text).unwrap(), "72be6fad4dd0e5104dbdebbcdadb2a06");
}

/// The other signatures here were computed with Python's hashlib under this secret.
fn set_secret() {
    testing::set_secret("app-secret", b"ef5e2ea1");
}

fn call(query: &str, sign: &str, body: &Value, now: i64) -> Result<Reception, Refusal> {
    set_secret();
    let pairs = [("app-key", "4e3d199262be4950a350"), ("timestamp", "1767225600"), ("sign", sign)];
    let headers = pairs.map(|(name, value)| Header { name: name.to_owned(), value: value.to_owned() }).to_vec();
    let body = body.to_string().into_bytes();
    Xiaohongshu::receive(
        &settings(),
        &Incoming { method: "POST".to_owned(), query: query.to_owned(), headers, body },
        now,
    )
}

#[test]
fn pushes_about_orders_are_told() {
    let data = json!({"orderId": "P768291112062421411", "packageId": "P768291112062421411", "orderStatus": 9, "updateTime": 1_752_812_659_421_i64, "packageStatus": 9});
    let pushes = json!([
        {"msgTag": "msg_fulfillment_status_change", "sellerId": "s1", "data": data.to_string()},
        {"msgTag": "msg_after_sale_create", "sellerId": "s1", "data": json!({"orderId": "P1", "returnsId": "R1", "updateTime": 1_752_812_659_421_i64}).to_string()},
        {"msgTag": "msg_item_create", "sellerId": "s1", "data": "{\"itemId\":\"i1\"}"},
    ]);
    let reception = call("", "2c8b075ad161af98b32b120ce2b3b610", &pushes, NOW).unwrap();
    let reply: Value = serde_json::from_slice(&reception.reply.body).unwrap();
    assert_eq!((&reply["success"], reception.events.len()), (&json!(true), 2));
    let told = &reception.events[0];
    assert_eq!((told.event.kind.as_str(), told.key.as_str()), ("Order Updated", "P768291112062421411-9-1752812659421"));
    assert_eq!((told.identities[0].as_str(), told.event.at), ("order:P768291112062421411", 1_752_812_659_421));
    let properties: Value = serde_json::from_str(&told.event.properties).unwrap();
    assert_eq!(
        properties,
        json!({"order_id": "P768291112062421411", "status": "cancelled", "code": 9, "fields": data})
    );
    let told = &reception.events[1];
    assert_eq!(
        (told.event.kind.as_str(), told.key.as_str()),
        ("Channel Event", "msg_after_sale_create-P1-1752812659421")
    );
}

#[test]
fn a_push_that_is_signed_otherwise_is_refused() {
    let none = json!([]);
    assert!(call("shop=7", "9e251ff63c8622ac7414a8a762c276e8", &none, NOW).is_ok(), "the query is signed as well");
    assert_eq!(call("shop=8", "9e251ff63c8622ac7414a8a762c276e8", &none, NOW), Err(Refusal::BadSignature));
    assert_eq!(call("", "9e251ff63c8622ac7414a8a762c276e8", &none, NOW), Err(Refusal::BadSignature));
    assert_eq!(call("", "2c8b075ad161af98b32b120ce2b3b610", &none, NOW + 300_001), Err(Refusal::Stale));
    assert!(matches!(
        call("", "2c8b075ad161af98b32b120ce2b3b610", &json!([{"data": "x"}]), NOW),
        Err(Refusal::Malformed(_))
    ));
}

fn asked(cursor: Option<&str>, now: i64) -> (Value, Vec<u8>) {
    set_secret();
    match Xiaohongshu::poll(&settings(), cursor, now).unwrap() {
        PollStep::Perform(exchange) => (serde_json::from_slice(&exchange.request.body).unwrap(), exchange.continuation),
        other => panic!("{other:?}"),
    }
}

fn answered(place: &[u8], data: &Value, now: i64) -> (String, bool, usize) {
    let body = json!({"success": true, "error_code": 0, "data": data}).to_string();
    match Xiaohongshu::resume_poll(&settings(), place, &testing::response(200, &[], body.as_bytes()), now).unwrap() {
        PollStep::Done(page) => (page.cursor.unwrap(), page.more, page.events.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn changed_orders_are_asked_for_from_the_last_page_to_the_first() {
    let (body, place) = asked(None, NOW);
    let expected = json!({"method": "order.getOrderList", "appId": "4e3d199262be4950a350", "timestamp": "1767225600", "version": "2.0",
        "sign": "19ea22b7ed8d023953a8d35f4c0555c6", "accessToken": "token-1", "startTime": 1_767_223_800, "endTime": 1_767_225_600, "timeType": 2, "pageNo": 1, "pageSize": 100});
    assert_eq!(body, expected);
    let order = json!({"orderId": "P1", "orderStatus": 4, "updateTime": 1_767_225_000_000_i64});
    let page = json!({"total": 150, "pageNo": 1, "pageSize": 100, "maxPageNo": 2, "orderList": [order]});
    let (cursor, more, events) = answered(&place, &page, NOW);
    assert_eq!((more, events), (true, 1));
    let (body, place) = asked(Some(&cursor), NOW + 1_000);
    assert_eq!((&body["pageNo"], &body["endTime"]), (&json!(2), &json!(1_767_225_600)));
    let (cursor, more, _) = answered(&place, &page, NOW + 1_000);
    assert!(more);
    let (body, place) = asked(Some(&cursor), NOW + 2_000);
    assert_eq!(body["pageNo"], 1);
    let (cursor, more, _) = answered(&place, &page, NOW + 2_000);
    assert!(!more);
    let (body, _) = asked(Some(&cursor), NOW + 60_000);
    assert_eq!((&body["startTime"], &body["endTime"]), (&json!(1_767_225_600), &json!(1_767_225_660)));
    // After a long pause there are several spans to catch up with.
    let (_, place) = asked(Some(&cursor), NOW + 7_200_000);
    let (_, more, _) = answered(&place, &json!({"maxPageNo": 1, "orderList": []}), NOW + 7_200_000);
    assert!(more);
}

#[test]
fn a_page_that_fails_says_why() {
    let (_, place) = asked(None, NOW);
    let failed = |body: &[u8]| Xiaohongshu::resume_poll(&settings(), &place, &testing::response(200, &[], body), NOW);
    let over = failed(r#"{"success":false,"error_code":-9011,"error_msg":"accessToken已过期"}"#.as_bytes());
    assert_eq!(over, Ok(PollStep::Failed(Outcome::RetryAfter(300))));
    assert!(failed(br#"{"success":true,"data":{}}"#).is_err());
}

#[test]
fn what_cannot_be_noted_is_rejected_with_the_reason() {
    set_secret();
    let check = |content: Value, words: &str| match Xiaohongshu::send(
        &settings(),
        &testing::outbound("xiaohongshu_id:1", content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check(json!({"text": "Hello"}), "no public way to write to people");
    check(json!({"text": "x", "order": "P/1"}), "no order");
    check(json!({"text": "x".repeat(501), "order": "P1"}), "501 characters");
    check(json!({"text": "x", "order": "P1", "url": "https://x.example"}), "unknown field `url`");
}
