//! What another version or configuration would have decided, and how it would score.

use guanxi_e2e::environment::variable;
use guanxi_e2e::host::{run, run_well};
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Place, Sink, Tenant, eventually, now_millis, on_both};
use serde_json::{Value, json};

const PEOPLE: i64 = 30;
const ROUNDS: i64 = 4;

/// Orders of everybody, several times: 10, 20, 30 and 40.
fn orders() -> Vec<Value> {
    let order = |n: i64| {
        let (person, round) = (n % PEOPLE, n / PEOPLE);
        json!({
            "type": "track", "event": "Order Completed", "userId": format!("person-{person}"),
            "messageId": format!("order-{n}"), "timestamp": now_millis() - (ROUNDS - round) * 3_600_000,
            "properties": {"order_id": n.to_string(), "total": (round + 1) * 10},
        })
    };
    (0..PEOPLE * ROUNDS).map(order).collect()
}

/// A tenant whose campaigns have decided about all orders.
async fn decided(host: &Host, sink: &Sink) -> Tenant {
    let tenant = host.tenant("acme").await;
    tenant.install_webhook(sink).await;
    tenant.install("red-packet", json!({"budget": "spring", "min": 100, "max": 100, "order_min": 15})).await;
    tenant.install("win-back", json!({})).await;
    tenant.install("welcome", json!({})).await;
    tenant.batch(&orders()).await;
    let all = usize::try_from(PEOPLE * ROUNDS).expect("few");
    for name in ["red-packet", "win-back"] {
        tenant.wait_for("/decisions", all, |decision| decision["installation"] == name).await;
    }
    tenant
}

async fn compare(tenant: &Tenant, wish: Value) -> Value {
    let asked = tenant.api.post("/backtests", &wish).await.expect(202);
    let path = format!("/backtests/{}", asked["id"].as_str().expect("an id"));
    eventually(&path, async || {
        let now = tenant.api.get(&path).await.expect(200);
        (now["ended_at"] != json!(null)).then_some(now)
    })
    .await
}

async fn told(place: &Place, arguments: &[&str]) -> Value {
    let said = run_well(place, [&["plugin", "backtest", "acme"], arguments, &["--json"]].concat()).await;
    serde_json::from_str(&said).expect("JSON")
}

#[test]
fn ca_5_the_same_version_and_configuration_decide_the_same() {
    on_both(|place| async move {
        let (host, sink) = (Host::start(&place).await, Sink::start().await);
        let tenant = decided(&host, &sink).await;
        // What it kept about people is carried from one decision to the next.
        for name in ["red-packet", "win-back", "welcome"] {
            let done = compare(&tenant, json!({"installation": name})).await;
            let found = &done["difference"];
            assert_eq!((&done["status"], &done["progress"]), (&json!("done"), &json!(1.0)), "{done}");
            assert_eq!((&found["differ"], &found["samples"]), (&json!(0), &json!([])), "{found}");
            for sum in ["acted", "skipped", "failed", "operations", "money", "messages", "messaged"] {
                assert_eq!(found["before"][sum], found["after"][sum], "{name}: {sum}");
            }
            let recorded = tenant.list("/decisions").await;
            let recorded = recorded.iter().filter(|decision| decision["installation"] == name).count();
            assert_eq!((&found["decisions"], &found["missing"]), (&json!(recorded), &json!(0)));
        }
        host.stop().await;
    });
}

