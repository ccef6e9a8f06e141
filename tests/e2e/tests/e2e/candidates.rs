//! Another version or configuration beside what an installation runs: without effect, for some of the people, for all.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_e2e::environment::{guest, plugin};
use guanxi_e2e::host::{run, run_well};
use guanxi_e2e::{Host, Tenant, eventually, on_both};
use serde_json::{Value, json};

pub const PEOPLE: usize = 40;
pub const HERE: &str = "/installations/red-packet/candidate";

pub fn config(budget: &str, order_min: u32) -> Value {
    json!({"budget": budget, "min": 100, "max": 100, "order_min": order_min})
}

/// An order of everybody, of so much.
pub fn orders(round: usize, total: u32) -> Vec<Value> {
    let order = |person: usize| {
        json!({
            "type": "track", "event": "Order Completed", "userId": format!("person-{person}"),
            "messageId": format!("order-{round}-{person}"),
            "properties": {"order_id": format!("{round}-{person}"), "total": total},
        })
    };
    (0..PEOPLE).map(order).collect()
}

/// Receipts of all orders so far, those that took effect and the shadows.
async fn decided(tenant: &Tenant, effective: usize, shadows: usize) -> [Vec<Value>; 2] {
    eventually("all receipts", async || {
        let all = tenant.list("/decisions").await;
        let (shadow, own): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|decision| decision["shadow"] == true);
        (own.len() >= effective && shadow.len() >= shadows).then_some([own, shadow])
    })
    .await
}

/// The budget that a decision draws from.
fn budget(decision: &Value) -> &str {
    decision["operations"][0]["budget"].as_str().unwrap_or("none")
}

#[test]
fn ca_6_a_shadow_decides_about_everything_and_does_nothing() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("red-packet", config("spring", 15)).await;
        tenant.api.get(HERE).await.problem(404, "not-found");
        let wish = json!({"config": config("autumn", 25), "guard": {"divergence": 1}});
        let started = tenant.api.put(HERE, &wish).await.expect(200);
        assert_eq!((&started["percent"], &started["status"]), (&json!(0), &json!("running")));
        assert_eq!(started["guard"], json!({"crashes": 0.01, "fuel": 4.0, "divergence": 1.0}));
        tenant.batch(&orders(0, 20)).await;
        tenant.batch(&orders(1, 30)).await;
        let [own, shadows] = decided(&tenant, 2 * PEOPLE, 2 * PEOPLE).await;
        assert_eq!((own.len(), shadows.len()), (2 * PEOPLE, 2 * PEOPLE));
        assert!(own.iter().all(|decision| budget(decision) == "spring" && decision["outcome"] == "refused"));
        for shadow in &shadows {
            let asks = budget(shadow) == "autumn";
            assert_eq!(shadow["outcome"], if asks { "acted" } else { "skipped" });
            assert!(!asks || shadow["operations"][0]["outcome"] == "shadowed", "{shadow}");
            let replay = format!("/decisions/{}/replay", shadow["id"].as_str().unwrap());
            assert_eq!(tenant.api.post(&replay, &json!({})).await.expect(200)["same"], true);
        }
        // What the host refused tells the log, and of shadows there is nothing to tell.
        let refused = tenant.list("/events").await.into_iter().filter(|event| event["kind"] == "guanxi.refused");
        assert_eq!(refused.count(), 2 * PEOPLE);

        let now = tenant.api.get(HERE).await.expect(200);
        let seen = &now["evidence"];
        assert_eq!((&seen["decisions"], &seen["differ"], &seen["effective"]), (&json!(80), &json!(80), &json!(0)));
        assert_eq!(
            (&seen["before"]["money"], &seen["after"]["money"]),
            (&json!({"spring": 8_000}), &json!({"autumn": 4_000}))
        );
        assert_eq!(
            (&seen["after"]["acted"], &seen["after"]["skipped"], &seen["crashed"]),
            (&json!(40), &json!(40), &json!(0))
        );
        assert!(
            seen["fuel_p99"]["before"].as_u64() > Some(0) && seen["fuel_p99"]["after"].as_u64() > Some(0),
            "{seen}"
        );
        let differing: BTreeSet<&str> = now["differing"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let ids: BTreeSet<&str> = shadows.iter().filter_map(|shadow| shadow["id"].as_str()).collect();
        assert!(differing.len() == 20 && differing.is_subset(&ids), "{differing:?}");

        // A backtest looks at what was really decided.
        let asked = tenant.api.post("/backtests", &json!({"installation": "red-packet"})).await.expect(202);
        let done = tenant.wait_for("/backtests", 1, |one| one["id"] == asked["id"] && one["status"] == "done").await;
        assert_eq!((&done[0]["difference"]["decisions"], &done[0]["difference"]["differ"]), (&json!(80), &json!(0)));

        let stopped = tenant.api.post(&format!("{HERE}/stop"), &json!({})).await.expect(200);
        assert_eq!((&stopped["status"], &stopped["evidence"]), (&json!("stopped"), seen));
        tenant.api.post(&format!("{HERE}/stop"), &json!({})).await.problem(409, "conflict");
        tenant.batch(&orders(2, 30)).await;
        let [_, shadows] = decided(&tenant, 3 * PEOPLE, 2 * PEOPLE).await;
        assert_eq!(shadows.len(), 2 * PEOPLE);
        host.stop().await;
    });
}

