//! What campaigns do over many events: once, in order, later, within what the host grants.

use guanxi_e2e::environment::guest;
use guanxi_e2e::tenant::encode;
use guanxi_e2e::{Host, Sink, Tenant, eventually, host, now_millis, on_both};
use serde_json::{Value, json};

use crate::grants::repacked;

const DAY: i64 = 86_400_000;

/// RFC 3339 is not needed: milliseconds since the epoch are read as well.
fn order(user: &str, number: &str, days_ago: i64) -> Value {
    json!({
        "type": "track", "userId": user, "event": "Order Completed", "messageId": format!("order-{number}"),
        "timestamp": now_millis() - days_ago * DAY, "properties": {"order_id": number, "total": 50},
    })
}

#[test]
fn ca_1_everybody_is_welcomed_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        tenant.install("welcome", json!({})).await;
        let identify = |name: &str| json!({"type": "identify", "userId": "ada", "traits": {"name": name}});
        tenant.batch(&[identify("Ada"), identify("Ada L."), identify("Ada Lovelace")]).await;
        tenant.call("identify", &json!({"userId": "ada", "anonymousId": "phone"})).await.expect(202);
        // Decisions of one batch carry one time; the log has their order.
        let mut decisions = tenant.wait_for("/decisions", 4, |_| true).await;
        decisions.sort_by_key(|decision| decision["position"].as_i64());
        let reasons: Vec<&Value> = decisions.iter().map(|decision| &decision["reasons"][0]).collect();
        let before = "welcomed before";
        assert_eq!(reasons, ["introduced for the first time; text in `en`", before, before, before]);
        let outcomes: Vec<&Value> = decisions.iter().map(|decision| &decision["outcome"]).collect();
        assert_eq!(outcomes, ["acted", "skipped", "skipped", "skipped"]);
        tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        assert_eq!((tenant.list("/messages").await.len(), sink.received().len()), (1, 1));
        let ada = tenant.person("user:ada", |ada| ada["facts"]["event_count"] == 4).await;
        assert_eq!(tags(&ada), ["lifecycle/welcomed"]);
        assert_eq!(ada["name"], "Ada Lovelace");
        host.stop().await;
    });
}

#[test]
fn ca_2_win_back_follows_the_bands_by_timers() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        tenant.install("win-back", json!({"texts": {"older": "We miss you, {{name}}."}})).await;
        // One is seconds from the end of her band, so a timer set in the future carries her over.
        let soon = json!({
            "type": "track", "userId": "soon", "event": "Order Completed", "messageId": "soon",
            "timestamp": now_millis() - 182 * DAY + 3_000, "properties": {"order_id": "soon", "total": 50},
        });
        let named = json!({"type": "identify", "userId": "soon", "traits": {"name": "Sun"}, "timestamp": now_millis() - 200 * DAY});
        let orders =
            [order("fresh", "1", 0), order("month", "2", 10), order("quarter", "3", 60), order("half", "4", 120)];
        let receipt = tenant.batch(&[&orders[..], &[named, soon, order("old", "5", 400)]].concat()).await;
        assert_eq!(receipt["accepted"], 7);
        for (user, band) in [
            ("fresh", "recency/two-days"),
            ("month", "recency/month"),
            ("quarter", "recency/quarter"),
            ("half", "recency/half-year"),
            ("old", "recency/older"),
            ("soon", "recency/older"),
        ] {
            let person = tenant.person(&format!("user:{user}"), |person| tags(person) == [band]).await;
            assert_eq!(tags(&person), [band], "{user}");
        }
        let messages = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        assert_eq!(messages.len(), 1, "only the timer's decision writes");
        assert_eq!(messages[0]["content"]["text"], "We miss you, Sun.");
        let timers = tenant.list("/events").await.into_iter().filter(|event| event["kind"] == "guanxi.timer");
        assert_eq!(timers.count(), 1);
        let soon = tenant.person("user:soon", |_| true).await;
        assert_eq!(soon["facts"]["event_count"], 2, "a timer is nothing that the person did");
        // An order brings her back, and moves the timer instead of starting a second one.
        tenant.batch(&[order("soon", "6", 0)]).await;
        tenant.person("user:soon", |person| tags(person) == ["recency/two-days"]).await;
        host.stop().await;
    });
}

