//! PL-7: what plugins cost is counted, and tenants are held to what they may have.

use guanxi_e2e::host::run_well;
use guanxi_e2e::{Host, Tenant, environment, eventually, on_both};
use serde_json::{Value, json};

const PEOPLE: usize = 20;

fn newcomers(round: &str) -> Vec<Value> {
    (0..PEOPLE).map(|n| json!({"type": "identify", "userId": format!("{round}-{n}"), "traits": {}})).collect()
}

/// What an installation cost so far, once so many people were looked at.
async fn cost(tenant: &Tenant, name: &str, items: usize) -> Value {
    eventually("everything is counted", async || {
        let usage = tenant.api.get("/usage?days=2").await.expect(200);
        let all = usage["installations"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name && one["items"].as_u64() >= Some(items as u64))
    })
    .await
}

/// Outcome and first reason of the latest decision about somebody.
async fn decided(tenant: &Tenant, user: &str) -> (String, String) {
    let person = tenant.person(&format!("user:{user}"), |_| true).await["id"].clone();
    let decision = tenant.wait_for("/decisions", 1, |decision| decision["person"] == person).await.remove(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&decision["outcome"]), text(&decision["reasons"][0]))
}

#[test]
fn pl_7_what_plugins_cost_is_counted_and_a_tenant_gets_no_more_than_its_fuel() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (acme, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        for tenant in [&acme, &rival] {
            tenant.install("sandbox", json!({})).await;
            tenant.install("welcome", json!({})).await;
        }
        acme.batch(&newcomers("first")).await;
        let welcome = cost(&acme, "welcome", PEOPLE).await;
        assert_eq!((&welcome["items"], &welcome["crashes"]), (&json!(PEOPLE), &json!(0)));
        assert!(welcome["calls"].as_u64() >= Some(1) && welcome["microseconds"].as_u64() > Some(0), "{welcome}");
        assert_eq!(
            cost(&acme, "sandbox", PEOPLE).await["calls"],
            json!(PEOPLE),
            "a connector is called for each message"
        );
        let shares = acme.list("/decisions").await.iter().filter_map(|decision| decision["fuel"].as_u64()).sum::<u64>();
        let fuel = welcome["fuel"].as_u64().unwrap();
        assert!(shares > 0 && fuel >= shares && fuel < shares + 1_000, "{fuel} and in receipts {shares}");
        let usage = acme.api.get("/usage").await.expect(200);
        let sum = usage["installations"].as_array().unwrap().iter().filter_map(|one| one["fuel"].as_u64()).sum::<u64>();
        assert_eq!((&usage["fuel_today"], &usage["days"][0]["fuel"]), (&json!(sum), &json!(sum)));
        assert_eq!(usage["quota"], json!({"fuel_per_day": null, "weight": 1}));
        let all = host.operator().get("/api/v1/usage").await.expect(200);
        assert_eq!((&all["items"][0]["tenant"], &all["items"][0]["fuel"]), (&json!("acme"), &json!(sum)));

        assert_eq!(
            usage["works"].as_array().unwrap().iter().map(|one| &one["work"]).collect::<Vec<_>>(),
            ["pipeline", "delivery"]
        );

        // Operators say how much; nobody else.
        let quota = "/api/v1/tenants/acme/quota";
        acme.api.put("/quota", &json!({"weight": 100})).await.problem(403, "forbidden");
        for (wish, told) in [
            (json!({"weight": 0}), "from 1 to 100"),
            (json!({"weight": 101}), "from 1 to 100"),
            (json!({"fuel_per_day": u64::MAX}), "fuel_per_day"),
            (json!({"fuel_per_day": -1}), "fuel_per_day"),
            (json!({"fuel": 1}), "fuel"),
        ] {
            let problem = host.operator().put(quota, &wish).await.problem(400, "invalid").to_string();
            assert!(problem.contains(told), "{wish}: {problem}");
        }
        for days in ["0", "91", "x"] {
            acme.api.get(&format!("/usage?days={days}")).await.problem(400, "invalid");
        }

        // It is used up: everybody is told, and nobody else pays for it.
        host.operator().put(quota, &json!({"fuel_per_day": 1, "weight": 3})).await.expect(200);
        acme.call("identify", &json!({"userId": "late"})).await.expect(202);
        let refused = ("failed".to_owned(), "the tenant's fuel of today is used up".to_owned());
        assert_eq!(decided(&acme, "late").await, refused);
        rival.call("identify", &json!({"userId": "other"})).await.expect(202);
        assert_eq!(decided(&rival, "other").await.0, "acted");
        let said = run_well(&place, ["tenant", "usage", "acme"]).await;
        assert!(said.contains(&format!("welcome\t{}\t{PEOPLE}\t0\t{fuel}\t", welcome["calls"])), "{said}");
        assert!(run_well(&place, ["tenant", "quota", "acme"]).await.contains("fuel a day: 1; weight: 3"));
        host.stop().await;

        // After a restart as well, until there is more of it.
        let host = Host::start(&place).await;
        let key = host.stranger().with_token(acme.write_key());
        let identify = async |user: &str| {
            key.post("/v1/identify", &json!({"userId": user})).await.expect(202);
            let operator = host.operator().below("/api/v1/tenants/acme");
            let reasons = eventually("a decision", async || {
                let found = operator.get(&format!("/people?identity=user:{user}")).await.expect(200);
                let person = found["items"][0]["id"].as_str()?.to_owned();
                let decisions = operator.get(&format!("/decisions?person={person}")).await.expect(200);
                decisions["items"][0]["outcome"].as_str().map(str::to_owned)
            });
            reasons.await
        };
        assert_eq!(identify("restarted").await, "failed");
        assert!(run_well(&place, ["tenant", "quota", "acme", "--unlimited"]).await.contains("not limited; weight: 3"));
        // Another process said so, which takes up to a second.
        let mut tries = 0;
        eventually("there is fuel", async || {
            tries += 1;
            (identify(&format!("again-{tries}")).await == "acted").then_some(())
        })
        .await;
        host.stop().await;
    });
}