#[test]
fn ca_5_another_configuration_is_compared_and_the_difference_told() {
    on_both(|place| async move {
        let (host, sink) = (Host::start(&place).await, Sink::start().await);
        let tenant = decided(&host, &sink).await;
        let before = tenant.list("/decisions").await;
        // Orders of 20, 30 and 40 get a packet of 1; now only those of 30 and 40 get one, of 2.
        let config = json!({"budget": "autumn", "min": 200, "max": 200, "order_min": 25});
        let done = compare(&tenant, json!({"installation": "red-packet", "config": config})).await;
        let found = &done["difference"];
        assert_eq!((&found["decisions"], &found["differ"]), (&json!(120), &json!(90)), "{found}");
        assert_eq!(
            (&found["before"]["money"], &found["after"]["money"]),
            (&json!({"spring": 9_000}), &json!({"autumn": 12_000}))
        );
        assert_eq!((&found["before"]["acted"], &found["after"]["acted"]), (&json!(90), &json!(60)));
        assert!(found["after"]["fuel"].as_u64() > Some(0) && found["before"]["fuel"].as_u64() > Some(0));
        let samples = found["samples"].as_array().unwrap().clone();
        assert_eq!(samples.len(), 20);
        for sample in &samples {
            let receipt =
                tenant.api.get(&format!("/decisions/{}", sample["decision"].as_str().unwrap())).await.expect(200);
            assert_eq!(sample["person"], receipt["person"]);
            assert_eq!(sample["sides"][0]["reasons"], receipt["reasons"]);
            assert_ne!(sample["sides"][0]["operations"], sample["sides"][1]["operations"]);
        }
        assert_eq!(tenant.list("/decisions").await, before, "nothing was decided by that");

        let file = place.data_dir().join("autumn.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let same = told(&place, &["red-packet", "--settings", file.to_str().unwrap()]).await;
        assert_eq!(same, *found);
        let words =
            run_well(&place, ["plugin", "backtest", "acme", "red-packet", "--settings", file.to_str().unwrap()]).await;
        assert!(words.contains("120 decisions compared, 90 come out differently."), "{words}");
        // A component that is nowhere but in a file, and that crashes each time.
        let guest = format!("{}/endless-loop.wasm", variable("GUANXI_TEST_GUESTS"));
        let looped = run(&place, ["plugin", "backtest", "acme", "red-packet", "--plugin", &guest]).await;
        let said = String::from_utf8_lossy(&looped.stderr).into_owned();
        assert!(
            !looped.status.success() && said.contains("the plugin crashed 100 times, the last time so: "),
            "{said}"
        );

        // Nothing is left of somebody who is forgotten.
        let gone = samples[0]["person"].as_str().unwrap();
        let farewell = json!({"reason": "asked", "confirm": gone});
        let erasure = tenant.api.post(&format!("/people/{gone}/erase"), &farewell).await.expect(202);
        let erasure = format!("/erasures/{}", erasure["id"].as_str().unwrap());
        eventually("the erasure", async || {
            (tenant.api.get(&erasure).await.expect(200)["status"] == "done").then_some(())
        })
        .await;
        let path = format!("/backtests/{}", done["id"].as_str().unwrap());
        let left = tenant.api.get(&path).await.expect(200);
        assert!(!left.to_string().contains(gone), "{left}");
        let again = compare(&tenant, json!({"installation": "red-packet", "config": config})).await;
        assert_eq!((&again["difference"]["decisions"], &again["difference"]["missing"]), (&json!(116), &json!(4)));
        host.stop().await;
    });
}

#[test]
fn ca_5_what_cannot_be_compared_is_refused() {
    on_both(|place| async move {
        let (host, sink) = (Host::start(&place).await, Sink::start().await);
        let tenant = decided(&host, &sink).await;
        let now = now_millis();
        for (wish, status, sort) in [
            (json!({"installation": "nothing"}), 404, "not-found"),
            (json!({"installation": "red-packet", "version": "9.9.9"}), 404, "not-found"),
            (json!({"installation": "webhook"}), 400, "invalid"),
            (json!({"installation": "red-packet", "config": {"min": "much"}}), 400, "invalid"),
            (json!({"installation": "red-packet", "from": now, "to": now - 1}), 400, "invalid"),
            (json!({"installation": "red-packet", "from": now + 1_000_000}), 400, "invalid"),
            (json!({"installation": "red-packet", "surprise": 1}), 400, "invalid"),
        ] {
            tenant.api.post("/backtests", &wish).await.problem(status, sort);
        }
        let done = compare(&tenant, json!({"installation": "red-packet"})).await;
        let path = format!("/backtests/{}", done["id"].as_str().unwrap());
        tenant.api.post(&format!("{path}/stop"), &json!({})).await.problem(409, "conflict");
        // Three that somebody works on: no more are taken until one is stopped.
        let database = Database::of(&place).await;
        let tie =
            |until: i64| format!("update backtests set status = 'running', ended_at = null, lease_until = {until}");
        for _ in 0..2 {
            compare(&tenant, json!({"installation": "red-packet"})).await;
        }
        database.execute(&tie(i64::MAX)).await;
        let problem =
            tenant.api.post("/backtests", &json!({"installation": "red-packet"})).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("3 backtests are open"), "{problem}");
        let stopped = tenant.api.post(&format!("{path}/stop"), &json!({})).await.expect(200);
        assert_eq!((&stopped["status"], stopped["ended_at"].is_i64()), (&json!("stopped"), true));
        compare(&tenant, json!({"installation": "red-packet"})).await;
        // Whoever worked on them is gone: they are done by whoever comes next, but for the one that was stopped.
        database.execute(&format!("{} where status = 'running'", tie(0))).await;
        database.close().await;
        tenant.wait_for("/backtests", 3, |backtest| backtest["status"] == "done").await;
        assert_eq!(tenant.api.get(&path).await.expect(200)["status"], "stopped");
        let other = host.tenant("other").await;
        other.api.get(&path).await.problem(404, "not-found");
        other.api.post(&format!("{path}/stop"), &json!({})).await.problem(404, "not-found");
        assert_eq!((other.list("/backtests").await.len(), tenant.list("/backtests").await.len()), (0, 4));
        let bad = run(&place, ["plugin", "backtest", "acme", "webhook"]).await;
        let said = String::from_utf8_lossy(&bad.stderr).into_owned();
        assert!(!bad.status.success() && said.contains("only campaigns decide"), "{said}");
        host.stop().await;
    });
}