#[test]
fn ca_3_money_is_asked_for_and_the_refusal_comes_back_as_an_event() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let config = json!({"budget": "spring", "min": 88, "max": 888, "order_min": 20});
        tenant.install("red-packet", config).await;
        tenant.batch(&[order("ada", "1", 0)]).await;
        let decision = tenant.wait_for("/decisions", 1, |_| true).await.remove(0);
        assert_eq!(decision["outcome"], "refused", "{decision}");
        let asked = &decision["operations"][0];
        assert_eq!(
            (&asked["outcome"], &asked["refusal"]),
            (&json!("refused"), &json!("there is no budget `spring` to draw from"))
        );
        let refusals = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.refused").await;
        assert_eq!(refusals.len(), 1);
        assert_eq!(refusals[0]["person"], decision["person"]);
        let properties = json!({
            "installation": "red-packet", "decision": decision["id"], "operation": "grant-money",
            "reason": "there is no budget `spring` to draw from",
        });
        assert_eq!(refusals[0]["properties"], properties);
        let reason = decision["reasons"][0].as_str().unwrap();
        assert!(reason.starts_with("an order of 50; drew "), "{reason}");
        let drawn: i64 = reason.split("drew ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((88..=888).contains(&drawn), "{reason}");
        host.stop().await;
    });
}

/// How far a campaign came with a person: whether it reached them, and the first thing that stopped it.
async fn stopped(tenant: &Tenant, person: &str, installation: &str) -> (bool, String, String) {
    let all = tenant.list(&format!("/people/{person}/campaigns")).await;
    let answer = all.iter().find(|answer| answer["installation"] == installation).expect("a campaign");
    let steps = answer["steps"].as_array().unwrap();
    let first = steps.iter().find(|step| step["holds"] == false).unwrap_or_else(|| steps.last().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (answer["reached"] == true, text(&first["sort"]), text(&first["said"]["en"]))
}

#[test]
fn ca_8_why_somebody_did_not_get_it() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let told = |reached: bool, sort: &str, said: &str| (reached, sort.to_owned(), said.to_owned());
        let identify =
            |user: &str, n: u32| json!({"userId": user, "messageId": format!("{user}-{n}"), "traits": {"name": "A"}});
        // What happened before anybody listened.
        tenant.batch(&[order("ada", "1", 0)]).await;
        let ada = tenant.person("user:ada", |_| true).await["id"].as_str().unwrap().to_owned();
        tenant.install("welcome", json!({})).await;
        tenant.install("red-packet", json!({"budget": "spring", "min": 88, "max": 888, "order_min": 60})).await;
        assert_eq!(stopped(&tenant, &ada, "red-packet").await, told(false, "asked", "was installed after that"));
        let said = "nothing happened that it listens to: identify";
        assert_eq!(stopped(&tenant, &ada, "welcome").await, told(false, "event", said));

        let decided = async |count: usize| tenant.wait_for("/decisions", count, |_| true).await;
        tenant.call("identify", &identify("ada", 1)).await.expect(202);
        let receipt = decided(1).await[0]["id"].clone();
        let said = "send was refused: no live connector reaches this person";
        assert_eq!(stopped(&tenant, &ada, "welcome").await, told(false, "done", said));
        let all = tenant.list(&format!("/people/{ada}/campaigns")).await;
        let welcome = all.iter().find(|answer| answer["installation"] == "welcome").unwrap();
        assert_eq!((&welcome["decision"], &welcome["title"]["zh"]), (&receipt, &json!("欢迎新朋友")));

        tenant.install("sandbox", json!({})).await;
        tenant.call("identify", &identify("bo", 1)).await.expect(202);
        decided(2).await;
        let bo = tenant.person("user:bo", |_| true).await["id"].as_str().unwrap().to_owned();
        tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        assert_eq!(stopped(&tenant, &bo, "welcome").await, told(true, "sent", "sandbox: sent"));
        tenant.call("identify", &identify("bo", 2)).await.expect(202);
        decided(3).await;
        let said = "decided to do nothing: welcomed before";
        assert_eq!(stopped(&tenant, &bo, "welcome").await, told(false, "decided", said));
        tenant.batch(&[order("bo", "2", 0)]).await;
        decided(4).await;
        let (reached, sort, said) = stopped(&tenant, &bo, "red-packet").await;
        assert!(!reached && sort == "decided" && said.starts_with("decided to do nothing: "), "{sort}: {said}");

        // What happened earlier and came later is what it was asked about last.
        tenant.batch(&[order("bo", "3", 10)]).await;
        let all = decided(5).await;
        let latest = all.iter().max_by_key(|decision| decision["position"].as_i64()).unwrap();
        let answers = tenant.list(&format!("/people/{bo}/campaigns")).await;
        let packet = answers.iter().find(|answer| answer["installation"] == "red-packet").unwrap();
        assert_eq!(
            (&packet["decision"], &packet["steps"][1]["said"]["en"]),
            (&latest["id"], &json!("Order Completed"))
        );
        assert!(packet["steps"][1]["at"].as_i64() < Some(now_millis() - 9 * DAY), "{packet}");

        // Whoever allows nothing gets nothing.
        let purposes = json!({"purposes": {"marketing": {"title": "Marketing", "basis": "consent"}}});
        tenant.api.put("/settings", &purposes).await.expect(200);
        tenant.call("identify", &identify("cy", 1)).await.expect(202);
        decided(6).await;
        let cy = tenant.person("user:cy", |_| true).await["id"].as_str().unwrap().to_owned();
        let (reached, sort, said) = stopped(&tenant, &cy, "welcome").await;
        assert!(!reached && sort == "done" && said.contains("marketing"), "{sort}: {said}");

        let off = json!({"plugin": "welcome", "version": "0.2.0", "mode": "off", "config": {}, "grants": "requested"});
        tenant.api.put("/installations/welcome", &off).await.expect(200);
        tenant.call("identify", &identify("di", 1)).await.expect(202);
        let di = tenant.person("user:di", |_| true).await["id"].as_str().unwrap().to_owned();
        assert_eq!(stopped(&tenant, &di, "welcome").await, told(false, "on", "is switched off"));
        let rival = host.tenant("rival").await;
        rival.api.get(&format!("/people/{di}/campaigns")).await.problem(404, "not-found");
        host.stop().await;
    });
}

