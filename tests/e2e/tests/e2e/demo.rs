//! `guanxi demo`: real orders through scorers and campaigns to messages, from the built binary alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flate2::read::GzDecoder;
use guanxi_e2e::host::run_well;
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, eventually, on_sqlite};
use serde_json::{Value, json};

/// What the file of orders says, read without the demo's own code.
#[derive(Debug, Default, PartialEq)]
struct Orders {
    orders: i64,
    refunds: i64,
    customers: BTreeSet<String>,
    /// Pence by customer; of an order no more is given back than was paid.
    revenue: BTreeMap<String, i64>,
}

/// Pence of one order.
#[derive(Default)]
struct Sums {
    customer: String,
    paid: i64,
    back: i64,
}

impl Orders {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo/orders.csv.gz");
        let mut rows = csv::Reader::from_reader(GzDecoder::new(std::fs::File::open(file).expect("the orders")));
        let headers = rows.headers().expect("a header").clone();
        let column = |name: &str| headers.iter().position(|header| header == name).expect("a column");
        let (order, customer, pence) = (column("order"), column("customer"), column("pence"));
        let (mut all, mut sums) = (Self::default(), BTreeMap::<String, Sums>::new());
        for row in rows.records() {
            let row = row.expect("a row");
            let amount: i64 = row[pence].parse().expect("pence");
            let sum = sums.entry(row[order].to_owned()).or_default();
            row[customer].clone_into(&mut sum.customer);
            if amount < 0 {
                all.refunds += 1;
                sum.back -= amount;
            } else {
                all.orders += 1;
                sum.paid += amount;
            }
            all.customers.insert(row[customer].to_owned());
        }
        for Sums { customer, paid, back } in sums.into_values() {
            *all.revenue.entry(customer).or_default() += paid - back.min(paid);
        }
        all
    }
}

#[test]
fn ux_1_the_demo_tells_the_story_of_a_real_year() {
    on_sqlite(|place| async move {
        let real = Orders::read();
        assert_eq!((real.orders, real.refunds, real.customers.len()), (18_532, 3_796, 4_338));

        let printed = run_well(&place, ["demo", "--once", "--seconds", "2"]).await;
        let live = live_events(&printed);
        assert!(printed.contains("/console") && printed.contains("Everything has been played."), "{printed}");
        assert!((100..5_000).contains(&live), "three weeks are played live: {printed}");
        let database = Database::of(&place).await;
        counts(&database, &real).await;

        // What it left behind is an ordinary tenant of an ordinary host, which delivers what the demo left in its outbox.
        let host = Host::start(&place).await;
        let waiting = "select count(*) from messages where status <> 'sent'";
        eventually("delivery", async || (database.number(waiting).await == 0).then_some(())).await;
        let demo = host.operator().below("/api/v1/tenants/demo");
        let found = demo.get("/people?identity=user%3Auci-12680").await.expect(200);
        let person = &found["items"][0];
        assert_eq!((&person["stage"], &person["attributes"]["synthetic"]), (&json!("customer"), &json!(true)));
        assert_eq!(person["facts"]["revenue"], real.revenue["12680"]);
        let names: BTreeSet<&str> =
            person["scores"].as_array().expect("scores").iter().filter_map(|score| score["name"].as_str()).collect();
        assert_eq!(names, BTreeSet::from(["rfm", "ror", "social-value"]), "{person}");
        let best = demo.get("/people?score=social-value&limit=2").await.expect(200);
        let value =
            |index: usize| best["items"][index]["scores"].as_array().expect("scores").iter().find_map(social_value);
        assert!(value(0).expect("a score") >= value(1).expect("a score"));
        for list in ["/decisions?limit=5", "/messages?limit=5", "/events?limit=5"] {
            assert_eq!(demo.get(list).await.expect(200)["items"].as_array().map(Vec::len), Some(5), "{list}");
        }
        host.stop().await;

        // Again on the same data: everything is known, nothing happens twice.
        let messages = database.number("select count(*) from messages").await;
        run_well(&place, ["demo", "--once", "--seconds", "0"]).await;
        counts(&database, &real).await;
        assert_eq!(database.number("select count(*) from messages").await, messages);
        database.close().await;
    });
}

fn social_value(score: &Value) -> Option<f64> {
    (score["name"] == "social-value").then(|| score["value"].as_f64()).flatten()
}

fn live_events(printed: &str) -> usize {
    let (_, rest) = printed.split_once("days live (").expect("says what is played");
    rest.split(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}

async fn counts(database: &Database, real: &Orders) {
    let of = async |what: &str| database.number(&format!("select count(*) from {what}")).await;
    assert_eq!(of("people").await, real.customers.len() as i64);
    assert_eq!(of("orders").await, real.orders);
    assert_eq!(of("events where kind = 'Order Completed'").await, real.orders);
    assert_eq!(of("events where kind = 'Order Refunded'").await, real.refunds);
    assert_eq!(of("events where kind = 'identify'").await, real.customers.len() as i64);
    assert_eq!(of("dead_letters").await, 0);
    assert_eq!(of("identity_conflicts").await, 0);
    assert_eq!(of("scores where name = 'social-value'").await, real.customers.len() as i64);
    assert_eq!(of("scores where name = 'ror'").await, real.customers.len() as i64);
    assert_eq!(database.number("select sum(revenue) from people").await, real.revenue.values().sum::<i64>());
    assert!(of("decisions").await > 0, "campaigns decided about the last weeks");
    assert!(of("messages where channel = 'sandbox'").await > 0, "the sandbox shows what would be sent");
    assert_eq!(of("decisions where outcome = 'failed'").await, 0);
    let decided_twice = "(select 1 from decisions group by installation_id, position having count(*) > 1) as twice";
    assert_eq!(of(decided_twice).await, 0);
    let wrong: Vec<(String, i64)> = database
        .rows("select substr(i.value, 5), p.revenue from people p join identities i on i.person_id = p.id and i.kind = 'user'")
        .await;
    for (customer, revenue) in wrong {
        assert_eq!(revenue, real.revenue[&customer], "customer {customer}");
    }
}