/// A tenant of whose people each has bought once: the first for 10, the second for 20, the last for 300.
async fn scored(host: &Host) -> Tenant {
    let tenant = host.tenant("acme").await;
    tenant.install("social-value", json!({})).await;
    let order = |n: i64| {
        json!({
            "type": "track", "event": "Order Completed", "userId": format!("person-{n}"),
            "messageId": format!("order-{n}"), "properties": {"order_id": n.to_string(), "total": (n + 1) * 10},
        })
    };
    tenant.batch(&(0..PEOPLE).map(order).collect::<Vec<_>>()).await;
    let all = usize::try_from(PEOPLE).expect("few");
    tenant.wait_for("/people", all, |person| person["scores"].as_array().is_some_and(|scores| scores.len() == 2)).await;
    tenant
}

/// Twice as much for what people spend.
fn doubled() -> Value {
    json!({"installation": "social-value", "config": {"revenue_weight": 2.0}})
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let close = value.as_f64().is_some_and(|value| (value - expected).abs() < 1e-6);
    assert!(close, "{value} is not {expected}");
}

#[test]
fn ca_5_another_configuration_of_a_scorer_moves_scores_and_nobody_sees_it() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = scored(&host).await;
        let before = tenant.list("/people").await;
        let done = compare(&tenant, doubled()).await;
        assert_eq!(
            (&done["status"], &done["kind"], &done["progress"]),
            (&json!("done"), &json!("scorer"), &json!(1.0))
        );
        assert_eq!((&done["against"]["version"], &done["against"]["people"]), (&json!("0.1.0"), &json!(100_000)));
        let shift = &done["difference"]["shift"];
        assert_eq!((&shift["people"], &shift["changed"]), (&json!(PEOPLE), &json!(PEOPLE)), "{done}");
        assert_eq!(shift["failed"], json!({"before": 0, "after": 0}));
        assert!(shift["fuel"]["before"].as_u64() > Some(0) && shift["fuel"]["after"].as_u64() > Some(0), "{shift}");

        // What was spent, 10 to 300, and 1 for having taken part once; then twice as much and 1.
        let value = &shift["scores"][0];
        assert_eq!(
            (&value["name"], &value["both"], &value["changed"]),
            (&json!("social-value"), &json!(30), &json!(30))
        );
        assert_eq!((&value["kept"], &value["stale"]), (&json!(30), &json!(0)));
        for (spread, numbers) in [
            (&value["spread"]["before"], [11.0, 156.0, 151.0, 271.0, 301.0]),
            (&value["spread"]["after"], [21.0, 311.0, 301.0, 541.0, 601.0]),
            (&value["moves"], [10.0, 155.0, 150.0, 270.0, 300.0]),
        ] {
            for (name, number) in ["min", "mean", "median", "p90", "max"].into_iter().zip(numbers) {
                near(&spread[name], number);
            }
        }
        near(&value["mean_move"], 155.0);
        near(&value["rank_correlation"], 1.0);
        assert_eq!(value["other_fifth"], 0);
        for side in ["before", "after"] {
            let people: u64 = value["bins"][side].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
            assert_eq!(people, 30, "{value}");
        }
        let movers = value["movers"].as_array().unwrap();
        assert_eq!(movers.len(), 20);
        let last = tenant.find("user:person-29").await.unwrap();
        assert_eq!(movers[0]["person"], last["id"]);
        let revenue = &movers[0]["terms"][0];
        assert_eq!(revenue["name"], "revenue");
        near(&revenue["value"]["before"], 300.0);
        near(&revenue["value"]["after"], 600.0);
        let rfm = &shift["scores"][1];
        assert_eq!((&rfm["name"], &rfm["changed"], &rfm["movers"]), (&json!("rfm"), &json!(0), &json!([])));
        assert_eq!(tenant.list("/people").await, before, "no score was kept");

        let file = place.data_dir().join("doubled.json");
        std::fs::write(&file, doubled()["config"].to_string()).unwrap();
        let same = told(&place, &["social-value", "--settings", file.to_str().unwrap()]).await;
        assert_eq!(same["shift"]["scores"], shift["scores"]);
        let words =
            run_well(&place, ["plugin", "backtest", "acme", "social-value", "--settings", file.to_str().unwrap()])
                .await;
        assert!(words.contains("30 people compared, of 30 a score is another."), "{words}");
        assert!(words.contains("social-value: of 30 people 30 get another"), "{words}");

        let sample = compare(&tenant, json!({"installation": "social-value", "people": 10})).await;
        let shift = &sample["difference"]["shift"];
        assert_eq!(
            (&shift["people"], &shift["changed"], &shift["scores"][0]["both"]),
            (&json!(10), &json!(0), &json!(10))
        );
        near(&shift["part"], 1.0 / 3.0);

        // Nothing is left of somebody who is forgotten.
        let gone = last["id"].as_str().unwrap();
        let farewell = json!({"reason": "asked", "confirm": gone});
        let erasure = tenant.api.post(&format!("/people/{gone}/erase"), &farewell).await.expect(202);
        let erasure = format!("/erasures/{}", erasure["id"].as_str().unwrap());
        eventually("the erasure", async || {
            (tenant.api.get(&erasure).await.expect(200)["status"] == "done").then_some(())
        })
        .await;
        let path = format!("/backtests/{}", done["id"].as_str().unwrap());
        let left = tenant.api.get(&path).await.expect(200);
        assert!(!left.to_string().contains(gone), "{left}");
        assert_eq!(left["difference"]["shift"]["scores"][0]["movers"].as_array().unwrap().len(), 19);
        let again = compare(&tenant, doubled()).await;
        assert_eq!(again["difference"]["shift"]["people"], 29);
        host.stop().await;
    });
}

