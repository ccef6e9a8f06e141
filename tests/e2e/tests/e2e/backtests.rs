//! What another version or configuration would have decided.

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
