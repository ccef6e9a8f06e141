//! TE-6: real clients of Segment and CloudEvents send, and persons, scores, decisions and a signed webhook follow.

use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Host, Place, Received, Sink, Tenant, on_both, script};
use serde_json::{Value, json};

struct Shop {
    host: Host,
    tenant: Tenant,
    sink: Sink,
}

async fn open(place: &Place) -> Shop {
    let host = Host::start(place).await;
    let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
    tenant.install_webhook(&sink).await;
    for plugin in ["social-value", "ror", "welcome"] {
        tenant.install(plugin, json!({})).await;
    }
    Shop { host, tenant, sink }
}

impl Shop {
    fn given(&self, run: &str) -> Value {
        json!({"host": self.host.url(), "write_key": self.tenant.write_key(), "run": run, "gzip": true})
    }

    /// The list of events without what changes on the way.
    async fn events(&self) -> Vec<Value> {
        self.tenant.list("/events").await
    }
}

#[test]
fn te_6_segments_python_library_leads_to_person_scores_decision_and_signed_webhook() {
    on_both(|place| async move {
        let shop = open(&place).await;
        let tenant = &shop.tenant;
        assert_eq!(script::python("send_segment.py", &shop.given("r1")).await, json!({"problems": []}));

        let ada = tenant.person("user:ada", |ada| ada["facts"]["event_count"] == 6).await;
        check_ada(&ada);
        for other in ["email:ada@example.com", "anonymous:browser-1", "anonymous:browser-0"] {
            assert_eq!(tenant.find(other).await.expect(other)["id"], ada["id"], "{other}");
        }
        check_welcome(&shop, &ada).await;

        let before = shop.events().await;
        assert_eq!(script::python("send_segment.py", &shop.given("r1")).await, json!({"problems": []}));
        // A later event is decided after the repetition would have been.
        tenant.call("track", &json!({"userId": "last", "event": "Looked"})).await.expect(202);
        tenant.person("user:last", |_| true).await;
        let after: Vec<Value> = shop.events().await.into_iter().filter(|event| event["kind"] != "Looked").collect();
        assert_eq!(after, before);
        let again = tenant.person("user:ada", |_| true).await;
        assert_eq!((&again["facts"], &again["orders"]), (&ada["facts"], &ada["orders"]));
        assert_eq!(shop.sink.received().len(), 1);
        shop.host.stop().await;
    });
}

