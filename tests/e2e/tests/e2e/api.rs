//! The management API, used by a stranger who has nothing but `/openapi.json`.

use std::collections::BTreeSet;

use guanxi_e2e::{Client, Host, Tenant, client, environment, on_both};
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn api_1_a_stranger_sets_a_tenant_up() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let operator = host.operator();
        let tenant = operator.post("/api/v1/tenants", &json!({"slug": "acme", "name": "Acme 茶"})).await.expect(201);
        assert_eq!((&tenant["slug"], &tenant["name"]), (&json!("acme"), &json!("Acme 茶")));
        let wish = json!({"name": "backend", "scopes": ["read", "manage"]});
        let token = operator.post("/api/v1/tenants/acme/tokens", &wish).await.expect(201);
        let api = host.stranger().with_token(token["token"].as_str().unwrap()).below("/api/v1/tenants/acme");

        let upload = || operator.post_bytes("/api/v1/plugins", "application/wasm", environment::plugin("sandbox"));
        let plugin = upload().await.expect(201);
        assert_eq!((&plugin["name"], &plugin["version"]), (&json!("sandbox"), &json!("0.1.0")));
        assert_eq!(plugin["digest"].as_str().unwrap().len(), 64);
        assert_eq!(plugin["size"], environment::plugin("sandbox").len());
        assert!(plugin["report"].as_object().is_some_and(|report| !report.is_empty()), "{plugin}");
        assert_eq!(upload().await.expect(201)["digest"], plugin["digest"]);

        let wish = json!({"version": "0.1.0", "mode": "live", "grants": "requested"});
        let installation = api.put("/installations/sandbox", &wish).await.expect(200);
        assert_eq!((&installation["mode"], &installation["kinds"]), (&json!("live"), &json!(["connector"])));
        assert_eq!(api.get("/installations/sandbox").await.expect(200), installation);
        let off = json!({"version": "0.1.0", "mode": "off", "grants": "requested"});
        let off = api.put("/installations/sandbox", &off).await.expect(200);
        assert_eq!((&off["mode"], &off["id"]), (&json!("off"), &installation["id"]));

        let tokens = api.get("/tokens").await.expect(200);
        assert!(!tokens.to_string().contains(token["token"].as_str().unwrap()), "a secret is shown again");
        api.delete(&format!("/tokens/{}", token["id"].as_str().unwrap())).await.expect(204);
        api.get("/tokens").await.problem(401, "unauthorized");
        host.stop().await;
    });
}

#[test]
fn api_2_lists_lose_and_repeat_nothing_while_more_comes_in() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        tenant.install("welcome", json!({})).await;
        tenant.install("social-value", json!({})).await;
        let identify = |n: usize| json!({"type": "identify", "userId": format!("u{n}"), "messageId": format!("m{n}")});
        let people: Vec<Value> = (0..45).map(identify).collect();
        assert_eq!(tenant.batch(&people).await["accepted"], 45);
        for list in ["/events", "/decisions", "/messages", "/people"] {
            tenant.wait_for(list, 45, |_| true).await;
        }
        // Whoever comes later is newer than all of them, so the rest of the walk stays the same.
        let mut newcomer = 1_000;
        for list in ["/events", "/decisions", "/messages", "/people", "/people?score=social-value"] {
            let before = tenant.list(list).await;
            let walked = walk(&tenant, list, &mut newcomer).await;
            let ids: BTreeSet<&str> = walked.iter().map(|item| item["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), walked.len(), "{list} repeats");
            let lost: Vec<&Value> = before.iter().filter(|item| !ids.contains(item["id"].as_str().unwrap())).collect();
            assert!(lost.is_empty(), "{list} loses {lost:?}");
        }
        for limit in ["0", "1", "201", "4294967295"] {
            tenant.api.get(&format!("/events?limit={limit}")).await.expect(200);
        }
        host.stop().await;
    });
}

/// Pages of seven, with somebody new between any two.
async fn walk(tenant: &Tenant, list: &str, newcomer: &mut usize) -> Vec<Value> {
    let separator = if list.contains('?') { '&' } else { '?' };
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = tenant.api.get(&format!("{list}{separator}limit=7{after}")).await.expect(200);
        let more = page["items"].as_array().unwrap();
        assert!(more.len() <= 7);
        items.extend(more.iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        after = format!("&cursor={next}");
        *newcomer += 1;
        let user = format!("u{newcomer}");
        tenant.call("identify", &json!({"userId": user})).await.expect(202);
        tenant.person(&format!("user:{user}"), |_| true).await;
    }
}