#[test]
fn ca_4_events_of_one_person_are_decided_in_their_order() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        // Remembers the last order in its state and tags by it: only one at a time and in order comes out as expected.
        tenant.install("win-back", json!({})).await;
        // The newest order comes first: the later ones must find what it left in the state.
        let event = |user: &str, n: i64| order(user, &format!("{user}-{n}"), n * 4);
        let batch: Vec<Value> = (0..100).flat_map(|n| [event("ada", n), event("bo", n)]).collect();
        assert_eq!(tenant.batch(&batch).await["accepted"], 200);
        for user in ["user:ada", "user:bo"] {
            let person = tenant.person(user, |person| person["facts"]["event_count"] == 100).await;
            assert_eq!((&person["facts"]["order_count"], &person["facts"]["revenue"]), (&json!(100), &json!(500_000)));
            let path = format!("/decisions?person={}", person["id"].as_str().unwrap());
            let mut decisions = tenant.wait_for(&path, 100, |_| true).await;
            decisions.sort_by_key(|decision| decision["position"].as_i64());
            assert_eq!(decisions.len(), 100);
            let reasons: Vec<&Value> = decisions.iter().map(|decision| &decision["reasons"][0]).collect();
            assert!(reasons.iter().all(|reason| **reason == "ordered; now two-days"), "{reasons:?}");
            // The band is entered once, by the first decision; every later one only starts the timer again.
            let operations: Vec<usize> = decisions.iter().map(|d| d["operations"].as_array().unwrap().len()).collect();
            assert_eq!((operations[0], operations[1..].iter().max()), (2, Some(&1)));
        }
        host.stop().await;
    });
}

#[test]
fn ca_4_each_batch_knows_what_the_one_before_left() {
    on_both(|place| async move {
        const PEOPLE: usize = 5;
        const EACH: usize = 300;
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        // Counts in its state, and tells of how many earlier events it sees.
        let manifest = include_str!("../../../guests/well-behaved/plugin.toml")
            .replace(
                "[campaign]\nevents = [\"*\"]",
                "[campaign]\nevents = [\"page\"]\nhistory = { events = [\"page\"], limit = 64 }",
            )
            .replace("[\"earn-points\", \"send\", \"add-tag\", \"start-timer\"]", "[\"start-timer\"]");
        let component = repacked(&place, &guest("well-behaved"), &manifest).await;
        let config = json!({});
        tenant.install_component("counter", component, config, json!({"signing-key": "of its own"})).await;
        let page =
            |n: usize| json!({"type": "page", "userId": format!("user-{}", n % PEOPLE), "messageId": format!("p{n}")});
        let events: Vec<Value> = (0..PEOPLE * EACH).map(page).collect();
        for batch in events.chunks(250) {
            assert_eq!(tenant.batch(batch).await["accepted"], 250);
        }
        for user in 0..PEOPLE {
            let person =
                tenant.person(&format!("user:user-{user}"), |person| person["facts"]["event_count"] == EACH).await;
            let path = format!("/decisions?person={}", person["id"].as_str().unwrap());
            let mut decisions = tenant.wait_for(&path, EACH, |_| true).await;
            decisions.sort_by_key(|decision| decision["position"].as_i64());
            let said = |decision: &Value| {
                let reason = decision["reasons"][0].as_str().unwrap().to_owned();
                (decision["operations"][0]["reason"].clone(), reason.split(", ").nth(1).unwrap().to_owned())
            };
            for (n, decision) in decisions.iter().enumerate() {
                let expected = (json!(format!("visit {}", n + 1)), format!("{} earlier events", n.min(64)));
                assert_eq!(said(decision), expected, "{decision}");
            }
        }
        host.stop().await;
    });
}

