//! TG-3, TG-6, TG-7, TG-8: portraits over HTTP, with every number worked out by hand.

use guanxi_e2e::{Host, Tenant, eventually, now_millis, on_both};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

/// The portrait at `path`, counted after now.
async fn portrait(tenant: &Tenant, path: &str) -> Value {
    let after = now_millis();
    eventually(path, async || {
        let answer = tenant.api.get(path).await.expect(200);
        let fresh = answer["computed_at"].as_i64().is_some_and(|at| at >= after);
        (answer["status"] == "ready" && fresh).then(|| answer["portrait"].clone())
    })
    .await
}

/// Waits until a last event is decided, of somebody who is nobody else.
async fn settled(tenant: &Tenant, mark: &str) {
    tenant.call("identify", &json!({"userId": mark})).await.expect(202);
    tenant.person(&format!("user:{mark}"), |_| true).await;
}

fn introduced(user: &str, at: i64, traits: Value) -> Value {
    json!({"type": "identify", "userId": user, "timestamp": at, "traits": traits})
}

fn seen(user: &str, at: i64) -> Value {
    json!({"type": "page", "userId": user, "name": "home", "timestamp": at})
}

fn order(user: &str, number: &str, at: i64, total: f64) -> Value {
    let properties = json!({"order_id": number, "total": total});
    json!({"type": "track", "userId": user, "event": "Order Completed", "timestamp": at, "properties": properties})
}

/// Values with people of a distribution.
fn shares(distribution: &Value) -> Vec<(String, u64)> {
    let share = |one: &Value| (one["value"].as_str().unwrap().to_owned(), one["people"].as_u64().unwrap());
    distribution["values"].as_array().unwrap().iter().map(share).filter(|(_, people)| *people > 0).collect()
}

fn told(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(value, people)| ((*value).to_owned(), *people)).collect()
}

async fn id(tenant: &Tenant, user: &str) -> String {
    tenant.person(&format!("user:{user}"), |_| true).await["id"].as_str().expect("an id").to_owned()
}