#[test]
fn api_3_a_write_under_one_key_is_done_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let keyed = async |client: &Client, method: Method, path: &str, key: &str, body: &Value| {
            let request = client.request(method, path).header("Idempotency-Key", key);
            client::finish(client::with_json(request, body)).await
        };
        let operator = host.operator();
        let new = json!({"slug": "once", "name": "Once"});
        let first = keyed(&operator, Method::POST, "/api/v1/tenants", "k1", &new).await;
        let again = keyed(&operator, Method::POST, "/api/v1/tenants", "k1", &new).await;
        assert_eq!(first.expect(201), again.expect(201));
        assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), (None, Some("true")));
        keyed(&operator, Method::POST, "/api/v1/tenants", "k2", &new).await.problem(409, "conflict");
        let other = json!({"slug": "twice", "name": "Twice"});
        keyed(&operator, Method::POST, "/api/v1/tenants", "k1", &other).await.problem(409, "conflict");
        operator.get("/api/v1/tenants/twice").await.problem(404, "not-found");

        // A failure is not kept: the corrected request goes through under the same key.
        let bad = json!({"slug": "!", "name": "Bad"});
        keyed(&operator, Method::POST, "/api/v1/tenants", "k3", &bad).await.problem(400, "invalid");
        keyed(&operator, Method::POST, "/api/v1/tenants", "k3", &other).await.expect(201);

        // A secret is shown once, and no second token is made.
        let wish = json!({"name": "shop", "scopes": ["ingest"]});
        let before = tenant.list("/tokens").await.len();
        let made = keyed(&tenant.api, Method::POST, "/tokens", "t1", &wish).await.expect(201);
        let again = keyed(&tenant.api, Method::POST, "/tokens", "t1", &wish).await;
        let problem = again.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains(made["id"].as_str().unwrap()), "{problem}");
        assert!(!again.text().contains(made["token"].as_str().unwrap()));
        assert_eq!(tenant.list("/tokens").await.len(), before + 1);
        for bad in ["", &"k".repeat(256)] {
            keyed(&tenant.api, Method::POST, "/tokens", bad, &wish).await.problem(400, "invalid");
        }
        host.stop().await;
    });
}

