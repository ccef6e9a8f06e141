//! Receipts are enough to execute a decision again.

use std::collections::BTreeSet;

use guanxi_e2e::environment::{example, guest};
use guanxi_e2e::host::{run, run_well};
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Answer, Client, Host, Place, Tenant, on_both};
use serde_json::{Value, json};

use crate::grants::repacked;

/// Each person has one of these.
const PEOPLE: i64 = 40;
/// Of each round of load.
const NEWCOMERS: usize = 50;
const ROUNDS: usize = 12;

fn order(person: i64) -> Value {
    json!({
        "type": "track", "event": "Order Completed", "userId": format!("person-{person}"),
        "messageId": format!("order-{person}"),
        "properties": {"order_id": format!("{person}"), "total": 10.1 + person as f64 / 3.0},
    })
}

async fn replay(api: &Client, decision: &Value) -> Answer {
    api.post(&format!("/decisions/{}/replay", decision["id"].as_str().expect("an id")), &json!({})).await
}

/// Decisions about the orders of everybody, in one batch and so in calls for many.
async fn decided(tenant: &Tenant, installation: &str) -> Vec<Value> {
    tenant.batch(&(0..PEOPLE).map(order).collect::<Vec<_>>()).await;
    let count = usize::try_from(PEOPLE).expect("few");
    tenant.wait_for("/decisions", count, |decision| decision["installation"] == installation).await
}

async fn told(place: &Place, tenant: &str, decision: &Value) -> (Option<i32>, String) {
    let id = decision["id"].as_str().expect("an id");
    let output = run(place, ["decision", "replay", tenant, id]).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn ca_7_a_decision_is_executed_again_to_the_byte_and_with_the_same_fuel() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("red-packet", json!({"budget": "spring", "min": 88, "max": 888, "order_min": 20})).await;
        tenant.install("win-back", json!({})).await;
        tenant.install_component("trap-mid-batch", guest("trap-mid-batch"), json!({}), json!({})).await;
        decided(&tenant, "red-packet").await;
        let boom = |n: i64| json!({"type": "track", "event": "boom", "userId": format!("person-{n}")});
        tenant.batch(&[order(100), boom(1), order(101), order(102)]).await;
        let failed = tenant.wait_for("/decisions", 1, |decision| decision["outcome"] == "failed").await.remove(0);
        // What decides now plays no part: the receipt names component and configuration.
        tenant.install("red-packet", json!({"budget": "autumn", "min": 1, "max": 2, "order_min": 1})).await;

        let decisions = tenant.list("/decisions").await;
        let mut largest = 0;
        for decision in &decisions {
            let again = replay(&tenant.api, decision).await.expect(200);
            assert_eq!(again["same"], true, "{decision}\n{again}");
            assert_eq!(again["answer"]["then"], again["answer"]["now"]);
            assert_eq!(again["fuel"]["then"], again["fuel"]["now"]);
            assert_eq!(again["digest"], decision["digest"]);
            match decision["outcome"].as_str() {
                Some("failed") => assert_eq!(again["failure"], decision["reasons"][0]),
                _ => assert_eq!(again["decision"]["reasons"], decision["reasons"]),
            }
            largest = largest.max(again["moments"].as_i64().unwrap());
        }
        assert!(largest > 1, "{largest}");
        assert!(failed["reasons"][0].as_str().unwrap().starts_with("the plugin crashed: panic"), "{failed}");
        assert_eq!(replay(&tenant.api, &failed).await.expect(200)["moments"], 1);
        assert_eq!(tenant.list("/decisions").await, decisions, "nothing was decided by that");

        let id = decisions[0]["id"].as_str().unwrap();
        let said = run_well(&place, ["decision", "replay", "acme", id]).await;
        assert!(said.contains("answer  the same\n") && said.contains("fuel    the same: "), "{said}");
        let other = host.tenant("other").await;
        replay(&other.api, &decisions[0]).await.problem(404, "not-found");

        // A receipt that somebody has changed does not agree with its plugin.
        let database = Database::of(&place).await;
        let zeros = if place.database_url().is_some() { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
        database.execute(&format!("update decisions set answer_hash = {zeros}")).await;
        assert_eq!(replay(&tenant.api, &decisions[0]).await.expect(200)["same"], false);
        let (code, said) = told(&place, "acme", &decisions[0]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("answer  DIFFERENT\nfuel    the same: "), "{said}");
        database.close().await;
        host.stop().await;
    });
}

