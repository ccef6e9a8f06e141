//! TG-4: segments over HTTP: defined, followed by every event, explained, and refused when they cannot be.

use guanxi_e2e::{Host, Tenant, on_both};
use serde_json::{Value, json};

/// Definitions of many sorts.
fn definitions() -> Vec<(&'static str, Value)> {
    vec![
        ("everybody", json!({"all": []})),
        ("fans", json!({"stage": "fan"})),
        ("buyers", json!({"any": [{"stage": "customer"}, {"fact": "order-count", "gte": 1}]})),
        ("twice-lately", json!({"orders": "count", "gte": 2, "within": "30d"})),
        ("browsers", json!({"events": "page", "count": {"gte": 2}, "within": "1d"})),
        ("quiet", json!({"events": "page", "count": {"eq": 0}, "within": "1d"})),
        ("shanghai", json!({"attribute": "city", "eq": "上海"})),
        ("elsewhere", json!({"not": {"segment": "shanghai"}})),
        ("big-here", json!({"all": [{"segment": "shanghai"}, {"fact": "revenue", "gte": 5000}]})),
        ("with-email", json!({"identity": "email"})),
        ("followers", json!({"last": "Followed", "within": "1d"})),
    ]
}

/// A small generator, so that a failure can be told again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn event(dice: &mut Dice, number: usize) -> Value {
    let user = format!("u{}", dice.roll(12));
    match dice.roll(6) {
        0 => {
            json!({"type": "identify", "userId": user, "traits": {"city": (["上海", "Berlin"])[dice.roll(2) as usize]}})
        }
        1 => {
            json!({"type": "identify", "userId": user, "traits": {"email": format!("{user}@example.com"), "city": null}})
        }
        2 => json!({"type": "track", "userId": user, "event": "Followed"}),
        3 => json!({"type": "track", "userId": user, "event": "Order Completed",
            "properties": {"order_id": format!("o{number}"), "total": dice.roll(90) + 1}}),
        4 => json!({"type": "track", "userId": user, "event": "Order Refunded",
            "properties": {"order_id": format!("o{}", dice.roll(number as u64 + 1)), "total": dice.roll(90) + 1}}),
        _ => json!({"type": "page", "userId": user, "name": "home"}),
    }
}

async fn members(tenant: &Tenant, name: &str) -> Vec<String> {
    let people = tenant.api.all(&format!("/segments/{name}/people"), 7).await;
    let mut ids: Vec<String> = people.iter().map(|person| person["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// Waits until a last event is decided.
async fn settled(tenant: &Tenant, mark: &str) {
    tenant.call("identify", &json!({"userId": mark})).await.expect(202);
    tenant.person(&format!("user:{mark}"), |_| true).await;
}

async fn define(tenant: &Tenant, name: &str, filter: &Value) -> Value {
    let wish = json!({"title": name, "filter": filter});
    tenant.api.put(&format!("/segments/{name}"), &wish).await.expect(200)
}

#[test]
fn tg_4_memberships_that_follow_events_are_those_found_anew() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let mut dice = Dice(2026);
        for (name, filter) in definitions() {
            let made = define(&tenant, name, &filter).await;
            assert_eq!((&made["status"], &made["members"]), (&json!("ready"), &json!(0)), "{made}");
        }
        for round in 0..4 {
            let events: Vec<Value> = (0..60).map(|n| event(&mut dice, round * 60 + n)).collect();
            tenant.batch(&events).await;
            settled(&tenant, &format!("mark-{round}")).await;
            for (name, filter) in definitions() {
                let again = format!("again-{round}-{name}");
                define(&tenant, &again, &filter).await;
                let (followed, found) = (members(&tenant, name).await, members(&tenant, &again).await);
                assert_eq!(followed, found, "{name} after round {round}");
                let counted = tenant.api.post("/segments/preview", &json!({"filter": filter})).await.expect(200);
                assert_eq!(counted["count"], json!(found.len()), "{name}");
                let shown = tenant.api.get(&format!("/segments/{name}")).await.expect(200);
                assert_eq!(shown["members"], json!(found.len()), "{name}");
                tenant.api.delete(&format!("/segments/{again}")).await.expect(204);
            }
        }
        assert!(!members(&tenant, "twice-lately").await.is_empty(), "the story says something");
    });
}