#[test]
fn ca_6_a_canary_decides_for_the_same_people_until_it_is_promoted() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("red-packet", config("spring", 15)).await;
        let file = place.data_dir().join("autumn.json");
        std::fs::write(&file, config("autumn", 15).to_string()).unwrap();
        let start =
            ["candidate", "start", "acme", "red-packet", "--settings", file.to_str().unwrap(), "--divergence", "1"];
        let said = run_well(&place, [start.as_slice(), &["--percent", "50"]].concat()).await;
        assert!(said.contains("decides for 50 % of the people."), "{said}");
        // Another process asked, so it takes the host up to a second.
        let id = tenant.api.get(HERE).await.expect(200)["id"].clone();
        let mut sent = 0;
        eventually("the candidate decides", async || {
            tenant.batch(&orders(sent, 20)).await;
            sent += 1;
            let [_, shadows] = decided(&tenant, sent * PEOPLE, 0).await;
            (!shadows.is_empty()).then_some(())
        })
        .await;
        for round in sent..sent + 2 {
            tenant.batch(&orders(round, 20)).await;
        }
        let [own, shadows] = decided(&tenant, (sent + 2) * PEOPLE, 3 * PEOPLE).await;
        let first = shadows.iter().filter_map(|shadow| shadow["position"].as_i64()).min().unwrap();
        let mut budgets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for decision in own.iter().filter(|decision| decision["position"].as_i64() >= Some(first)) {
            budgets.entry(decision["person"].as_str().unwrap()).or_default().insert(budget(decision));
        }
        assert!(budgets.values().all(|budgets| budgets.len() == 1), "{budgets:?}");
        let chosen: BTreeSet<&str> =
            budgets.iter().filter(|(_, budgets)| budgets.contains("autumn")).map(|(person, _)| *person).collect();
        assert!((8..=32).contains(&chosen.len()), "{} of {PEOPLE} were chosen", chosen.len());
        for shadow in &shadows {
            let expected = if chosen.contains(shadow["person"].as_str().unwrap()) { "spring" } else { "autumn" };
            assert_eq!(budget(shadow), expected, "{shadow}");
        }

        // More of them, and what was seen stays.
        let wish = json!({"config": config("autumn", 15), "percent": 100, "guard": {"divergence": 1}});
        let more = tenant.api.put(HERE, &wish).await.expect(200);
        assert_eq!((&more["id"], &more["percent"]), (&id, &json!(100)));
        assert_eq!(more["evidence"]["effective"], 3 * chosen.len());
        tenant.batch(&orders(sent + 2, 20)).await;
        let [own, _] = decided(&tenant, (sent + 3) * PEOPLE, 4 * PEOPLE).await;
        assert!(own.iter().take(PEOPLE).all(|decision| budget(decision) == "autumn"), "the latest come first");

        let promoted = tenant.api.post(&format!("{HERE}/promote"), &json!({})).await.expect(200);
        assert_eq!((&promoted["config"]["budget"], &promoted["mode"]), (&json!("autumn"), &json!("live")));
        let now = tenant.api.get(HERE).await.expect(200);
        assert_eq!((&now["status"], &now["evidence"]["decisions"]), (&json!("promoted"), &json!(4 * PEOPLE)));
        tenant.batch(&orders(sent + 3, 20)).await;
        let [own, shadows] = decided(&tenant, (sent + 4) * PEOPLE, 4 * PEOPLE).await;
        assert_eq!(shadows.len(), 4 * PEOPLE);
        assert!(own.iter().take(PEOPLE).all(|decision| budget(decision) == "autumn"));
        let said = run_well(&place, ["candidate", "show", "acme", "red-packet"]).await;
        assert!(said.contains("was promoted.") && said.contains("money, autumn"), "{said}");
        host.stop().await;
    });
}