#[test]
fn tg_3_portraits_of_everybody_of_a_segment_and_of_one_count_exactly() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let now = now_millis();
        tenant
            .batch(&[
                introduced("ann", now, json!({"gender": "女", "age": 30, "city": "上海", "country": "CN", "name": "Ann"})),
                introduced("bob", now, json!({"gender": "M", "age": "17", "city": " 上海 ", "email": "bob@example.com"})),
                introduced("cat", now, json!({"gender": 2, "age": 70, "city": "Berlin"})),
                introduced("dan", now, json!({"gender": 7, "birthday": "0001-01-01", "city": 5})),
                introduced("eve", now, json!({"gender": ["x"], "birthday": "2999-01-01", "age": "old"})),
                order("ann", "a1", now, 10.0),
                order("ann", "a2", now, 30.0),
                order("cat", "c1", now, 20.0),
                order("dan", "d1", now, 5.0),
                json!({"type": "track", "userId": "dan", "event": "Order Refunded", "properties": {"order_id": "d1", "total": 5}}),
                json!({"type": "track", "userId": "eve", "event": "Followed"}),
            ])
            .await;
        settled(&tenant, "last").await;
        let (ann, cat) = (id(&tenant, "ann").await, id(&tenant, "cat").await);
        let tags = json!({"people": [ann, cat], "add": [
            {"dimension": "interest", "name": "tea", "weight": 0.5}, {"dimension": "behaviour", "name": "weekends"}]});
        assert!(tenant.api.post("/people/tags", &tags).await.status < 300);
        let more = json!({"people": [ann], "add": [
            {"dimension": "interest", "name": "tea", "weight": 1.0}, {"dimension": "interest", "name": "dust", "weight": 0.001}]});
        assert!(tenant.api.post("/people/tags", &more).await.status < 300);
        let chinese = json!({"title": "上海", "filter": {"attribute": "city", "contains": "上海"}});
        tenant.api.put("/segments/shanghai", &chinese).await.expect(200);

        let first = tenant.api.get("/insight").await.expect(200);
        assert_eq!((&first["status"], &first["portrait"]), (&json!("computing"), &Value::Null), "{first}");
        let all = portrait(&tenant, "/insight").await;
        assert_eq!(all["people"], 6);
        assert_eq!(shares(&all["stages"]), told(&[("prospect", 2), ("fan", 1), ("customer", 3)]));
        assert_eq!(shares(&all["genders"]), told(&[("female", 2), ("male", 1)]));
        assert_eq!(all["genders"]["unknown"], 3);
        assert_eq!(shares(&all["ages"]), told(&[("<18", 1), ("25-34", 1), ("65+", 1)]));
        assert_eq!(all["ages"]["unknown"], 3, "year 1, the future and words tell no age");
        assert_eq!(shares(&all["cities"]), told(&[("上海", 2), ("Berlin", 1)]));
        assert_eq!((&all["cities"]["unknown"], &all["countries"]["unknown"]), (&json!(3), &json!(5)));
        let bought = &all["purchases"];
        assert_eq!((&bought["buyers"], &bought["repeat_buyers"], &bought["orders"]), (&json!(2), &json!(1), &json!(3)));
        assert_eq!((&bought["revenue"], &bought["average_order"]), (&json!(6_000), &json!(2_000.0)));
        assert_eq!(bought["repeat_share"], 0.5);
        let concern = |index: usize| (all["concerns"][index]["name"].clone(), all["concerns"][index]["weight"].clone());
        assert_eq!(concern(0), (json!("weekends"), json!(2.0)));
        assert_eq!(concern(1), (json!("tea"), json!(1.5)));
        assert_eq!(all["concerns"].as_array().unwrap().len(), 2, "what weighs next to nothing is no concern");
        let interest = all["dimensions"].as_array().unwrap().iter().find(|one| one["dimension"] == "interest").unwrap();
        assert_eq!(interest["names"], json!([{"name": "tea", "people": 2, "weight": 0.75}]));
        let text = all.to_string();
        for identity in ["per_", "bob@", "Ann", "\"ann\""] {
            assert!(!text.contains(identity), "{identity} in {text}");
        }

        let here = portrait(&tenant, "/segments/shanghai/insight").await;
        assert_eq!((&here["people"], &here["purchases"]["orders"]), (&json!(2), &json!(2)));
        assert_eq!(shares(&here["genders"]), told(&[("female", 1), ("male", 1)]));
        assert_eq!(here["concerns"][0]["weight"], 1.0);

        // Two who are joined are one, with what each did.
        let wish = json!({"with": cat, "reason": "the same"});
        assert!(tenant.api.post(&format!("/people/{ann}/merge"), &wish).await.status < 300);
        let joined = portrait(&tenant, "/insight").await;
        assert_eq!((&joined["people"], &joined["purchases"]["orders"]), (&json!(5), &json!(3)));
        assert_eq!((&joined["purchases"]["buyers"], &joined["purchases"]["repeat_buyers"]), (&json!(1), &json!(1)));
        let hours = |portrait: &Value| -> u64 {
            let days = portrait["hours"].as_array().unwrap().iter();
            days.flat_map(|day| day.as_array().unwrap()).map(|orders| orders.as_u64().unwrap()).sum()
        };
        assert_eq!((hours(&all), hours(&joined), hours(&here)), (3, 3, 2));
        let one = tenant.api.get(&format!("/people/{cat}/insight")).await.expect(200)["portrait"].clone();
        assert_eq!((&one["purchases"]["orders"], hours(&one), &one["stage"]), (&json!(3), 3, &json!("customer")));
        assert_eq!(one["band"], "two-days");

        // What was asked for while it did not exist, or is no more, is not there.
        tenant.api.get("/segments/nowhere/insight").await.problem(404, "not-found");
        tenant.api.delete("/segments/shanghai").await.expect(204);
        tenant.api.get("/segments/shanghai/insight").await.problem(404, "not-found");
        host.stop().await;
    });
}

/// People, before and active of a band.
fn band(portrait: &Value, name: &str) -> (u64, u64, u64, Value) {
    let one = portrait["bands"].as_array().unwrap().iter().find(|one| one["band"] == name).expect("a band");
    let number = |field: &str| one[field].as_u64().unwrap();
    (number("people"), number("before"), number("active"), one["participation"].clone())
}