#[test]
fn ca_5_a_backtest_of_a_scorer_sees_what_is_granted_now() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = scored(&host).await;
        let last = tenant.find("user:person-29").await.unwrap();
        let path = format!("/people/{}/scores", last["id"].as_str().unwrap());
        let explained = tenant.list(&path).await.remove(0);
        assert_eq!((&explained["installation"], &explained["version"]), (&json!("social-value"), &json!("0.1.0")));
        let score = &explained["scores"][0];
        assert_eq!(score["name"], "social-value");
        near(&score["kept"]["value"], 301.0);
        near(&score["now"]["value"], 301.0);
        near(&score["now"]["terms"][0]["value"], 300.0);
        let input = |explained: &Value, name: &str| {
            let inputs = explained["inputs"].as_array().unwrap();
            inputs.iter().find(|input| input["name"] == name).unwrap().clone()
        };
        assert_eq!(input(&explained, "revenue")["value"], 30_000);
        assert_eq!(input(&explained, "followers")["unseen"], "unknown");

        let fields = ["order-count", "event-count", "first-seen", "last-seen", "last-order-at", "followers"];
        let grants =
            json!({"events": ["Order Completed"], "fields": fields, "operations": [], "egress": [], "secrets": []});
        let wish = json!({"version": "0.1.0", "mode": "live", "grants": grants});
        tenant.api.put("/installations/social-value", &wish).await.expect(200);
        let done = compare(&tenant, doubled()).await;
        let found = &done["difference"];
        assert_eq!(found["unseen"], json!(["fields: revenue"]));
        let value = &found["shift"]["scores"][0];
        assert_eq!((&found["shift"]["changed"], &value["kept"], &value["stale"]), (&json!(0), &json!(30), &json!(30)));
        near(&value["spread"]["after"]["max"], 1.0);
        let explained = tenant.list(&path).await.remove(0);
        assert_eq!(input(&explained, "revenue")["unseen"], "not-granted");
        near(&explained["scores"][0]["kept"]["value"], 301.0);
        near(&explained["scores"][0]["now"]["value"], 1.0);
        host.stop().await;
    });
}

