//! PL-3: a plugin gets what it requests, the operator lets it do and the tenant grants; what asks for more waits.

use guanxi_e2e::environment::{example, plugin};
use guanxi_e2e::host::run_well;
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Client, Host, Place, Sink, Tenant, eventually, on_both};
use serde_json::{Value, json};

const NAME: &str = "smallest-campaign";
const HERE: &str = "/installations/smallest-campaign";
const MORE_EVENTS: &str = r#"events = ["identify", "Order Completed"]"#;
const MORE_FIELDS: &str = r#"fields = [{ name = "name", purpose = "to greet" }, { name = "revenue", purpose = "to thank whoever buys much" }]"#;

/// The example as another version with other wishes.
pub async fn version(place: &Place, version: &str, events: &str, fields: &str) -> Vec<u8> {
    let text = format!(
        "contract = \"0.1.0\"\nname = \"{NAME}\"\nversion = \"{version}\"\ntitle = {{ en = \"Hello\", zh = \"你好\" }}\n\
         summary = {{ en = \"Greets.\", zh = \"问好。\" }}\n[campaign]\n{events}\n{fields}\noperations = [\"send\"]\n"
    );
    repacked(place, &example(NAME), &text).await
}

/// A package with another manifest, packed by the command line as an agency would.
pub async fn repacked(place: &Place, package: &[u8], text: &str) -> Vec<u8> {
    let [bare, manifest, packed] =
        ["bare.wasm", "other.toml", "packed.wasm"].map(|name| place.data_dir().join(name).display().to_string());
    std::fs::write(&bare, without_manifest(package)).unwrap();
    std::fs::write(&manifest, text).unwrap();
    run_well(place, ["plugin", "pack", &bare, "--manifest", &manifest, "--out", &packed]).await;
    std::fs::read(packed).unwrap()
}

/// The component before its last section, which holds the manifest.
fn without_manifest(package: &[u8]) -> &[u8] {
    let name = b"guanxi:manifest";
    let place = package.windows(name.len()).rposition(|window| window == name).expect("a manifest");
    // Before the name stand its length (a byte), the section's size in seven bits a byte, and the section's kind (a byte).
    let size = package.len() - (place - 1);
    let bytes_of_size = (1..).find(|bytes| size < 1 << (7 * bytes)).expect("a size");
    &package[..place - 1 - bytes_of_size - 1]
}

/// Somebody says who they are: what they are told, if anything.
async fn greeted(tenant: &Tenant, user: &str) -> Value {
    tenant.call("identify", &json!({"userId": user, "traits": {"name": "Ada"}})).await.expect(202);
    let person = tenant.person(&format!("user:{user}"), |_| true).await["id"].clone();
    let decision = tenant.wait_for("/decisions", 1, |decision| decision["person"] == person).await.remove(0);
    let message = decision["operations"][0]["message"].clone();
    if message.is_null() {
        return decision["operations"][0]["refusal"].clone();
    }
    let message = tenant.api.get(&format!("/messages/{}", message.as_str().unwrap())).await.expect(200);
    message["content"]["text"].clone()
}

fn order(user: &str) -> Value {
    json!({"userId": user, "event": "Order Completed", "properties": {"order_id": user, "total": 5}})
}

fn lists(events: &[&str], fields: &[&str], operations: &[&str]) -> Value {
    json!({"events": events, "fields": fields, "operations": operations, "egress": [], "secrets": []})
}

async fn grant(tenant: &Tenant, grants: Value) -> Value {
    let wish = json!({"version": "0.1.0", "mode": "live", "grants": grants});
    tenant.api.put(HERE, &wish).await.expect(200)
}