#[test]
fn id_3_two_known_people_are_never_joined() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        for (user, email) in [("ada", "ada@example.com"), ("bo", "bo@example.com")] {
            tenant.call("identify", &json!({"userId": user, "traits": {"email": email}})).await.expect(202);
        }
        let ada = tenant.person("email:ada@example.com", |_| true).await;
        let bo = tenant.person("email:bo@example.com", |_| true).await;
        assert_ne!(ada["id"], bo["id"]);
        // Bo claims Ada's address, and an alias says outright that they are one.
        tenant.call("identify", &json!({"userId": "bo", "traits": {"email": "ADA@example.com"}})).await.expect(202);
        tenant.call("alias", &json!({"userId": "bo", "previousId": "ada"})).await.expect(202);
        let bo = tenant.person("user:bo", |bo| bo["conflicts"].as_array().is_some_and(|all| all.len() == 2)).await;
        for conflict in bo["conflicts"].as_array().unwrap() {
            assert_eq!((&conflict["person"], &conflict["claimed_by"]), (&ada["id"], &bo["id"]), "{conflict}");
        }
        let claimed: Vec<&Value> = bo["conflicts"].as_array().unwrap().iter().map(|c| &c["identity"]).collect();
        assert!(
            claimed.contains(&&json!("email:ada@example.com")) && claimed.contains(&&json!("user:ada")),
            "{claimed:?}"
        );
        assert_eq!(tenant.find("email:ada@example.com").await.unwrap()["id"], ada["id"]);
        assert_eq!(tenant.find("user:ada").await.unwrap()["id"], ada["id"]);
        assert_eq!(tenant.list("/people").await.len(), 2);
        host.stop().await;
    });
}

#[test]
fn pi_4_a_dead_letter_is_shown_and_tried_again() {
    on_both(|place| async move {
        let running = Host::start(&place).await;
        let tenant = running.tenant("acme").await;
        let nameless =
            json!({"userId": "ada", "event": "Order Completed", "messageId": "d1", "properties": {"total": 5}});
        tenant.call("track", &nameless).await.expect(202);
        tenant.call("track", &json!({"userId": "ada", "event": "Looked"})).await.expect(202);
        let letter = tenant.wait_for("/dead-letters", 1, |_| true).await.remove(0);
        assert_eq!(letter["event"]["message_id"], "d1");
        let reason = letter["reason"].as_str().unwrap();
        assert!(reason.starts_with("properties.order_id: give the number of the order"), "{reason}");
        // One bad event holds up nobody, not even its own person.
        tenant.person("user:ada", |ada| ada["facts"]["last_seen"].as_i64().is_some_and(|seen| seen > 0)).await;

        let shown = host::run_well(&place, ["log", "show", "acme"]).await;
        assert!(shown.contains(letter["event"]["id"].as_str().unwrap()) && shown.contains(reason), "{shown}");
        let retried = host::run_well(&place, ["log", "retry", "acme"]).await;
        assert!(retried.contains("1 events are in the log again."), "{retried}");
        let again = eventually("it is buried again", async || {
            let letters = tenant.list("/dead-letters").await;
            letters.into_iter().find(|again| again["event"]["position"] != letter["event"]["position"])
        })
        .await;
        assert_eq!(again["reason"], letter["reason"]);
        let position = again["event"]["position"].clone();
        tenant.api.post(&format!("/dead-letters/{position}/retry"), &Value::Null).await.expect(202);
        tenant.wait_for("/dead-letters", 1, |l| l["event"]["position"] != position).await;
        assert_eq!(tenant.list("/dead-letters").await.len(), 1);
        let found = tenant.api.get(&format!("/people?identity={}", encode("user:ada"))).await.expect(200);
        assert_eq!(found["items"][0]["facts"]["order_count"], 0);
        running.stop().await;
    });
}

fn tags(person: &Value) -> Vec<String> {
    let tags = person["tags"].as_array().into_iter().flatten();
    tags.map(|tag| format!("{}/{}", tag["dimension"].as_str().unwrap(), tag["name"].as_str().unwrap())).collect()
}