#[test]
fn ca_5_a_backtest_of_a_scorer_survives_a_kill_is_stopped_and_stays_with_its_tenant() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = scored(&host).await;
        let asked = tenant.api.post("/backtests", &doubled()).await.expect(202);
        host.kill().await;
        // However far it was: whoever worked on it is gone, and has found nothing.
        let database = Database::of(&place).await;
        let tie = |until: i64| {
            format!(
                "update backtests set status = 'running', ended_at = null, difference = '{{}}', lease_until = {until}"
            )
        };
        database.execute(&tie(0)).await;
        let host = Host::start(&place).await;
        let tenant = tenant.on(&host);
        let path = format!("/backtests/{}", asked["id"].as_str().unwrap());
        let done = eventually(&path, async || {
            let now = tenant.api.get(&path).await.expect(200);
            (now["status"] == "done").then_some(now)
        })
        .await;
        assert_eq!(done["difference"]["shift"]["people"], PEOPLE);
        assert_eq!(done["difference"]["shift"]["scores"][0]["changed"], PEOPLE);

        database.execute(&tie(i64::MAX)).await;
        database.close().await;
        let stopped = tenant.api.post(&format!("{path}/stop"), &json!({})).await.expect(200);
        assert_eq!((&stopped["status"], &stopped["kind"]), (&json!("stopped"), &json!("scorer")));
        let other = host.tenant("other").await;
        other.api.get(&path).await.problem(404, "not-found");
        other.api.post("/backtests", &doubled()).await.problem(404, "not-found");
        other.install("social-value", json!({})).await;
        let theirs = compare(&other, doubled()).await;
        assert_eq!(theirs["difference"]["shift"]["people"], 0);
        for wish in [
            json!({"installation": "social-value", "from": 1}),
            json!({"installation": "social-value", "people": 0}),
            json!({"installation": "social-value", "people": 100_001}),
            json!({"installation": "social-value", "kind": "campaign"}),
            json!({"installation": "social-value", "kind": "nonsense"}),
            json!({"installation": "social-value", "config": {"revenue_weight": "much"}}),
        ] {
            tenant.api.post("/backtests", &wish).await.problem(400, "invalid");
        }
        host.stop().await;
    });
}
