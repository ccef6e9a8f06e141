//! Another tenant's object does not exist: proved for every route that `/openapi.json` lists, so that a new route
//! without a body here fails the test instead of going unproved.

use guanxi_e2e::{Answer, Client, Host, Sink, Tenant, client, environment, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// Every operation that writes, with a body that who may could send.
const BODIES: &[(&str, &str)] = &[
    ("create_token", r#"{"name": "theirs", "scopes": ["read"]}"#),
    ("put_installation", r#"{"plugin": "sandbox", "version": "0.1.0", "mode": "off", "grants": "requested"}"#),
    ("approve_upgrade", r#"{"version": "0.1.0", "asked_at": 0}"#),
    ("refuse_upgrade", r#"{"version": "0.1.0", "asked_at": 0}"#),
    ("check_session", ""),
    ("send_test_message", r#"{"address": "user:theirs", "content": {"text": "x"}}"#),
    ("put_quota", r#"{"weight": 2}"#),
    ("put_allowance", "{}"),
    ("put_candidate", r#"{"config": {"class": "reply"}, "percent": 100}"#),
    ("stop_candidate", ""),
    ("promote_candidate", ""),
    ("act_on_identity", r#"{"action": "link", "identity": "user:theirs", "reason": "x"}"#),
    ("merge_people", r#"{"with": "per_01h2xcejqtf2nbrexx3vqjhp41", "reason": "x"}"#),
    ("split_person", r#"{"reason": "x"}"#),
    ("edit_person", r#"{"stage": "fan"}"#),
    ("tag_people", r#"{"people": ["per_01h2xcejqtf2nbrexx3vqjhp41"], "add": [{"dimension": "a", "name": "b"}]}"#),
    ("put_relations", r#"{"edges": [{"from": "user:secret-person", "to": "user:b", "kind": "friend"}]}"#),
    ("put_segment", r#"{"title": "Theirs", "filter": {"stage": "fan"}}"#),
    ("delete_segment", ""),
    ("preview_segment", r#"{"filter": {"stage": "fan"}}"#),
    (
        "put_audience",
        r#"{"title": "Theirs", "segment": "secret-segment", "installation": "puller", "channel_audience": "1",
            "kinds": ["email"], "purpose": "advertising"}"#,
    ),
    ("delete_audience", ""),
    ("sync_audience", ""),
    ("poll_now", ""),
    ("reset_poll", r#"{"reason": "x"}"#),
    ("put_settings", r#"{"region": "CN"}"#),
    ("note_consent", r#"{"purpose": "marketing", "granted": true}"#),
    ("erase_person", r#"{"reason": "asked", "confirm": "per_01h2xcejqtf2nbrexx3vqjhp41"}"#),
    ("retry_dead_letter", ""),
    ("retry_message", r#"{"may_repeat": true}"#),
    ("retry_messages", r#"{"status": ["failed"]}"#),
    ("cancel_message", ""),
    ("cancel_messages", "{}"),
    ("replay_decision", ""),
    ("start_backtest", r#"{"installation": "welcome"}"#),
    ("stop_backtest", ""),
    ("upload_import", r#"{"email": "ada@example.com"}"#),
    ("map_import", r#"{"columns": [{"header": "email", "target": {"to": "identity", "kind": "email"}}]}"#),
    ("start_import", ""),
    ("stop_import", ""),
    ("delete_import", ""),
    ("put_import_mapping", r#"{"columns": [{"header": "email", "target": {"to": "identity", "kind": "email"}}]}"#),
    ("delete_import_mapping", ""),
    ("put_content", r#"{"content": {"text": "theirs"}}"#),
    ("delete_content", ""),
    ("preview_content", r#"{"installation": "webhook", "content": {"text": "theirs"}}"#),
    ("put_media", r#"{"no": "picture"}"#),
    ("delete_media", ""),
    ("revoke_token", ""),
    ("create_webhook", r#"{"address": "https://hooks.example.com/theirs", "kinds": ["guanxi.upgrade"]}"#),
    ("put_webhook", r#"{"address": "https://hooks.example.com/theirs", "kinds": ["guanxi.upgrade"]}"#),
    ("delete_webhook", ""),
    ("test_webhook", ""),
    ("rotate_webhook", ""),
    ("retry_delivery", r#"{"delivery": "dlv_01h2xcejqtf2nbrexx3vqjhp41"}"#),
    ("pull_plugin", r#"{"reference": "127.0.0.1:1/theirs:1"}"#),
    ("yank_plugin", r#"{"reason": "x"}"#),
    ("trust_publisher", r#"{"title": "Theirs", "key": "ed25519:x"}"#),
    ("revoke_publisher_key", r#"{"key": "ed25519:x"}"#),
];
/// Operations whose last parameter names something of one's own choice instead of finding something.
const CHOOSES_A_NAME: &[&str] =
    &["put_audience", "put_content", "put_import_mapping", "put_installation", "put_media", "put_segment"];

struct Route {
    id: String,
    method: Method,
    path: String,
    scope: String,
}

impl Route {
    /// The path with parameters filled in.
    fn at(&self, slug: &str, objects: &Value) -> String {
        let path = self.path.replace("{tenant}", slug);
        let kind = self.path.split('/').nth(5).unwrap_or_default();
        path.split('/')
            .map(|part| match part.starts_with('{') {
                true => objects[kind].as_str().unwrap_or_else(|| panic!("no object for {}", self.path)),
                false => part,
            })
            .collect::<Vec<_>>()
            .join("/")
    }

    fn finds_an_object(&self) -> bool {
        self.path.matches('{').count() > 1 && !CHOOSES_A_NAME.contains(&self.id.as_str())
    }

    async fn ask(&self, client: &Client, slug: &str, objects: &Value) -> Answer {
        let path = self.at(slug, objects);
        let body = BODIES.iter().find(|(id, _)| *id == self.id).map(|(_, body)| *body).unwrap_or_default();
        if body.is_empty() {
            return client.send(self.method.clone(), &path).await;
        }
        client::finish(client::with_json(client.request(self.method.clone(), &path), &body.parse().unwrap())).await
    }
}

fn routes(document: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let mut scopes =
                operation["security"].as_array().into_iter().flatten().filter_map(|s| s["token"][0].as_str());
            routes.push(Route {
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                scope: scopes.next_back().unwrap_or_default().to_owned(),
            });
        }
    }
    routes
}

/// One object of each sort that a path below a tenant can name, by the part of the path before it.
async fn objects_of(tenant: &Tenant, sink: &Sink) -> Value {
    tenant.install_webhook(sink).await;
    tenant.install("welcome", json!({})).await;
    tenant.call("identify", &json!({"userId": "secret-person"})).await.expect(202);
    tenant.call("track", &json!({"userId": "secret-person", "event": "Order Completed"})).await.expect(202);
    let message = tenant.wait_for("/messages", 1, |_| true).await;
    let letter = tenant.wait_for("/dead-letters", 1, |_| true).await;
    let tokens = tenant.list("/tokens").await;
    let erasure = erased(tenant).await;
    let file = tenant.api.post_bytes("/imports", "text/csv", "email\nsecret@example.com\n").await.expect(201);
    tenant.api.put("/import-mappings/secret-mapping", &file["mapping"]).await.expect(200);
    let segment = json!({"title": "Secret", "filter": {"all": []}});
    tenant.api.put("/segments/secret-segment", &segment).await.expect(200);
    let purposes = json!({"purposes": {"advertising": {"title": "Advertising", "basis": "consent"}}});
    tenant.api.put("/settings", &purposes).await.expect(200);
    let (config, secrets) = (json!({"url": "http://127.0.0.1:9"}), json!({"app-secret": "s"}));
    tenant.install_component("puller", environment::guest("puller"), config, secrets).await;
    let audience = json!({"title": "Secret", "segment": "secret-segment", "installation": "puller",
        "channel_audience": "1", "kinds": ["email"], "purpose": "advertising"});
    tenant.api.put("/audiences/secret-audience", &audience).await.expect(200);
    let picture = tenant.api.request(Method::PUT, "/media/secret-media").body(b"GIF89a".as_slice());
    client::finish(picture).await.expect(200);
    tenant.api.put("/contents/secret-content", &json!({"content": {"text": "Secret"}})).await.expect(200);
    let candidate = json!({"config": {"class": "reply"}});
    tenant.api.put("/installations/welcome/candidate", &candidate).await.expect(200);
    let backtest = tenant.api.post("/backtests", &json!({"installation": "welcome"})).await.expect(202);
    tenant.wait_for("/backtests", 1, |backtest| backtest["status"] == "done").await;
    let told = json!({"address": sink.url(), "kinds": ["guanxi.upgrade"]});
    let webhook = tenant.api.post("/webhooks", &told).await.expect(201)["webhook"]["id"].clone();
    json!({
        "webhooks": webhook, "contents": "secret-content", "media": "secret-media",
        "backtests": backtest["id"],
        "people": message[0]["person"], "decisions": message[0]["decision"], "messages": message[0]["id"],
        "tokens": tokens[0]["id"], "installations": "welcome", "erasures": erasure, "imports": file["id"],
        "import-mappings": "secret-mapping", "segments": "secret-segment", "audiences": "secret-audience",
        "dead-letters": letter[0]["event"]["position"].to_string(),
    })
}

/// The erasure of somebody, once it is done.
async fn erased(tenant: &Tenant) -> Value {
    tenant.call("identify", &json!({"userId": "secret-erased"})).await.expect(202);
    let person = tenant.person("user:secret-erased", |_| true).await["id"].clone();
    let wish = json!({"reason": "asked", "confirm": person});
    let path = format!("/people/{}/erase", person.as_str().expect("an id"));
    let id = tenant.api.post(&path, &wish).await.expect(202)["id"].clone();
    tenant.wait_for("/erasures", 1, |erasure| erasure["id"] == id && erasure["status"] == "done").await;
    id
}

/// Well-formed names of nothing.
fn nothing() -> Value {
    let id = |prefix: &str| format!("{prefix}_01h2xcejqtf2nbrexx3vqjhp41");
    json!({
        "people": id("per"), "decisions": id("dec"), "messages": id("msg"), "tokens": id("tok"),
        "installations": "no-such-thing", "dead-letters": "987654", "erasures": id("era"), "imports": id("imp"),
        "import-mappings": "no-such-thing", "segments": "no-such-thing", "backtests": id("btt"),
        "webhooks": id("whk"), "audiences": "no-such-thing", "contents": "no-such-thing", "media": "no-such-thing",
    })
}

async fn token(host: &Host, slug: &str, scope: &str) -> Client {
    let wish = json!({"name": scope, "scopes": [scope]});
    let made = host.operator().post(&format!("/api/v1/tenants/{slug}/tokens"), &wish).await.expect(201);
    host.stranger().with_token(made["token"].as_str().expect("a secret"))
}

#[test]
fn sec_2_another_tenants_objects_do_not_exist_on_any_route() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let sink = Sink::start().await;
        let (acme, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        acme.upload(environment::plugin("sandbox")).await;
        let theirs = objects_of(&acme, &sink).await;
        let document = host.stranger().get("/openapi.json").await.expect(200);
        let rivals = host.stranger().with_token(rival.api.token().unwrap());
        let key = host.stranger().with_token(rival.write_key());
        let routes: Vec<Route> = routes(&document).into_iter().filter(|r| r.path.contains("{tenant}")).collect();
        assert!(routes.len() >= 15, "only {} routes below a tenant", routes.len());
        let before = everything(&acme).await;
        for route in &routes {
            let name = format!("{} {}", route.method, route.path);
            assert!(route.method == Method::GET || BODIES.iter().any(|(id, _)| *id == route.id), "{name}: give a body");
            for client in [&rivals, &key] {
                let there = route.ask(client, "acme", &theirs).await;
                there.problem(404, "not-found");
                let nowhere = route.ask(client, "no-such-tenant", &theirs).await;
                assert_eq!(there.text(), nowhere.text(), "{name}");
            }
            if route.finds_an_object() {
                let foreign = route.ask(&rivals, "rival", &theirs).await;
                foreign.problem(404, "not-found");
                assert_eq!(foreign.text(), route.ask(&rivals, "rival", &nothing()).await.text(), "{name}");
            }
        }
        assert_eq!(everything(&acme).await, before, "a refused request changed something");
        host.stop().await;
    });
}

/// What a stranger could have changed.
async fn everything(tenant: &Tenant) -> Value {
    let mut all = json!({});
    for list in [
        "/tokens",
        "/installations",
        "/people",
        "/events",
        "/messages",
        "/dead-letters",
        "/decisions",
        "/backtests",
        "/webhooks",
        "/contents",
        "/media",
    ] {
        all[list] = tenant.list(list).await.into();
    }
    all
}

#[test]
fn sec_2_every_route_asks_for_a_token_and_its_scope() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        acme.upload(environment::plugin("sandbox")).await;
        let document = host.stranger().get("/openapi.json").await.expect(200);
        let reader = token(&host, "acme", "read").await;
        let writer = token(&host, "acme", "ingest").await;
        let mut uncovered = Vec::new();
        for route in routes(&document).iter().filter(|route| route.path.starts_with("/api/")) {
            let name = format!("{} {}", route.method, route.path);
            let missing = route.ask(&host.stranger(), "acme", &nothing_for(route)).await;
            missing.problem(401, "unauthorized");
            assert_eq!(missing.header("www-authenticate"), Some("Bearer realm=\"guanxi\""), "{name}");
            let wrong = host.stranger().with_token("gxt_0000000000000000000000000000000000000000000");
            route.ask(&wrong, "acme", &nothing_for(route)).await.problem(401, "unauthorized");
            let weak = match route.scope.as_str() {
                "read" => &writer,
                "install" | "manage" => &reader,
                "operator" => &host.stranger().with_token(acme.api.token().unwrap()),
                "" => continue,
                _ => {
                    uncovered.push(name);
                    continue;
                }
            };
            if let "create_tenant" | "upload_plugin" = route.id.as_str() {
                operators_only(weak, &route.id).await;
            } else {
                route.ask(weak, "acme", &nothing_for(route)).await.problem(403, "forbidden");
            }
        }
        assert_eq!(uncovered, Vec::<String>::new());
        host.stop().await;
    });
}

fn nothing_for(route: &Route) -> Value {
    let mut objects = nothing();
    // `/api/v1/plugins/{name}/{version}`, `/api/v1/publishers/{name}` and what is below.
    if !route.path.contains("{tenant}") {
        for kind in ["{version}", "allowance", "revoke", ""] {
            objects[kind] = json!("0.1.0");
        }
    }
    objects
}

async fn operators_only(weak: &Client, operation: &str) {
    let answer = match operation {
        "create_tenant" => weak.post("/api/v1/tenants", &json!({"slug": "mine", "name": "Mine"})).await,
        _ => weak.post_bytes("/api/v1/plugins", "application/wasm", environment::plugin("sandbox")).await,
    };
    answer.problem(403, "forbidden");
}

#[test]
fn sec_2_lists_show_ones_own_only() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let sink = Sink::start().await;
        let (acme, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        objects_of(&acme, &sink).await;
        rival.call("identify", &json!({"userId": "secret-person"})).await.expect(202);
        let own = rival.person("user:secret-person", |_| true).await;
        assert_ne!(acme.find("user:secret-person").await.expect("theirs")["id"], own["id"]);
        for list in ["/messages", "/decisions", "/dead-letters", "/installations"] {
            assert_eq!(rival.list(list).await, Vec::<Value>::new(), "{list}");
        }
        assert_eq!(rival.list("/events").await.len(), 1);
        let tenants = host.stranger().with_token(rival.api.token().unwrap()).get("/api/v1/tenants").await.expect(200);
        let slugs: Vec<&Value> = tenants["items"].as_array().unwrap().iter().map(|tenant| &tenant["slug"]).collect();
        assert_eq!(slugs, ["rival"]);
        host.stop().await;
    });
}