#[test]
fn pl_3_a_plugin_gets_what_it_requests_and_both_operator_and_tenant_allow() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
        assert_eq!(greeted(&tenant, "all").await, "Hello Ada!");

        let nameless = grant(&tenant, lists(&["identify"], &[], &["send"])).await;
        assert_eq!(nameless["withheld"], json!(["fields: name"]));
        assert_eq!(greeted(&tenant, "nameless").await, "Hello friend!");
        let silent = grant(&tenant, lists(&["*"], &["name"], &[])).await;
        assert_eq!(silent["withheld"], json!(["operations: send"]));
        assert_eq!(silent["grants"]["events"], json!(["identify"]), "a star is what it asks for");
        assert_eq!(greeted(&tenant, "silent").await, "`send` is not granted");

        // Switched off and on it keeps what it was granted; a configuration may be changed without saying it again.
        let again = json!({"version": "0.1.0", "mode": "live"});
        assert_eq!(tenant.api.put(HERE, &again).await.expect(200)["grants"], silent["grants"]);
        let extra = json!({"version": "0.1.0", "mode": "live", "grants": lists(&["page"], &["name"], &["add-tag"])});
        let problem = tenant.api.put(HERE, &extra).await.problem(400, "invalid").to_string();
        assert!(
            problem.contains("events: page is not requested") && problem.contains("operations: add-tag"),
            "{problem}"
        );

        // The operator's word goes before the tenant's, in all tenants and from the next event on.
        let granted = grant(&tenant, json!("requested")).await;
        assert_eq!((&granted["withheld"], &granted["forbidden"]), (&json!([]), &json!([])));
        let allowance = format!("/api/v1/plugins/{NAME}/allowance");
        let most = lists(&["*"], &[], &["send"]);
        manager(&host, &tenant).put(&allowance, &most).await.problem(403, "forbidden");
        let at_most = with(with(most.clone(), "classes", json!(["*"])), "limits", json!({}));
        assert_eq!(host.operator().put(&allowance, &most).await.expect(200)["at_most"], at_most);
        let limited = tenant.api.get(HERE).await.expect(200);
        assert_eq!((&limited["withheld"], &limited["forbidden"]), (&json!([]), &json!(["fields: name"])));
        assert_eq!(greeted(&tenant, "limited").await, "Hello friend!");
        let long = json!({"events": ["x".repeat(300)]});
        assert!(
            host.operator().put(&allowance, &long).await.problem(400, "invalid").to_string().contains("at most 256")
        );
        host.operator().put("/api/v1/plugins/nothing/allowance", &most).await.problem(404, "not-found");
        host.operator().delete(&allowance).await.expect(204);
        assert_eq!(greeted(&tenant, "again").await, "Hello Ada!");

        let deaf = grant(&tenant, lists(&[], &["name"], &["send"])).await;
        assert_eq!(deaf["withheld"], json!(["events: identify"]));
        tenant.call("identify", &json!({"userId": "unheard"})).await.expect(202);
        let person = tenant.person("user:unheard", |_| true).await["id"].as_str().unwrap().to_owned();
        let why = tenant.list(&format!("/people/{person}/campaigns")).await.remove(0);
        assert_eq!(why["steps"][2]["said"]["en"], "it is not granted to be told of that", "{why}");
        assert!(tenant.list("/decisions").await.iter().all(|decision| decision["person"] != person.as_str()));
        host.stop().await;
    });
}

/// A wish with one more word.
fn with(mut wish: Value, key: &str, value: Value) -> Value {
    wish[key] = value;
    wish
}

/// The tenant's own token, for whole paths.
fn manager(host: &Host, tenant: &Tenant) -> Client {
    host.stranger().with_token(tenant.api.token().expect("a token"))
}

/// A token that only brings versions.
async fn agency(host: &Host, tenant: &Tenant) -> Client {
    let wish = json!({"name": "agency", "scopes": ["install"]});
    let made = tenant.api.post("/tokens", &wish).await.expect(201);
    let token = made["token"].as_str().unwrap();
    host.stranger().with_token(token)
}

#[test]
fn pl_3_a_version_that_asks_for_more_waits_while_the_one_before_runs_on() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        tenant.install("sandbox", json!({})).await;
        let first = tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
        let same =
            version(&place, "0.1.1", r#"events = ["identify"]"#, r#"fields = [{ name = "name", purpose = "p" }]"#);
        tenant.upload(same.await).await;
        let more = tenant.upload(version(&place, "0.2.0", MORE_EVENTS, MORE_FIELDS).await).await;
        let (manager, agency) = (manager(&host, &tenant), agency(&host, &tenant).await);
        let rivals = host.stranger().with_token(rival.api.token().unwrap());
        let at = |path: &str| format!("/api/v1/tenants/acme{HERE}{path}");
        let wish = |version: &str| json!({"version": version, "mode": "live"});

        // What asks for nothing new runs at once; what does, waits, whoever brings it.
        assert_eq!(agency.put(&at(""), &wish("0.1.1")).await.expect(200)["version"], "0.1.1");
        let waits = agency.put(&at(""), &wish("0.2.0")).await.expect(202);
        assert_eq!(
            (&waits["version"], &waits["mode"], &waits["grants"]),
            (&json!("0.1.1"), &json!("live"), &first["grants"])
        );
        let asks = json!(["events: Order Completed", "fields: revenue"]);
        assert_eq!((&waits["upgrade"]["version"], &waits["upgrade"]["asks"]), (&json!("0.2.0"), &asks));
        let seen =
            |waits: &Value| json!({"version": waits["upgrade"]["version"], "asked_at": waits["upgrade"]["asked_at"]});
        assert_eq!(greeted(&tenant, "meanwhile").await, "Hello Ada!");
        tenant.call("track", &order("meanwhile")).await.expect(202);

        // Whoever brings it does not approve of it, nor grant it anything, nor set its secrets.
        let (approve, refuse) = (at("/upgrade/approve"), at("/upgrade/refuse"));
        agency.post(&approve, &seen(&waits)).await.problem(403, "forbidden");
        agency.post(&refuse, &seen(&waits)).await.problem(403, "forbidden");
        for (key, value) in [("grants", json!("requested")), ("secrets", json!({"token": "x"}))] {
            agency.put(&at(""), &with(wish("0.2.0"), key, value)).await.problem(403, "forbidden");
        }
        rivals.post(&approve, &seen(&waits)).await.problem(404, "not-found");
        // Nor does it come again with something else while somebody looks at it.
        let again = agency.put(&at(""), &wish("0.2.0")).await.expect(202);
        let other = manager.post(&approve, &seen(&waits)).await.problem(409, "conflict").to_string();
        assert!(other.contains("look at what it asks for"), "{other}");

        // Approved with less than it asks for, it takes its place at the next event.
        let grants = lists(&["*"], &["name"], &["send"]);
        let approved = manager.post(&approve, &with(seen(&again), "grants", grants)).await.expect(200);
        assert_eq!((&approved["version"], &approved["upgrade"]), (&json!("0.2.0"), &Value::Null));
        assert_eq!((&approved["withheld"], &approved["id"]), (&json!(["fields: revenue"]), &first["id"]));
        tenant.call("track", &order("after")).await.expect(202);
        let decided = tenant.wait_for("/decisions", 1, |decision| decision["digest"] == more["digest"]).await;
        assert_eq!(decided.len(), 1, "only what came after the approval is decided by it");

        // Refused it is gone; an operator's command line may wait and approve as well.
        tenant.upload(version(&place, "0.3.0", r#"events = ["*"]"#, MORE_FIELDS).await).await;
        let waits = tenant.api.put(HERE, &wish("0.3.0")).await.expect(202);
        let refused = manager.post(&refuse, &seen(&waits)).await.expect(200);
        assert_eq!((&refused["version"], &refused["upgrade"]), (&json!("0.2.0"), &Value::Null));
        manager.post(&refuse, &seen(&waits)).await.problem(404, "not-found");
        tenant.api.put(HERE, &wish("0.3.0")).await.expect(202);
        let said = run_well(&place, ["plugin", "approve", "acme", NAME, "0.3.0"]).await;
        assert!(said.contains("smallest-campaign runs 0.3.0 for acme."), "{said}");
        assert_eq!(tenant.api.get(HERE).await.expect(200)["withheld"], json!([]));
        host.stop().await;
    });
}

