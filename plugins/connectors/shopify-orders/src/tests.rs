//! CO-6: pages, orders and refusals as Shopify documents them.

use guanxi_plugin::connector::{poll, resume_poll};
use guanxi_plugin::testing;
use serde_json::{Value, json};

use super::*;

const CONFIG: &str =
    r#"{"url": "https://tea.myshopify.com", "api_version": "2025-10", "since": "2025-12-01T00:00:00Z"}"#;

fn request(cursor: Option<&str>) -> (Request, Vec<u8>) {
    match poll::<ShopifyOrders>(CONFIG, cursor, testing::NOW) {
        Ok(PollStep::Perform(exchange)) => (exchange.request, exchange.continuation),
        other => panic!("{other:?}"),
    }
}

fn answered(cursor: Option<&str>, response: &Response) -> PollStep {
    let (_, continuation) = request(cursor);
    resume_poll::<ShopifyOrders>(CONFIG, &continuation, response, testing::NOW).unwrap()
}

fn queried(request: &Request) -> Vec<(String, String)> {
    let (_, query) = request.url.split_once('?').unwrap();
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    pairs.filter(|(name, _)| !matches!(name.as_str(), "limit" | "fields")).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn order() -> Value {
    json!({
        "id": 450_789_469, "name": "#1001", "email": "bob.norman@example.com", "phone": null, "test": false,
        "created_at": "2025-12-10T11:00:00-05:00", "processed_at": "2025-12-10T11:00:00-05:00",
        "updated_at": "2025-12-11T11:00:00-05:00", "financial_status": "partially_refunded", "total_price": "598.94",
        "currency": "CNY",
        "customer": {"id": 207_119_551, "email": "bob.norman@example.com", "phone": "+16136120707", "first_name": "Bob",
                     "last_name": "Norman", "updated_at": "2025-12-11T11:00:00-05:00"},
        "line_items": [{"product_id": 632_910_392, "sku": "TEA-1", "name": "Long Jing 龙井", "price": "199.00", "quantity": 3}],
        "refunds": [{"id": 509_562_969, "created_at": "2025-12-11T11:00:00-05:00", "transactions": [
            {"kind": "refund", "status": "success", "amount": "41.94"}, {"kind": "refund", "status": "failure", "amount": "1"}]}],
    })
}

#[test]
fn co_6_orders_are_asked_for_page_by_page_from_where_they_ended() {
    let (first, _) = request(None);
    assert!(first.url.starts_with("https://tea.myshopify.com/admin/api/2025-10/orders.json?"), "{}", first.url);
    let token = first.headers.iter().find(|header| header.name == "x-shopify-access-token").unwrap();
    assert_eq!(token.value, "{{secret:access-token}}");
    let from = [("status", "any"), ("order", "updated_at asc"), ("updated_at_min", "2025-12-01T00:00:00Z")];
    assert_eq!(queried(&first), pairs(&from));

    let body = json!({"orders": [order()]}).to_string();
    let link = "<https://tea.myshopify.com/admin/api/2025-10/orders.json?limit=100&page_info=prev>; rel=\"previous\", \
                <https://tea.myshopify.com/admin/api/2025-10/orders.json?limit=100&page_info=eyJa%3D>; rel=\"next\"";
    let response = testing::response(200, &[("Link", link)], body.as_bytes());
    let PollStep::Done(page) = answered(None, &response) else { panic!("no page") };
    assert!(page.more);
    let (second, _) = request(page.cursor.as_deref());
    assert_eq!(queried(&second), pairs(&[("page_info", "eyJa=")]));

    // The last page: from then on what was changed since the last order.
    let last = testing::response(200, &[], br#"{"orders": []}"#);
    let PollStep::Done(end) = answered(page.cursor.as_deref(), &last) else { panic!("no page") };
    assert!(!end.more);
    let (next, _) = request(end.cursor.as_deref());
    let from = [("status", "any"), ("order", "updated_at asc"), ("updated_at_min", "2025-12-11T11:00:00-05:00")];
    assert_eq!(queried(&next), pairs(&from));

    // A page that has ended begins again there, too.
    let ended = testing::response(400, &[], br#"{"errors": {"page_info": "Invalid value."}}"#);
    let PollStep::Done(again) = answered(page.cursor.as_deref(), &ended) else { panic!("no page") };
    assert!(again.more && again.events.is_empty());
    assert_eq!(queried(&request(again.cursor.as_deref()).0), pairs(&from));
}

#[test]
fn co_6_an_order_says_what_was_paid_given_back_and_who_bought() {
    let body = json!({"orders": [order(), {"id": 1, "financial_status": "paid"}, {"id": 2, "email": "a@b.example",
        "financial_status": "pending"}]})
    .to_string();
    let PollStep::Done(page) = answered(None, &testing::response(200, &[], body.as_bytes())) else { panic!("no page") };
    let told: Vec<(&str, &str)> = page.events.iter().map(|e| (e.key.as_str(), e.event.kind.as_str())).collect();
    let expected = [
        ("customer-207119551-2025-12-11T11:00:00-05:00", "identify"),
        ("order-450789469", "Order Completed"),
        ("refund-509562969", "Order Refunded"),
    ];
    assert_eq!(told, expected);
    let whom = ["shopify_customer:207119551", "email:bob.norman@example.com", "phone:+16136120707"];
    assert!(page.events.iter().all(|event| event.identities == whom));
    let properties = |index: usize| serde_json::from_str::<Value>(&page.events[index].event.properties).unwrap();
    assert_eq!(properties(0), json!({"name": "Bob Norman"}));
    let line =
        json!({"product_id": "632910392", "sku": "TEA-1", "name": "Long Jing 龙井", "price": "199.00", "quantity": 3});
    let paid = json!({"order_id": "450789469", "total": "598.94", "currency": "CNY", "products": [line]});
    assert_eq!((properties(1), page.events[1].event.at), (paid, 1_765_382_400_000));
    assert_eq!(properties(2), json!({"order_id": "450789469", "total": 41.94, "currency": "CNY"}));
}

#[test]
fn co_6_what_a_shop_refuses_is_told_and_waits() {
    for (status, headers, expected) in [
        (429, vec![("Retry-After", "2.0")], Outcome::RetryAfter(2)),
        (429, vec![], Outcome::RetryAfter(30)),
        (503, vec![("Retry-After", "9")], Outcome::RetryAfter(9)),
        (404, vec![], Outcome::Rejected("the channel answered 404".to_owned())),
        (302, vec![], Outcome::Rejected("the channel answered 302".to_owned())),
    ] {
        let step = answered(None, &testing::response(status, &headers, b""));
        assert_eq!(step, PollStep::Failed(expected), "{status}");
    }
    let refused = answered(None, &testing::response(401, &[], b""));
    assert!(matches!(refused, PollStep::Failed(Outcome::Rejected(why)) if why.contains("read_orders")));
    let (_, continuation) = request(None);
    let unread = testing::response(200, &[], b"<html>");
    assert!(resume_poll::<ShopifyOrders>(CONFIG, &continuation, &unread, testing::NOW).is_err());
}