/// The package with other lines in its manifest, filled up to the length of those that were there.
fn relabelled(package: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let place = package.windows(from.len()).rposition(|window| window == from.as_bytes()).expect("in the manifest");
    let to = format!("{to:<width$}", width = from.len());
    [&package[..place], to.as_bytes(), &package[place + from.len()..]].concat()
}

/// A red packet by nobody whose name is taken.
pub fn parcel() -> Vec<u8> {
    relabelled(plugin("red-packet"), "name = \"red-packet\"", "name = \"red-parcel\"")
}

/// The next version of it, which never answers.
pub fn endless_parcel() -> Vec<u8> {
    let from = "name = \"endless-loop\"\nversion = \"0.1.0\"";
    relabelled(guest("endless-loop"), from, "name = \"red-parcel\"\nversion = \"0.2.0\"")
}

#[test]
fn ca_6_what_exceeds_its_guard_falls_back_at_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install_component("red-packet", parcel(), config("spring", 15), json!({})).await;
        tenant.upload(endless_parcel()).await;
        // For everybody, and it crashes each time.
        let wish = json!({"version": "0.2.0", "config": {}, "grants": "requested", "percent": 100});
        tenant.api.put(HERE, &wish).await.expect(200);
        tenant.batch(&orders(0, 20)).await;
        let [own, _] = decided(&tenant, PEOPLE, 0).await;
        assert!(own.iter().all(|decision| budget(decision) == "spring"), "what ran before decides instead");
        let now = tenant.api.get(HERE).await.expect(200);
        assert_eq!((&now["status"], &now["evidence"]["crashed"]), (&json!("fell-back"), &json!(3)), "{now}");
        assert_eq!(now["reason"], "crashed on 3 of the latest 3 moments");
        assert!(now["ended_at"].is_i64() && now["evidence"]["effective"] == 0, "{now}");
        let told = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.candidate").await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            (&told[0]["properties"]["reason"], &told[0]["properties"]["version"]),
            (&now["reason"], &json!("0.2.0"))
        );
        let health = tenant.api.get("/installations/red-packet").await.expect(200)["health"].clone();
        assert_eq!(health["crashes"], 0, "the installation is well");

        // Whoever raises the percentage does not bring it back by that.
        let problem = tenant.api.put(HERE, &wish).await.problem(409, "conflict").to_string();
        assert!(problem.contains("crashed on 3 of the latest 3 moments"), "{problem}");

        // It asks for something else about everybody, which nobody expected.
        tenant.api.put(HERE, &json!({"config": config("autumn", 15)})).await.expect(200);
        let before = tenant.list("/decisions").await.len();
        for round in 1..=3 {
            tenant.batch(&orders(round, 20)).await;
        }
        let [_, shadows] = decided(&tenant, 4 * PEOPLE, 0).await;
        let now = tenant.api.get(HERE).await.expect(200);
        assert_eq!(now["status"], "fell-back", "{now}");
        assert_eq!(now["reason"], "asks for something else in 100 of the latest 100 decisions");
        assert!(!shadows.is_empty() && tenant.list("/decisions").await.len() > before + 3 * PEOPLE);
        tenant.api.post(&format!("{HERE}/promote"), &json!({})).await.problem(409, "conflict");
        let meant = json!({"config": config("autumn", 15), "again": true});
        let again = tenant.api.put(HERE, &meant).await.expect(200);
        assert_eq!((&again["status"], &again["evidence"]["decisions"]), (&json!("running"), &json!(0)));
        host.stop().await;
    });
}

