//! A tenant as `cargo xtask crowd` makes it: every row of its files and every event is taken, and the sums agree.

use guanxi_crowd::Crowd;
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Place, Tenant, eventually, on_both};
use serde_json::Value;

use super::imports::{counts, done, start, upload};

const PEOPLE: u32 = 2_000;

#[test]
fn a_crowd_is_taken_to_the_last_row() {
    on_both(story);
}

async fn story(place: Place) {
    let host = Host::start(&place).await;
    let tenant = host.tenant("crowd").await;
    let crowd = Crowd::new(PEOPLE, 7, jiff::civil::date(2025, 3, 1));
    let mut file = Vec::new();
    let rows = crowd.write_people(0..PEOPLE, &mut file).unwrap();
    take_over(&tenant, "people", file, rows).await;
    let mut file = Vec::new();
    let orders = crowd.write_orders(0..PEOPLE, &mut file).unwrap();
    take_over(&tenant, "orders", file, orders).await;
    let mut file = Vec::new();
    let relations = crowd.write_relations(0..PEOPLE, &mut file).unwrap();
    take_over(&tenant, "relations", file, relations).await;
    let mut lines = Vec::new();
    let events = crowd.write_events(0..PEOPLE, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(sent(&tenant, &lines).await, (events, 0));
    assert_eq!(sent(&tenant, &lines).await, (0, events), "a repetition changes nothing");

    let database = Database::of(&place).await;
    eventually("everything is decided", async || {
        let open = "select h.head - p.position from log_heads h join log_positions p on p.tenant_id = h.tenant_id
                    where h.tenant_id > 0";
        (database.number(open).await == 0).then_some(())
    })
    .await;
    let known: Vec<_> = (0..PEOPLE).flat_map(|n| crowd.orders(n)).collect();
    let paid: i64 = known.iter().map(|order| i64::from(order.amount)).sum();
    let refunded: i64 = known.iter().map(|order| i64::from(order.refunded)).sum();
    for (sql, expected) in [
        ("select count(*) from people", i64::from(PEOPLE)),
        ("select count(*) from identities where kind = 'user'", i64::from(PEOPLE)),
        ("select count(*) from orders", whole(orders)),
        ("select cast(sum(amount) as bigint) from orders", paid),
        ("select cast(sum(refunded) as bigint) from orders", refunded),
        ("select count(*) from edges", whole(relations)),
        ("select count(*) from identity_conflicts", 0),
        ("select count(*) from dead_letters", 0),
    ] {
        assert_eq!(database.number(sql).await, expected, "{sql}");
    }
    database.close().await;
    host.stop().await;
}

/// Imports a file as its columns suggest; every row must be new.
async fn take_over(tenant: &Tenant, subject: &str, file: Vec<u8>, rows: u64) {
    let import = upload(tenant, &format!("?name={subject}.csv"), file).await;
    assert_eq!(import["subject"], subject);
    start(tenant, &import).await;
    let import = done(tenant, &import).await;
    assert_eq!(counts(&import), [whole(rows), 0, 0, 0, 0], "{import}");
}

/// Sends every line; how many events were accepted, and how many were there already.
async fn sent(tenant: &Tenant, lines: &str) -> (u64, u64) {
    let (mut accepted, mut duplicates) = (0, 0);
    for line in lines.lines() {
        let answer = tenant.ingest.post_bytes("/v1/batch", "application/json", line.to_owned()).await.expect(202);
        assert_eq!(answer["rejected"], Value::Null);
        accepted += answer["accepted"].as_u64().unwrap();
        duplicates += answer["duplicates"].as_u64().unwrap();
    }
    (accepted, duplicates)
}

fn whole(rows: u64) -> i64 {
    i64::try_from(rows).unwrap()
}
