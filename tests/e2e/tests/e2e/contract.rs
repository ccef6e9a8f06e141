//! PL-1: a host goes on speaking what was released of the contract, and a draft of it only where its operator says so.

use std::path::PathBuf;

use guanxi_e2e::environment::{frozen, guest, variable};
use guanxi_e2e::host::{run, run_well};
use guanxi_e2e::{Answer, Client, Host, Place, Tenant, on_both, on_sqlite};
use serde_json::{Value, json};

const OPEN: (&str, &str) = ("GUANXI_DRAFT_PLUGINS", "true");
/// Decides about everything, on the released track.
const BYSTANDER: &str = "trap-mid-batch";

async fn upload(operator: &Client, component: Vec<u8>) -> Answer {
    operator.post_bytes("/api/v1/plugins", "application/wasm", component).await
}

async fn replay(tenant: &Tenant, decision: &Value) -> Answer {
    tenant.api.post(&format!("/decisions/{}/replay", decision["id"].as_str().expect("an id")), &json!({})).await
}

/// Sends an event and waits until there are `count` decisions that are `wanted`: the newest of them.
async fn decided(tenant: &Tenant, event: &str, count: usize, wanted: impl Fn(&Value) -> bool) -> Value {
    tenant.call("track", &json!({"userId": "ada", "event": event})).await.expect(202);
    let found = tenant.wait_for("/decisions", count, wanted).await;
    assert_eq!(found.len(), count, "{event}");
    found.into_iter().max_by_key(|decision| decision["position"].as_i64()).expect("decisions")
}

fn by_draft(decision: &Value) -> bool {
    decision["installation"] == "draft"
}

/// What a draft is told where none are let in, and where somebody tries it all the same.
async fn refused_at_the_door(place: &Place) {
    let host = Host::start(place).await;
    let problem = upload(&host.operator(), guest("draft")).await.problem(400, "invalid");
    let error = &problem["errors"][0];
    assert_eq!(
        (&error["at"], problem["errors"].as_array().map(Vec::len)),
        (&json!("plugin.toml"), Some(1)),
        "{problem}"
    );
    assert!(error["problem"].as_str().is_some_and(|told| told.contains("is a draft of the contract")), "{problem}");
    host.operator().get("/api/v1/plugins/draft/0.1.0").await.problem(404, "not-found");
    host.stop().await;

    let component = PathBuf::from(variable("GUANXI_TEST_GUESTS")).join("draft.wasm").display().to_string();
    let input = crate::commands::plugins::example("fixtures/smallest-campaign/first.json");
    let told = run_well(place, ["plugin", "run", &component, &input]).await;
    assert!(told.contains("add-tag: to tell them apart"), "authors try it: {told}");
    let inspected = run_well(place, ["plugin", "inspect", &component]).await;
    assert!(inspected.contains("\"contract\": \"0.2.0-draft\""), "{inspected}");
}

/// Installs it where drafts are let in, and has it decide.
async fn decides(host: &Host) -> Tenant {
    let tenant = host.tenant("acme").await;
    tenant.install("sandbox", json!({})).await;
    tenant.install_component("bystander", guest(BYSTANDER), json!({}), json!({})).await;
    let installed = tenant.install_component("draft", guest("draft"), json!({}), json!({})).await;
    assert_eq!(installed["unsupported"], Value::Null, "{installed}");
    let events = ["visit", "look", "look", "forget", "look"];
    let kept = ["nothing", "\"visit\"", "\"visit\"", "\"visit\"", "nothing"];
    for (index, (event, kept)) in events.into_iter().zip(kept).enumerate() {
        let decision = decided(&tenant, event, index + 1, by_draft).await;
        let reasons = json!([format!("kept {kept}"), "add-tag: to tell them apart"]);
        assert_eq!((&decision["outcome"], &decision["reasons"]), (&json!("acted"), &reasons), "{decision}");
        assert_eq!(decision["operations"][0]["outcome"], "done", "{decision}");
        assert_eq!(replay(&tenant, &decision).await.expect(200)["same"], true, "{decision}");
    }
    tenant.person("user:ada", |person| person["tags"].to_string().contains("forget")).await;
    tenant
}