#[test]
fn ca_6_what_cannot_be_tried_is_refused_and_changes_nothing() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("red-packet", config("spring", 15)).await;
        tenant.install("social-value", json!({})).await;
        let other = config("autumn", 15);
        for (wish, status, told) in [
            (json!({"config": other, "percent": 101}), 400, "from 0 (nobody) to 100"),
            (json!({"config": other, "percent": -1}), 400, ""),
            (json!({"config": other, "guard": {"crashes": 2}}), 400, "guard/crashes"),
            (json!({"config": other, "guard": {"fuel": 0}}), 400, "guard/fuel"),
            (json!({"config": {"min": "much"}}), 400, "config"),
            (json!({"version": "9.9.9"}), 404, ""),
            (json!({}), 400, "this is what the installation runs"),
            (
                json!({"config": other, "grants": {"fields": ["email"], "operations": [], "egress": [], "secrets": []}}),
                400,
                "grants",
            ),
            (json!({"config": other, "surprise": 1}), 400, "surprise"),
        ] {
            let sort = if status == 404 { "not-found" } else { "invalid" };
            let problem = tenant.api.put(HERE, &wish).await.problem(status, sort).to_string();
            assert!(problem.contains(told), "{wish}: {problem}");
        }
        let scorer = tenant.api.put("/installations/social-value/candidate", &json!({})).await.problem(400, "invalid");
        assert!(scorer.to_string().contains("only campaigns can be tried"), "{scorer}");
        tenant.api.get(HERE).await.problem(404, "not-found");
        tenant.api.post(&format!("{HERE}/stop"), &json!({})).await.problem(404, "not-found");

        // One that is off has nothing to be compared with; what it runs may be tried itself, and begins anew beside another.
        let off = json!({"plugin": "red-packet", "version": "0.1.0", "mode": "off", "config": config("spring", 15), "grants": "requested"});
        tenant.api.put("/installations/red-packet", &off).await.expect(200);
        let alone = tenant.api.put(HERE, &json!({})).await.expect(200);
        tenant.batch(&orders(0, 20)).await;
        let [own, shadows] = decided(&tenant, 0, PEOPLE).await;
        assert_eq!((own.len(), shadows.len()), (0, PEOPLE));
        let seen = tenant.api.get(HERE).await.expect(200);
        assert_eq!((&seen["evidence"]["differ"], &seen["evidence"]["decisions"]), (&json!(0), &json!(PEOPLE)));
        tenant.install("red-packet", other).await;
        let anew = tenant.api.get(HERE).await.expect(200);
        assert_eq!((&anew["evidence"]["decisions"], &anew["status"]), (&json!(0), &json!("running")));
        assert_ne!(anew["id"], alone["id"]);
        // Installed as it is, it is promoted.
        tenant.install("red-packet", config("spring", 15)).await;
        assert_eq!(tenant.api.get(HERE).await.expect(200)["status"], "promoted");
        let bad = run(&place, ["candidate", "stop", "acme", "red-packet"]).await;
        let said = String::from_utf8_lossy(&bad.stderr).into_owned();
        assert!(!bad.status.success() && said.contains("has ended already"), "{said}");
        host.stop().await;
    });
}