#[test]
fn api_4_every_refusal_is_a_problem_document() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let operator = host.operator();
        let json = "application/json";
        for (method, path, content_type, body, status, sort, detail) in [
            ("POST", "/api/v1/tenants", json, "{", 400, "invalid", "body: EOF"),
            ("POST", "/api/v1/tenants", json, "", 400, "invalid", "body: EOF"),
            ("POST", "/api/v1/tenants", json, r#"{"slug":"b2"}"#, 400, "invalid", "missing field `name`"),
            (
                "POST",
                "/api/v1/tenants",
                json,
                r#"{"slug":"b2","name":"B","plan":1}"#,
                400,
                "invalid",
                "unknown field `plan`",
            ),
            (
                "POST",
                "/api/v1/tenants",
                json,
                r#"{"slug":7,"name":"B"}"#,
                400,
                "invalid",
                "slug: invalid type: integer",
            ),
            ("POST", "/api/v1/tenants", json, r#"{"slug":"B!","name":"B"}"#, 400, "invalid", "slug: "),
            ("POST", "/api/v1/tenants", json, r#"{"slug":"b2","name":""}"#, 400, "invalid", "name: give 1 to"),
            ("POST", "/api/v1/tenants", json, r#"{"slug":"acme","name":"B"}"#, 409, "conflict", "exists already"),
            ("POST", "/api/v1/tenants", "text/plain", "{}", 415, "unsupported-media-type", "application/json"),
            ("POST", "/api/v1/tenants/acme/tokens", json, r#"{"name":"x","scopes":[]}"#, 400, "invalid", "scopes: "),
            (
                "POST",
                "/api/v1/tenants/acme/tokens",
                json,
                r#"{"name":"x","scopes":["all"]}"#,
                400,
                "invalid",
                "scopes[0]: unknown variant `all`",
            ),
            ("PATCH", "/api/v1/tenants", json, "{}", 405, "method-not-allowed", "Allow"),
            ("GET", "/api/v1/nothing", "", "", 404, "not-found", "openapi.json"),
            ("GET", "/v1/track/more", "", "", 404, "not-found", "openapi.json"),
            ("POST", "/v1/unheard-of", json, "{}", 404, "not-found", "openapi.json"),
            ("GET", "/api/v1/tenants/nobody", "", "", 404, "not-found", "tenant"),
            ("GET", "/api/v1/plugins/nothing/1.0.0", "", "", 404, "not-found", "plugin version"),
            ("GET", "/api/v1/tenants/acme/people/7", "", "", 400, "invalid", "path: `7` is not an identifier"),
            ("GET", "/api/v1/tenants/acme/people?page=2", "", "", 400, "invalid", "query: page: unknown field"),
            ("GET", "/api/v1/tenants/acme/people?limit=many", "", "", 400, "invalid", "query: limit"),
            ("GET", "/api/v1/tenants/acme/people?cursor=eA", "", "", 400, "invalid", "cursor: "),
            ("GET", "/api/v1/tenants/acme/people?identity=ada", "", "", 400, "invalid", "identity: "),
            ("GET", "/api/v1/tenants/acme/messages?status=lost", "", "", 400, "invalid", "query: status"),
            (
                "PUT",
                "/api/v1/tenants/acme/installations/x",
                json,
                r#"{"version":"1","mode":"live"}"#,
                400,
                "invalid",
                "name: use 2 to 64",
            ),
            (
                "PUT",
                "/api/v1/tenants/acme/installations/none",
                json,
                r#"{"version":"1","mode":"live"}"#,
                404,
                "not-found",
                "plugin version",
            ),
            (
                "PUT",
                "/api/v1/tenants/acme/installations/none",
                json,
                r#"{"version":"1","mode":"maybe"}"#,
                400,
                "invalid",
                "mode: unknown variant",
            ),
            ("POST", "/api/v1/tenants/acme/dead-letters/1/retry", "", "", 404, "not-found", "dead letter"),
            ("POST", "/api/v1/plugins", json, "{}", 415, "unsupported-media-type", "application/wasm"),
        ] {
            let request = operator.request(method.parse().unwrap(), path).body(body);
            let request = if content_type.is_empty() { request } else { request.header("content-type", content_type) };
            let answer = client::finish(request).await;
            assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
            let problem = answer.problem(status, sort);
            assert!(problem["detail"].as_str().unwrap().contains(detail), "{method} {path} {body}: {problem}");
            assert_eq!(problem.get("errors").is_some(), sort == "invalid", "{problem}");
        }
        let large = format!(r#"{{"slug":"b2","name":"{}"}}"#, "x".repeat(256 * 1024));
        operator.post_bytes("/api/v1/tenants", json, large).await.problem(413, "too-large");
        tenant.api.post("", &json!({})).await.problem(405, "method-not-allowed");
        // An operator belongs to no tenant, so its token is no write key.
        operator.post("/v1/track", &json!({"userId": "a", "event": "x"})).await.problem(403, "forbidden");
        assert_eq!(tenant.list("/events").await, Vec::<Value>::new());
        host.stop().await;
    });
}

#[test]
fn api_5_the_document_is_openapi_3_1_and_true() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let document = host.stranger().get("/openapi.json").await.expect(200);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
        check_document(&document);
        let tenant = host.tenant("acme").await;
        let objects = one_of_each(&tenant).await;
        let mut answered = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(operation) = item.get("get") else { continue };
            let filled = objects.iter().fold(path.clone(), |path, (from, to)| path.replace(from, to));
            assert!(!filled.contains('{'), "{path}: nothing to put in");
            let filled = match operation["operationId"].as_str() {
                Some("find_path") => format!("{filled}?to={}", objects[2].1.trim_start_matches("people/")),
                Some("find_common") => format!("{filled}?with={}", objects[2].1.trim_start_matches("people/")),
                Some("report_import") => format!("{filled}?result=refused"),
                _ => filled,
            };
            let content = operation["responses"]["200"]["content"].as_object();
            let (kind, schema) = content.and_then(|kinds| kinds.iter().next()).unwrap_or_else(|| panic!("{path}"));
            if kind == "text/event-stream" {
                let response = host.operator().request(Method::GET, &filled).send().await.expect("headers");
                assert_eq!(response.headers()["content-type"], "text/event-stream", "{path}");
            } else if kind != "application/json" {
                let answer = host.operator().get(&filled).await;
                assert_eq!(
                    answer.header("content-type").and_then(|kind| kind.split(';').next()),
                    kind.split(';').next(),
                    "{path}"
                );
            } else {
                let answer = host.operator().get(&filled).await;
                assert_eq!(answer.header("content-type"), Some(kind.as_str()), "{path}");
                check_against(&document, &schema["schema"], &answer.expect(200), path);
            }
            answered += 1;
        }
        assert!(answered >= 15, "only {answered} GET routes are documented");
        host.stop().await;
    });
}