#[test]
fn tg_6_participation_is_measured_from_what_people_did() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let now = now_millis();
        let ago = |days: i64| now - days * DAY;
        let here = json!({"city": "上海"});
        tenant
            .batch(&[
                introduced("back-1", ago(100), here.clone()),
                seen("back-1", ago(1)),
                introduced("gone-2", ago(100), here),
                seen("often-3", ago(31)),
                seen("often-3", now - 2 * HOUR),
                seen("once-4", ago(31)),
                seen("old-5", ago(300)),
                seen("woken-6", ago(300)),
                seen("woken-6", ago(10)),
                seen("new-7", ago(5)),
                seen("steady-8", ago(40)),
                seen("steady-8", ago(20)),
            ])
            .await;
        // Known through somebody else, and never seen; what the host does with somebody is nothing that they did.
        let edges = json!({"edges": [{"from": "user:new-7", "to": "user:ghost-9", "kind": "friend"}]});
        assert!(tenant.api.post("/relations", &edges).await.status < 300);
        let gone = id(&tenant, "gone-2").await;
        let tags = json!({"people": [gone], "add": [{"dimension": "lifecycle", "name": "missed"}]});
        assert!(tenant.api.post("/people/tags", &tags).await.status < 300);
        tenant.person("user:ghost-9", |_| true).await;
        let wish = json!({"title": "Here", "filter": {"attribute": "city", "eq": "上海"}});
        tenant.api.put("/segments/here", &wish).await.expect(200);

        let all = portrait(&tenant, "/insight").await;
        assert_eq!(all["people"], 9);
        assert_eq!(band(&all, "two-days"), (2, 2, 1, json!(0.5)));
        assert_eq!(band(&all, "month"), (3, 1, 1, json!(1.0)));
        assert_eq!(band(&all, "quarter"), (1, 2, 1, json!(0.5)));
        assert_eq!(band(&all, "half-year"), (1, 0, 0, Value::Null));
        assert_eq!(band(&all, "older"), (1, 2, 1, json!(0.5)));
        assert_eq!(band(&all, "never"), (1, 0, 0, Value::Null));
        let some = portrait(&tenant, "/segments/here/insight").await;
        assert_eq!((band(&some, "quarter"), band(&some, "older")), ((0, 2, 1, json!(0.5)), (0, 0, 0, Value::Null)));

        // Joined, the two who were last seen 31 and 300 days ago are somebody who was seen 31 days ago.
        let (once, old) = (id(&tenant, "once-4").await, id(&tenant, "old-5").await);
        let wish = json!({"with": old, "reason": "the same"});
        assert!(tenant.api.post(&format!("/people/{once}/merge"), &wish).await.status < 300);
        // And somebody of a group who came back was in the band of whoever of the group was seen last before.
        let (often, woken) = (id(&tenant, "often-3").await, id(&tenant, "woken-6").await);
        let wish = json!({"with": woken, "reason": "the same"});
        assert!(tenant.api.post(&format!("/people/{often}/merge"), &wish).await.status < 300);
        let joined = portrait(&tenant, "/insight").await;
        assert_eq!(band(&joined, "two-days"), (2, 2, 1, json!(0.5)));
        assert_eq!((band(&joined, "older"), joined["people"].as_u64()), ((0, 0, 0, Value::Null), Some(7)));
        let own = tenant.api.get(&format!("/people/{gone}/insight")).await.expect(200);
        assert_eq!(
            (&own["portrait"]["band"], &own["portrait"]["purchases"]["orders"]),
            (&json!("half-year"), &json!(0))
        );
        host.stop().await;
    });
}

/// An event of somebody through a channel.
async fn came_through(tenant: &Tenant, user: &str, channel: &str) {
    let event = json!({"specversion": "1.0", "id": format!("{user}-{channel}"), "source": "/tests", "type": "page",
        "subject": format!("user:{user}"), "channel": channel});
    tenant.cloudevents("application/cloudevents+json", &event).await.expect(202);
}