fn check_ada(ada: &Value) {
    let facts = &ada["facts"];
    assert_eq!((&facts["order_count"], &facts["revenue"]), (&json!(2), &json!(19_995)), "{facts}");
    assert_eq!((&ada["name"], &ada["stage"]), (&json!("Ada"), &json!("customer")));
    assert_eq!(
        (&ada["attributes"]["email"], &ada["attributes"]["locale"]),
        (&json!("Ada@Example.com"), &json!("en-GB"))
    );
    let amounts: Vec<i64> =
        ada["orders"].as_array().unwrap().iter().map(|order| order["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts.iter().sum::<i64>(), 19_995);
    // 199.95 spent, 400 followers of 0.05 each.
    let social = score(ada, "social-value");
    for (found, expected) in
        [(term(social, "revenue"), 199.95), (term(social, "influence"), 20.0), (sum(social), value(social))]
    {
        assert!((found - expected).abs() < 1e-9, "{social}");
    }
    let rfm = score(ada, "rfm");
    assert_eq!((term(rfm, "recency"), term(rfm, "frequency"), term(rfm, "monetary")), (5.0, 2.0, 2.0), "{rfm}");
    assert_eq!(value(rfm), 9.0);
    // (0.8 + 0.5) × 0.5
    assert!((value(score(ada, "ror")) - 0.65).abs() < 1e-9);
}

async fn check_welcome(shop: &Shop, ada: &Value) {
    let welcomed = shop.tenant.wait_for("/decisions", 1, |d| d["installation"] == "welcome").await;
    assert_eq!((welcomed.len(), &welcomed[0]["outcome"], &welcomed[0]["person"]), (1, &json!("acted"), &ada["id"]));
    assert_eq!(welcomed[0]["reasons"], json!(["introduced for the first time; text in `en`"]));
    let outcomes: Vec<&Value> = welcomed[0]["operations"].as_array().unwrap().iter().map(|o| &o["outcome"]).collect();
    assert_eq!(outcomes, ["done", "done"]);

    let sent = shop.tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
    let received = shop.sink.wait_for(1).await;
    let verified = verify(&received).await;
    assert_eq!(verified["refused"], 1);
    assert_eq!(received[0].header("webhook-id"), sent[0]["id"].as_str());
    let text = verified["payloads"][0].to_string();
    assert!(text.contains("Welcome, Ada! Good to have you with us."), "{text}");
    assert_eq!(sent[0]["decision"], welcomed[0]["id"]);
}

/// Verifies requests with [`WEBHOOK_SECRET`]: what they brought, and how many would be refused if they were changed.
pub async fn verify(received: &[Received]) -> Value {
    verify_with(WEBHOOK_SECRET, received).await
}

/// The same with another secret.
pub async fn verify_with(secret: &str, received: &[Received]) -> Value {
    let requests: Vec<Value> = received
        .iter()
        .map(|request| {
            let header = |name: &str| request.header(name).expect("a signed request").to_owned();
            json!({
                "body": String::from_utf8(request.body.to_vec()).unwrap(),
                "headers": {
                    "webhook-id": header("webhook-id"),
                    "webhook-timestamp": header("webhook-timestamp"),
                    "webhook-signature": header("webhook-signature"),
                },
            })
        })
        .collect();
    script::python("verify_webhooks.py", &json!({"secret": secret, "requests": requests})).await
}

#[test]
fn te_6_segments_node_library_is_understood() {
    on_both(|place| async move {
        let shop = open(&place).await;
        for _ in 0..2 {
            assert_eq!(script::node("send_segment.mjs", &shop.given("n1")).await, json!({"problems": []}));
        }
        let bo = shop.tenant.person("phone:+4930901820", |bo| bo["facts"]["event_count"] == 4).await;
        // The yen has no minor unit.
        assert_eq!((&bo["facts"]["revenue"], &bo["facts"]["order_count"]), (&json!(1_000), &json!(1)));
        assert_eq!(bo["orders"][0]["refunded"], 200);
        assert_eq!(bo["orders"][0]["currency"], "JPY");
        let ids = shop.tenant.find("email:bo@example.com").await.expect("the email");
        assert_eq!(ids["id"], bo["id"]);
        let text = shop.sink.wait_for(1).await[0].json().to_string();
        assert!(text.contains("Bo，欢迎您！很高兴认识您。"), "{text}");
        shop.host.stop().await;
    });
}

#[test]
fn te_6_cloudevents_of_the_python_sdk_come_in_all_three_modes() {
    on_both(|place| async move {
        let shop = open(&place).await;
        for (accepted, duplicates) in [([1, 1, 3], [0, 0, 0]), ([0, 0, 0], [1, 1, 3])] {
            let answers = script::python("send_cloudevents.py", &shop.given("c1")).await;
            for (index, mode) in ["structured", "binary", "batched"].into_iter().enumerate() {
                let receipt = json!({"success": true, "accepted": accepted[index], "duplicates": duplicates[index]});
                assert_eq!(answers[mode], json!({"status": 202, "body": receipt}), "{mode}");
            }
        }
        let cleo = shop.tenant.person("email:cleo@example.com", |cleo| cleo["facts"]["event_count"] == 5).await;
        assert_eq!((&cleo["facts"]["revenue"], &cleo["facts"]["order_count"]), (&json!(5_250), &json!(5)));
        let events = shop.events().await;
        assert!(events.iter().all(|event| event["channel"] == "store"), "{events:?}");
        shop.host.stop().await;
    });
}

fn score<'a>(person: &'a Value, name: &str) -> &'a Value {
    let scores = person["scores"].as_array().expect("scores");
    scores.iter().find(|score| score["name"] == name).unwrap_or_else(|| panic!("no score {name} in {scores:?}"))
}

fn value(score: &Value) -> f64 {
    score["value"].as_f64().expect("a number")
}

fn terms(score: &Value) -> &Vec<Value> {
    score["terms"].as_array().expect("terms")
}

fn term(score: &Value, name: &str) -> f64 {
    value(terms(score).iter().find(|term| term["name"] == name).expect("the term"))
}

fn sum(score: &Value) -> f64 {
    terms(score).iter().map(value).sum()
}
