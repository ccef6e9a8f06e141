//! PL-6: what plugins log is found by installation and in the receipts of its call, whatever the plugin was asked.

use std::collections::BTreeMap;

use guanxi_e2e::environment::guest;
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Tenant, on_both};
use serde_json::{Value, json};

const PEOPLE: usize = 20;
const LOGS: &str = "/installations/talk/logs";

async fn receipt(tenant: &Tenant, id: &Value) -> Value {
    tenant.api.get(&format!("/decisions/{}", id.as_str().expect("an id"))).await.expect(200)
}

/// Lines by the call that they are of, each in the order in which the plugin wrote them, as receipts show them.
fn by_call(lines: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut calls: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines.iter().rev() {
        let call = line["call"].as_str().expect("a call").to_owned();
        calls.entry(call).or_default().push(json!({"level": line["level"], "line": line["line"]}));
    }
    calls
}

#[test]
fn pl_6_lines_of_a_call_for_many_are_kept_once_and_stand_in_the_receipt_of_each() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        let installed = tenant.install_component("talk", guest("talkative"), json!({}), json!({})).await;
        let visit = |n: usize| json!({"type": "track", "event": "visit", "userId": format!("user-{n}"), "properties": {"n": n}});
        tenant.batch(&(0..PEOPLE).map(visit).collect::<Vec<_>>()).await;
        let decisions = tenant.wait_for("/decisions", PEOPLE, |_| true).await;
        let lines = tenant.list(LOGS).await;
        let decided: Vec<Value> = lines.iter().filter(|line| line["asked"] == "decide").cloned().collect();
        let calls = by_call(&decided);
        assert_eq!(decided.len(), PEOPLE + calls.len(), "a line for each moment and one for each call: {decided:?}");
        for decision in &decisions {
            let receipt = receipt(&tenant, &decision["id"]).await;
            let log = receipt["log"].as_array().expect("lines");
            assert!(calls.values().any(|lines| lines == log), "{receipt}");
            let again = format!("/decisions/{}/replay", decision["id"].as_str().unwrap());
            assert_eq!(tenant.api.post(&again, &json!({})).await.expect(200)["log"], receipt["log"]);
        }
        for line in &decided {
            assert_eq!((&line["digest"], &line["message"]), (&installed["digest"], &Value::Null), "{line}");
            assert!(decisions.iter().any(|decision| decision["id"] == line["decision"]), "{line}");
            assert!(decisions.iter().any(|decision| decision["at"] == line["at"]), "{line}");
        }
        let scored: Vec<&Value> = lines.iter().filter(|line| line["asked"] == "score").collect();
        assert!(!scored.is_empty() && scored.iter().all(|line| line["decision"].is_null()), "{scored:?}");
        assert!(scored[0]["line"].as_str().unwrap().contains(" people: "), "{scored:?}");

        // Page by page, from a level on, and nobody else's.
        assert_eq!(tenant.api.all(LOGS, 3).await, lines);
        let infos = tenant.list(&format!("{LOGS}?level=info")).await;
        assert_eq!(infos.len(), PEOPLE, "{infos:?}");
        assert_eq!(tenant.list(&format!("{LOGS}?level=crash")).await, Vec::<Value>::new());
        for bad in ["?level=loud", "?cursor=x", "?lines=3"] {
            tenant.api.get(&format!("{LOGS}{bad}")).await.problem(400, "invalid");
        }
        rival.api.get(LOGS).await.problem(404, "not-found");
        tenant.api.get("/installations/other/logs").await.problem(404, "not-found");

        // A receipt from before lines were kept apart has its own.
        let database = Database::of(&place).await;
        database.execute("update decisions set log = '[{\"level\":\"warn\",\"line\":\"from before\"}]'").await;
        database.close().await;
        let old = receipt(&tenant, &decisions[0]["id"]).await;
        assert_eq!(old["log"], json!([{"level": "warn", "line": "from before"}]));
        host.stop().await;
    });
}

#[test]
fn pl_6_crashes_and_deliveries_stand_in_the_log() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install_component("talk", guest("talkative"), json!({}), json!({})).await;
        let event = async |kind: &str| {
            tenant.call("track", &json!({"userId": "ada", "event": kind, "properties": {}})).await.expect(202);
        };
        event("boom").await;
        let failed = tenant.wait_for("/decisions", 1, |decision| decision["outcome"] == "failed").await.remove(0);
        let crash = tenant.list(&format!("{LOGS}?level=crash")).await.remove(0);
        assert_eq!((&crash["line"], &crash["decision"]), (&failed["reasons"][0], &failed["id"]), "{crash}");
        let log = receipt(&tenant, &failed["id"]).await["log"].clone();
        assert_eq!(log[1], json!({"level": "info", "line": "boom {}"}), "{log}");
        assert_eq!(log[2], json!({"level": "crash", "line": crash["line"]}), "{log}");

        event("talk").await;
        let sent = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await.remove(0);
        let warned = tenant.list(&format!("{LOGS}?level=warn")).await;
        let told = warned.iter().find(|line| line["asked"] == "deliver").expect("a line");
        assert_eq!(told["line"], format!("delivering to {}", sent["address"].as_str().unwrap()));
        assert_eq!((&told["message"], &told["decision"]), (&sent["id"], &Value::Null), "{told}");

        event("mumble").await;
        let crashed = |line: &Value| line["asked"] == "deliver" && line["level"] == "crash";
        let crash = tenant.wait_for(LOGS, 1, crashed).await.remove(0);
        assert!(crash["line"].as_str().unwrap().starts_with("the plugin crashed: panic in `send`"), "{crash}");
        assert_ne!(crash["message"], sent["id"]);
        host.stop().await;
    });
}