/// A path for every template.
async fn one_of_each(tenant: &Tenant) -> Vec<(&'static str, String)> {
    for plugin in ["sandbox", "social-value", "welcome"] {
        tenant.install(plugin, json!({})).await;
    }
    tenant.call("identify", &json!({"userId": "ada", "traits": {"name": "Ada"}})).await.expect(202);
    let order = json!({"userId": "ada", "event": "Order Completed", "properties": {"order_id": "1", "total": 5}});
    tenant.call("track", &order).await.expect(202);
    tenant.call("track", &json!({"userId": "ada", "event": "Order Completed"})).await.expect(202);
    tenant.wait_for("/dead-letters", 1, |_| true).await;
    let message = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await.remove(0);
    let id = |name: &str| message[name].as_str().unwrap().to_owned();
    let segment = json!({"title": "All", "filter": {"all": []}});
    tenant.api.put("/segments/all", &segment).await.expect(200);
    tenant.call("track", &json!({"userId": "gone", "event": "x"})).await.expect(202);
    let gone = tenant.person("user:gone", |_| true).await["id"].as_str().unwrap().to_owned();
    let farewell = json!({"reason": "asked", "confirm": gone});
    let erasure = tenant.api.post(&format!("/people/{gone}/erase"), &farewell).await;
    let erasure = erasure.json()["id"].as_str().unwrap().to_owned();
    // After the erasure, which gives up files that came before it.
    let file = tenant.api.post_bytes("/imports", "text/csv", "email\nada@example.com\n").await.expect(201);
    let backtest = tenant.api.post("/backtests", &json!({"installation": "welcome"})).await.expect(202);
    // Nobody listens there.
    let told = json!({"address": "http://127.0.0.1:9/", "kinds": ["guanxi.candidate"]});
    let webhook = tenant.api.post("/webhooks", &told).await.expect(201)["webhook"]["id"].clone();
    tenant.api.put("/contents/hello", &json!({"content": {"text": "Hello"}})).await.expect(200);
    let candidate = json!({"config": {"class": "reply"}});
    tenant.api.put("/installations/welcome/candidate", &candidate).await.expect(200);
    let purposes = json!({"purposes": {"advertising": {"title": "Advertising", "basis": "consent"}}});
    tenant.api.put("/settings", &purposes).await.expect(200);
    let (config, secrets) = (json!({"url": "http://127.0.0.1:9"}), json!({"app-secret": "s"}));
    tenant.install_component("puller", environment::guest("puller"), config, secrets).await;
    tenant.api.post("/installations/puller/poll", &json!({})).await.expect(202);
    let audience = json!({"title": "All", "segment": "all", "installation": "puller", "channel_audience": "1",
        "kinds": ["email"], "purpose": "advertising"});
    tenant.api.put("/audiences/all", &audience).await.expect(200);
    vec![
        ("backtests/{id}", format!("backtests/{}", backtest["id"].as_str().unwrap())),
        ("{tenant}", tenant.slug.clone()),
        ("people/{id}", format!("people/{}", id("person"))),
        ("decisions/{id}", format!("decisions/{}", id("decision"))),
        ("messages/{id}", format!("messages/{}", id("id"))),
        ("installations/{name}/callbacks", "installations/sandbox/callbacks".to_owned()),
        ("installations/{name}/test-messages", "installations/sandbox/test-messages".to_owned()),
        ("installations/{name}/poll", "installations/puller/poll".to_owned()),
        ("installations/{name}", "installations/welcome".to_owned()),
        ("installations/{name}/candidate", "installations/welcome/candidate".to_owned()),
        ("imports/{id}", format!("imports/{}", file["id"].as_str().unwrap())),
        ("erasures/{id}", format!("erasures/{erasure}")),
        ("segments/{name}", "segments/all".to_owned()),
        ("audiences/{name}", "audiences/all".to_owned()),
        ("contents/{name}", "contents/hello".to_owned()),
        ("webhooks/{id}", format!("webhooks/{}", webhook.as_str().unwrap())),
        ("plugins/{name}/allowance", "plugins/welcome/allowance".to_owned()),
        ("plugins/{name}/{version}", "plugins/welcome/0.2.0".to_owned()),
    ]
}

fn check_document(document: &Value) {
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(ids.insert(id), "{id} is there twice");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{id} has no summary");
            for scheme in
                operation["security"].as_array().into_iter().flatten().flat_map(|s| s.as_object().unwrap().keys())
            {
                assert!(document["components"]["securitySchemes"].get(scheme).is_some(), "{id}: no scheme {scheme}");
            }
            let named: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let used: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, used, "{id}");
        }
    }
    check_references(document, document);
}

fn check_references(document: &Value, within: &Value) {
    match within {
        Value::Object(map) => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads elsewhere"));
                assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            map.values().for_each(|value| check_references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

/// An answer has what its schema says and nothing beside it.
fn check_against(document: &Value, schema: &Value, answer: &Value, path: &str) {
    let whole = json!({"components": document["components"], "allOf": [schema], "unevaluatedProperties": false});
    let validator: Validator = jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{path}: {error}"));
    let problems: Vec<String> = validator.iter_errors(answer).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(problems.is_empty(), "{path}: {problems:?}\n{answer}");
}