/// What became of a backtest of `welcome`.
async fn backtested(tenant: &Tenant) -> Value {
    let asked = tenant.api.post("/backtests", &json!({"installation": "welcome"})).await.expect(202);
    let path = format!("/backtests/{}", asked["id"].as_str().expect("an id"));
    eventually(&path, async || {
        let now = tenant.api.get(&path).await.expect(200);
        (!now["ended_at"].is_null()).then_some(now)
    })
    .await
}

#[test]
fn pl_7_backtests_and_replays_are_counted_and_stop_at_the_quota_while_real_work_goes_on() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        acme.install("sandbox", json!({})).await;
        acme.install("welcome", json!({})).await;
        acme.batch(&newcomers("first")).await;
        cost(&acme, "welcome", PEOPLE).await;
        cost(&acme, "sandbox", PEOPLE).await;
        let before = acme.api.get("/usage").await.expect(200);
        assert_eq!(before["trial_fuel_today"], 0, "{before}");

        assert_eq!(backtested(&acme).await["status"], "done");
        let decision = acme.list("/decisions").await.remove(0);
        let replay = format!("/decisions/{}/replay", decision["id"].as_str().unwrap());
        acme.api.post(&replay, &json!({})).await.expect(200);
        let usage = acme.api.get("/usage").await.expect(200);
        let works = usage["works"].as_array().unwrap();
        let names: Vec<&Value> = works.iter().map(|one| &one["work"]).collect();
        assert_eq!(names, ["pipeline", "delivery", "backtest", "replay"], "{usage}");
        assert_eq!(works[2]["items"], PEOPLE, "{usage}");
        assert!(works.iter().all(|one| one["fuel"].as_u64() > Some(0) && one["microseconds"].as_u64() > Some(0)));
        let fuel = |value: &Value| value.as_u64().unwrap();
        let (all, trials) = (fuel(&usage["fuel_today"]), fuel(&usage["trial_fuel_today"]));
        assert_eq!(trials, fuel(&works[2]["fuel"]) + fuel(&works[3]["fuel"]));
        assert_eq!(all, fuel(&before["fuel_today"]) + trials, "{usage}");
        let said = run_well(&place, ["tenant", "usage", "acme"]).await;
        assert!(said.contains(&format!("backtest {}, replay ", works[2]["fuel"])), "{said}");

        // Everything together has burnt what there is, real work has not.
        let quota = json!({"fuel_per_day": all, "weight": 1});
        host.operator().put("/api/v1/tenants/acme/quota", &quota).await.expect(200);
        let stopped = backtested(&acme).await;
        assert_eq!(stopped["status"], "failed", "{stopped}");
        let told = "the tenant's fuel of today is used up; go on tomorrow (UTC), or let an operator raise the quota";
        assert!(stopped["error"].as_str().unwrap().contains(told), "{stopped}");
        let problem = acme.api.post(&replay, &json!({})).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
        acme.call("identify", &json!({"userId": "late"})).await.expect(202);
        assert_eq!(decided(&acme, "late").await.0, "acted");
        acme.wait_for("/messages", PEOPLE + 1, |message| message["status"] == "sent").await;
        host.stop().await;

        // Nor after a restart, when what was burnt is read again.
        let host = Host::start(&place).await;
        let acme = acme.on(&host);
        acme.call("identify", &json!({"userId": "later"})).await.expect(202);
        assert_eq!(decided(&acme, "later").await.0, "acted");
        host.stop().await;
    });
}

#[test]
fn pl_7_a_tenant_that_computes_does_not_keep_others_waiting() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let quiet = host.tenant("quiet").await;
        quiet.install("sandbox", json!({})).await;
        quiet.install("welcome", json!({})).await;
        let busy = host.tenant("busy").await;
        busy.install_component("hard-worker", environment::guest("hard-worker"), json!({}), json!({})).await;
        for round in 0..12 {
            let message =
                |n: usize| json!({"type": "track", "event": "Seen", "userId": format!("{}", (round * 500 + n) % 50)});
            busy.batch(&(0..500).map(message).collect::<Vec<_>>()).await;
        }
        quiet.call("identify", &json!({"userId": "ada"})).await.expect(202);
        quiet.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        // Whoever came later and has little to do was first.
        let done = busy.api.get("/usage").await.expect(200)["installations"][0]["items"].as_u64().unwrap_or_default();
        assert!(done < 6_000, "the busy tenant was through with all its work");
        let all = cost(&busy, "hard-worker", 6_000).await;
        assert_eq!((&all["items"], &all["crashes"]), (&json!(6_000), &json!(0)));
        host.stop().await;
    });
}