#[test]
fn ca_7_what_cannot_be_executed_again_says_why() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("win-back", json!({})).await;
        let decisions = decided(&tenant, "win-back").await;
        let refused = async |decision: &Value, why: &str| {
            let problem = replay(&tenant.api, decision).await.problem(409, "conflict");
            let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
            assert!(detail.starts_with("the decision cannot be executed again: ") && detail.contains(why), "{detail}");
        };
        let mut shared = None;
        for decision in &decisions {
            if replay(&tenant.api, decision).await.expect(200)["moments"].as_i64() > Some(1) {
                shared = Some(decision);
                break;
            }
        }
        let shared = shared.expect("one call for many");
        let person = &shared["person"];
        let farewell = json!({"reason": "asked", "confirm": person});
        let erase = format!("/people/{}/erase", person.as_str().unwrap());
        let erasure = tenant.api.post(&erase, &farewell).await.expect(202);
        let place_of = format!("/erasures/{}", erasure["id"].as_str().unwrap());
        guanxi_e2e::eventually("the erasure", async || {
            let now = tenant.api.get(&place_of).await.expect(200);
            (now["status"] == "done").then_some(())
        })
        .await;
        refused(shared, "its input was erased with the person").await;
        let mut others = 0;
        for decision in decisions.iter().filter(|decision| decision["id"] != shared["id"]) {
            let answer = replay(&tenant.api, decision).await;
            if answer.status == 409 {
                refused(decision, "which was decided by the same call: its input was erased").await;
                others += 1;
            }
        }
        assert!(others > 0);

        let database = Database::of(&place).await;
        database.execute("update decisions set call_id = null").await;
        database.close().await;
        refused(shared, "no call of the plugin is kept with it").await;
        host.stop().await;

        let host = Host::start_with(&place, &[("GUANXI_RECEIPT_BYTES_MAX", "300")]).await;
        let tenant = tenant.on(&host);
        tenant.batch(&[order(500)]).await;
        let last = decisions.iter().filter_map(|decision| decision["position"].as_i64()).max();
        let is_new = |decision: &Value| decision["position"].as_i64() > last;
        let latest = tenant.wait_for("/decisions", 1, is_new).await.remove(0);
        let receipt = tenant.api.get(&format!("/decisions/{}", latest["id"].as_str().unwrap())).await.expect(200);
        assert!(receipt["input"]["left_out"].as_u64() > Some(300), "{receipt}");
        let problem = replay(&tenant.api, &latest).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("raise `receipt_bytes_max`"), "{problem}");
        host.stop().await;
    });
}

/// An upgrade and its way back in the middle of load: each decision is one version's, and can be executed again.
#[test]
fn pl_6_what_runs_is_changed_under_load_and_everybody_is_decided_about_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        let component = example("smallest-campaign");
        let text = |version: &str| {
            format!(
                "contract = \"0.1.0\"\nname = \"smallest-campaign\"\nversion = \"{version}\"\n\
                 title = {{ en = \"Hello\", zh = \"你好\" }}\nsummary = {{ en = \"Greets.\", zh = \"问好。\" }}\n\
                 [campaign]\nevents = [\"identify\"]\noperations = [\"send\"]\n"
            )
        };
        let mut digests = Vec::new();
        for version in ["0.1.0", "0.2.0"] {
            let plugin = tenant.upload(repacked(&place, &component, &text(version)).await).await;
            digests.push(plugin["digest"].clone());
        }
        let install = async |version: &str| {
            let wish =
                json!({"plugin": "smallest-campaign", "version": version, "mode": "live", "grants": "requested"});
            tenant.api.put("/installations/smallest-campaign", &wish).await.expect(200);
        };
        install("0.1.0").await;
        tenant.batch(&newcomers(0)).await;
        tenant.wait_for("/decisions", NEWCOMERS, |_| true).await;
        for round in 1..ROUNDS - 1 {
            let calls = newcomers(round);
            let version = if round % 2 == 0 { "0.1.0" } else { "0.2.0" };
            tokio::join!(tenant.batch(&calls), install(version));
        }
        install("0.2.0").await;
        tenant.batch(&newcomers(ROUNDS - 1)).await;
        let decisions = tenant.wait_for("/decisions", ROUNDS * NEWCOMERS, |_| true).await;
        let people: BTreeSet<&str> = decisions.iter().filter_map(|decision| decision["person"].as_str()).collect();
        assert_eq!((decisions.len(), people.len()), (ROUNDS * NEWCOMERS, ROUNDS * NEWCOMERS));
        for digest in &digests {
            let by = decisions.iter().find(|decision| decision["digest"] == *digest).expect("both decided");
            let path = format!("/decisions/{}/replay", by["id"].as_str().unwrap());
            assert_eq!(tenant.api.post(&path, &json!({})).await.expect(200)["same"], true);
        }
        assert!(decisions.iter().all(|decision| digests.contains(&decision["digest"])));
        assert_eq!(tenant.list("/dead-letters").await, Vec::<Value>::new());
        host.stop().await;
    });
}

fn newcomers(round: usize) -> Vec<Value> {
    (0..NEWCOMERS).map(|n| json!({"type": "identify", "userId": format!("new-{round}-{n}"), "traits": {}})).collect()
}