/// The operator has changed their mind: it stops, is told of, and does nobody any harm.
async fn stops(host: &Host, tenant: &Tenant) {
    let installed = tenant.api.get("/installations/draft").await.expect(200);
    assert_eq!(installed["mode"], "live");
    let is_told =
        |view: &Value| view["unsupported"].as_str().is_some_and(|why| why.contains("`0.2.0-draft` is a draft"));
    assert!(is_told(&installed), "{installed}");
    assert!(is_told(&host.operator().get("/api/v1/plugins/draft/0.1.0").await.expect(200)));

    let known = tenant.list("/decisions").await.into_iter().find(by_draft).expect("a decision from before");
    let looked = |decision: &Value| decision["installation"] == "bystander" && decision["reasons"] == json!(["look"]);
    decided(tenant, "look", 4, looked).await;
    assert_eq!(tenant.list("/decisions").await.iter().filter(|decision| by_draft(decision)).count(), 5);
    let problem = replay(tenant, &known).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().is_some_and(|told| told.contains("is a draft of the contract")), "{problem}");
    assert_eq!(host.logged().matches("the installed component does not load").count(), 1, "{}", host.logged());

    let wish = |mode: &str| json!({"version": "0.1.0", "mode": mode, "grants": "requested"});
    let problem = tenant.api.put("/installations/draft", &wish("live")).await.problem(400, "invalid");
    assert_eq!(problem["errors"][0]["at"], "version", "{problem}");
    let another = json!({"plugin": "draft", "version": "0.1.0", "mode": "off", "grants": "requested"});
    let problem = tenant.api.put("/installations/draft-2", &another).await.problem(400, "invalid");
    assert_eq!(problem["errors"][0]["at"], "version", "{problem}");
    assert_eq!(tenant.api.put("/installations/draft", &wish("off")).await.expect(200)["mode"], "off");
}

#[test]
fn pl_1_a_draft_of_the_contract_runs_only_where_it_is_let_in() {
    on_both(|place| async move {
        refused_at_the_door(&place).await;
        let host = Host::start_with(&place, &[OPEN]).await;
        let tenant = decides(&host).await;
        host.stop().await;

        let host = Host::start(&place).await;
        stops(&host, &tenant.on(&host)).await;
        host.stop().await;

        let host = Host::start_with(&place, &[OPEN]).await;
        let tenant = tenant.on(&host);
        let live = json!({"version": "0.1.0", "mode": "live", "grants": "requested"});
        let installed = tenant.api.put("/installations/draft", &live).await.expect(200);
        assert_eq!(installed["unsupported"], Value::Null, "{installed}");
        let decision = decided(&tenant, "look", 6, by_draft).await;
        assert_eq!(decision["reasons"][0], "kept nothing", "{decision}");
        host.stop().await;
    });
}

#[test]
fn pl_1_what_was_built_of_a_frozen_contract_decides_alike_in_every_language() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        for language in ["rust", "typescript"] {
            tenant.install_component(language, frozen("0.1.0", language), json!({}), json!({})).await;
        }
        // An unknown input is not a number, and nobody has a score of that.
        tenant.call("identify", &json!({"userId": "ada", "traits": {"followers": 12}})).await.expect(202);
        let properties = json!({"total": 129.5});
        tenant.call("track", &json!({"userId": "ada", "event": "visit", "properties": properties})).await.expect(202);
        // What follows after these is what the person has, to which the one before may have added.
        let asked = |decision: &Value| -> Vec<Value> {
            decision["operations"]
                .as_array()
                .expect("operations")
                .iter()
                .take(12)
                .map(|one| one["do"].clone())
                .collect()
        };
        let decisions = tenant.wait_for("/decisions", 2, |_| true).await;
        let [one, other] = decisions.as_slice() else { panic!("{decisions:?}") };
        assert_ne!(one["installation"], other["installation"]);
        assert_eq!((&one["outcome"], one["reasons"][1].as_str()), (&json!("acted"), Some("visit")), "{one}");
        assert_eq!((&one["reasons"], asked(one)), (&other["reasons"], asked(other)));
        assert_eq!(asked(one).len(), 12, "{one}");
        for decision in [one, other] {
            assert_eq!(replay(&tenant, decision).await.expect(200)["same"], true, "{decision}");
        }
        tenant.person("user:ada", |person| person["scores"].to_string().contains("worth")).await;
        host.stop().await;
    });
}

#[test]
fn pl_1_the_authors_tools_tell_what_they_do_not_build() {
    on_sqlite(|place| async move {
        let folder = place.data_dir().join("greeter");
        let made = ["plugin", "new", "greeter", "--kind", "campaign", "--lang", "python"];
        run_well(&place, made).await;
        let manifest = folder.join("plugin.toml");
        let text = std::fs::read_to_string(&manifest).expect("a manifest");
        for (contract, told) in
            [("0.2.0-draft", "a draft that only Rust is built for"), ("9.0.0", "this host speaks 0.1.0")]
        {
            let other = text.replace("contract = \"0.1.0\"", &format!("contract = \"{contract}\""));
            std::fs::write(&manifest, other).expect("written");
            let ended = run(&place, ["plugin", "build", "greeter"]).await;
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(!ended.status.success() && said.contains(told), "{said}");
        }
    });
}