#[test]
fn tg_7_reach_follows_links_and_consent_and_answers_follow_messages() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let purposes = json!({"purposes": {"marketing": {"title": "M", "basis": "consent"}}});
        tenant.api.put("/settings", &purposes).await.expect(200);
        tenant.install("sandbox", json!({})).await;
        tenant.install("welcome", json!({})).await;
        let word = |user: &str, event: &str| json!({"type": "track", "userId": user, "event": event, "properties": {"purpose": "marketing"}});
        let hello = |user: &str| json!({"type": "identify", "userId": user, "traits": {"name": user}});
        for user in ["ann", "dan", "eve", "fay", "gus"] {
            tenant.batch(&[word(user, "Consent Granted"), hello(user)]).await;
        }
        tenant
            .batch(&[hello("bob"), word("cat", "Consent Granted"), word("cat", "Consent Withdrawn"), hello("cat")])
            .await;
        tenant.wait_for("/messages", 5, |message| message["status"] == "sent").await;
        tenant.person("user:cat", |cat| cat["facts"]["event_count"] == 3).await;
        // Ann answers somehow, Gus through the channel; Fay comes, but through another one; Eve does not.
        tenant.batch(&[seen("ann", now_millis())]).await;
        came_through(&tenant, "gus", "sandbox").await;
        came_through(&tenant, "fay", "shop").await;
        for user in ["ann", "gus", "fay"] {
            tenant.person(&format!("user:{user}"), |one| one["facts"]["event_count"] == 3).await;
        }
        let dan = id(&tenant, "dan").await;
        let action = json!({"action": "invalidate", "identity": "user:dan", "reason": "wrong person"});
        assert!(tenant.api.post(&format!("/people/{dan}/identities"), &action).await.status < 300);

        let all = portrait(&tenant, "/insight").await;
        let sandbox = json!({"channel": "sandbox", "connected": true, "with_address": 7, "deliverable": 6, "reachable": 4,
            "sent": 5, "answered": 2, "answer_rate": 0.4});
        assert_eq!(all["channels"], json!([sandbox]));
        assert_eq!(all["addresses"], json!([{"kind": "user", "people": 7, "deliverable": 6}]));
        assert_eq!(shares(&all["first_channels"]), told(&[("sandbox", 1), ("shop", 1)]));
        for (user, reason, answered) in [
            ("ann", Value::Null, json!(true)),
            ("bob", json!("no-consent"), Value::Null),
            ("cat", json!("no-consent"), Value::Null),
            ("eve", Value::Null, json!(false)),
            ("fay", Value::Null, json!(false)),
            ("gus", Value::Null, json!(true)),
        ] {
            let path = format!("/people/{}/insight", id(&tenant, user).await);
            let channel = tenant.api.get(&path).await.expect(200)["portrait"]["channels"][0].clone();
            let found = (&channel["reason"], &channel["answered"], &channel["reachable"]);
            assert_eq!(found, (&reason, &answered, &json!(reason.is_null())), "{user}: {channel}");
        }
        let own = tenant.api.get(&format!("/people/{dan}/insight")).await.expect(200);
        assert_eq!(own["portrait"]["channels"][0]["reason"], "link-invalid");

        // Consent that is withdrawn counts with the next portrait; so does a connector that is switched off.
        tenant.batch(&[word("ann", "Consent Withdrawn")]).await;
        tenant.person("user:ann", |ann| ann["facts"]["event_count"] == 4).await;
        assert_eq!(portrait(&tenant, "/insight").await["channels"][0]["reachable"], 3);
        // Whoever joins in a group with somebody who answered has answered.
        let (ann, eve) = (id(&tenant, "ann").await, id(&tenant, "eve").await);
        let wish = json!({"with": eve, "reason": "the same"});
        assert!(tenant.api.post(&format!("/people/{ann}/merge"), &wish).await.status < 300);
        let joined = portrait(&tenant, "/insight").await["channels"][0].clone();
        assert_eq!((&joined["sent"], &joined["answered"], &joined["with_address"]), (&json!(4), &json!(2), &json!(6)));
        host.stop().await;
    });
}