#[test]
fn tg_4_entering_and_leaving_are_events() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        define(&tenant, "berliners", &json!({"attribute": "city", "eq": "Berlin"})).await;
        define(&tenant, "just-now", &json!({"last": "page", "within": "3s"})).await;
        define(&tenant, "settled", &json!({"attribute": "city", "exists": true})).await;
        tenant.call("identify", &json!({"userId": "ada", "traits": {"city": "Berlin"}})).await.expect(202);
        let told = |kind: &'static str, names: &'static [&'static str]| {
            move |event: &Value| event["kind"] == kind && event["properties"]["segments"] == json!(names)
        };
        // All that one commit does to somebody is told at once.
        tenant.wait_for("/events", 1, told("guanxi.segment.entered", &["berliners", "settled"])).await;
        tenant.call("identify", &json!({"userId": "ada", "traits": {"city": "上海"}})).await.expect(202);
        tenant.wait_for("/events", 1, told("guanxi.segment.left", &["berliners"])).await;
        tenant.call("page", &json!({"userId": "ada", "name": "home"})).await.expect(202);
        tenant.wait_for("/events", 1, told("guanxi.segment.entered", &["just-now"])).await;
        // Nothing happens, and yet she leaves.
        tenant.wait_for("/events", 1, told("guanxi.segment.left", &["just-now"])).await;
        let ada = tenant.person("user:ada", |_| true).await;
        let path = format!("/people/{}/segments", ada["id"].as_str().expect("an id"));
        let answers = tenant.api.get(&path).await.expect(200);
        let berlin = answers["items"].as_array().expect("items").iter().find(|one| one["segment"] == "berliners");
        let berlin = berlin.expect("an answer");
        assert_eq!((&berlin["member"], &berlin["reason"]["found"]), (&json!(false), &json!("上海")), "{berlin}");
    });
}

#[test]
fn tg_4_bad_definitions_are_refused_with_their_place() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        for (filter, at) in [
            (json!({"wealth": 1}), "filter"),
            (json!({"all": [{"fact": "revenue", "gte": "much"}]}), "filter.all[0].gte"),
            (json!({"attribute": "x\"; drop table people; --", "eq": 1}), "filter.attribute"),
            (json!({"segment": "nowhere"}), "filter"),
        ] {
            let wish = json!({"title": "Bad", "filter": filter});
            let refused = tenant.api.put("/segments/bad", &wish).await.problem(400, "invalid");
            assert_eq!(refused["errors"][0]["at"], at, "{refused}");
            tenant.api.post("/segments/preview", &json!({"filter": filter})).await.problem(400, "invalid");
        }
        define(&tenant, "aa", &json!({"stage": "fan"})).await;
        define(&tenant, "bb", &json!({"segment": "aa"})).await;
        let circle = json!({"title": "Circle", "filter": {"segment": "bb"}});
        tenant.api.put("/segments/aa", &circle).await.problem(400, "invalid");
        tenant.api.delete("/segments/aa").await.problem(409, "conflict");
        tenant.api.put("/segments/preview", &circle).await.expect(405);
        for deep in [100, 1_000] {
            let text = format!("{{\"filter\":{}{{\"stage\":\"fan\"}}{}}}", "{\"not\":".repeat(deep), "}".repeat(deep));
            let status = tenant.api.post_bytes("/segments/preview", "application/json", text).await.status;
            assert!(matches!(status, 400 | 422), "{deep}: {status}");
        }
        let shown = tenant.api.get("/segments/schema").await.expect(200);
        for example in shown["examples"].as_array().expect("examples").iter().filter(|one| one["segment"].is_null()) {
            tenant.api.post("/segments/preview", &json!({"filter": example})).await.expect(200);
        }
        assert_eq!(tenant.list("/segments").await.len(), 2);
    });
}