#[test]
fn pl_3_whoever_may_not_switch_on_asks_for_it() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (sink, elsewhere) = (Sink::start().await, Sink::start().await);
        let tenant = host.tenant("acme").await;
        tenant.upload(plugin("webhook")).await;
        let (manager, agency) = (manager(&host, &tenant), agency(&host, &tenant).await);
        let at = |path: &str| format!("/api/v1/tenants/acme/installations/webhook{path}");
        let wish = |url: String| json!({"version": "0.2.1", "mode": "live", "config": {"url": url}});

        let new = agency.put(&at(""), &wish(sink.url())).await.expect(202);
        assert_eq!(
            (&new["mode"], &new["withheld"]),
            (&json!("off"), &json!(["egress: config:/url", "secrets: signing-key"]))
        );
        // Asked for again it is the same wish, about all of it.
        let again = agency.put(&at(""), &wish(sink.url())).await.expect(202)["upgrade"].clone();
        assert_eq!(again["asks"], new["upgrade"]["asks"]);
        let seen = json!({"version": "0.2.1", "asked_at": again["asked_at"]});
        let approval = with(seen.clone(), "secrets", json!({"signing-key": WEBHOOK_SECRET}));
        let keyless = manager.post(&at("/upgrade/approve"), &seen).await;
        assert!(keyless.problem(400, "invalid").to_string().contains("secrets/signing-key"));
        let on = manager.post(&at("/upgrade/approve"), &approval).await.expect(200);
        assert_eq!((&on["mode"], &on["withheld"]), (&json!("live"), &json!([])));

        // Whoever could write a host into the configuration could have messages and signatures sent there.
        let moved = agency.put(&at(""), &wish(elsewhere.url())).await.expect(202);
        assert_eq!(moved["upgrade"]["asks"], json!([format!("egress: {}", elsewhere.url())]));
        assert_eq!(moved["config"]["url"], sink.url());
        // What else is changed meanwhile does not drop it.
        let same = json!({"version": "0.2.1", "mode": "live", "config": {"url": sink.url()}, "grants": "requested"});
        assert_eq!(manager.put(&at(""), &same).await.expect(200)["upgrade"], moved["upgrade"]);
        tenant.install("welcome", json!({})).await;
        tenant.call("identify", &json!({"userId": "ada"})).await.expect(202);
        tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        assert_eq!((sink.received().len(), elsewhere.received().len()), (1, 0));

        // Without the host it may send nothing, whatever its configuration says.
        let shut = json!({
            "version": "0.2.1", "mode": "live", "config": {"url": sink.url()},
            "grants": {"secrets": ["signing-key"]},
        });
        manager.put(&at(""), &shut).await.expect(200);
        tenant.call("identify", &json!({"userId": "bob"})).await.expect(202);
        let failed = eventually("the message is given up or tried again", async || {
            let all = tenant.list("/messages").await;
            all.into_iter().find(|message| message["status"] != "sent" && message["reason"].is_string())
        });
        assert!(failed.await["reason"].as_str().unwrap().contains("not granted"));
        assert_eq!(sink.received().len(), 1);
        host.stop().await;
    });
}