#[test]
fn tg_8_when_they_buy_is_told_in_the_brands_time_zone() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let refused = tenant.api.put("/settings", &json!({"time_zone": "Mars/Olympus"})).await.problem(400, "invalid");
        assert_eq!(refused["errors"][0]["at"], "time_zone");
        tenant.api.put("/settings", &json!({"time_zone": "Asia/Shanghai"})).await.expect(200);
        // A Monday at least two weeks ago; 1970-01-05 was one.
        let monday = ((now_millis() / DAY - 4).div_euclid(7) * 7 + 4 - 14) * DAY;
        tenant
            .batch(&[
                order("ann", "a1", monday + 10 * HOUR + 1, 10.0),
                order("ann", "a2", monday + 7 * DAY + 10 * HOUR + HOUR / 2, 10.0),
                order("ann", "a3", monday + 20 * HOUR, 10.0),
                order("bob", "b1", monday + 20 * HOUR, 10.0),
                order("bob", "b2", monday + 5 * DAY, 10.0),
                json!({"type": "track", "userId": "bob", "event": "Order Refunded", "timestamp": monday + 6 * DAY,
                    "properties": {"order_id": "b2", "total": 10}}),
                introduced("ann", monday, json!({"birthday": "1961-05-05"})),
            ])
            .await;
        settled(&tenant, "last").await;
        let all = portrait(&tenant, "/insight").await;
        let cells = |portrait: &Value| {
            let mut found = Vec::new();
            for (day, hours) in portrait["hours"].as_array().unwrap().iter().enumerate() {
                for (hour, orders) in hours.as_array().unwrap().iter().enumerate().filter(|(_, orders)| **orders != 0) {
                    found.push((day, hour, orders.as_u64().unwrap()));
                }
            }
            found
        };
        assert_eq!(cells(&all), [(0, 18, 2), (1, 4, 2)], "18:00 on Mondays and 4:00 on Tuesdays in Shanghai");
        assert_eq!(all["time_zone"], "Asia/Shanghai");
        assert_eq!(shares(&all["ages"]), told(&[("65+", 1)]));
        let path = format!("/people/{}/insight", id(&tenant, "ann").await);
        let ann = tenant.api.get(&path).await.expect(200)["portrait"].clone();
        assert_eq!(cells(&ann), [(0, 18, 2), (1, 4, 1)]);
        assert_eq!((&ann["best_day"], &ann["best_hour"], &ann["age_band"]), (&json!(0), &json!(18), &json!("65+")));
        host.stop().await;
    });
}

#[test]
fn tg_3_many_different_values_and_odd_ones_leave_a_small_document() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("tea").await;
        let now = now_millis();
        let long = "长".repeat(1_000);
        let people: Vec<Value> = (0..600)
            .map(|n| introduced(&format!("u{n}"), now, json!({"city": format!("village {n}"), "gender": n})))
            .chain((0..40).map(|n| introduced(&format!("c{n}"), now, json!({"city": "上海", "birthday": long}))))
            .chain((0..2).map(|n| introduced(&format!("l{n}"), now, json!({"city": long, "country": "\u{7}"}))))
            .collect();
        for some in people.chunks(200) {
            tenant.batch(some).await;
        }
        settled(&tenant, "last").await;
        let all = portrait(&tenant, "/insight").await;
        let cities = shares(&all["cities"]);
        assert_eq!((cities[0].clone(), cities.len()), (("上海".to_owned(), 40), 20));
        assert_eq!((cities[1].0.chars().count(), cities[1].1), (64, 2), "cut to what a label may have");
        assert_eq!(all["cities"]["others"], 642 - cities.iter().map(|(_, people)| people).sum::<u64>());
        assert_eq!((&all["ages"]["unknown"], &all["countries"]["unknown"]), (&json!(643), &json!(643)));
        assert_eq!(shares(&all["genders"]), told(&[("female", 1), ("male", 1)]), "1 and 2 of ISO 5218");
        assert!(all.to_string().len() < 20_000);
        host.stop().await;
    });
}
