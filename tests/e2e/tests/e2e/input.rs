//! Bad input: a clear error for the caller, the good events of a batch kept, and nothing bad stored.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use guanxi_e2e::{Answer, Host, Tenant, client, environment, now_millis, on_both};
use reqwest::Method;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

async fn send(tenant: &Tenant, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let request = tenant.ingest.request(Method::POST, path).body(body);
    client::finish(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The host still serves, and holds this one good event and nothing else.
async fn check_nothing_else_is_there(tenant: &Tenant) {
    tenant.call("track", &json!({"userId": "good", "event": "Good"})).await.expect(202);
    tenant.person("user:good", |_| true).await;
    let kinds: Vec<Value> = tenant.list("/events").await.into_iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["Good"]);
    assert_eq!(tenant.list("/people").await.len(), 1);
    assert_eq!(tenant.list("/dead-letters").await.len(), 0);
}

#[test]
fn in_1_events_that_cannot_be_read_are_refused_with_the_place() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let deep =
            format!(r#"{{"userId":"a","event":"x","properties":{{"p":{}1{}}}}}"#, "[".repeat(40), "]".repeat(40));
        let deeper =
            format!(r#"{{"userId":"a","event":"x","properties":{{"p":{}1{}}}}}"#, "[".repeat(9_000), "]".repeat(9_000));
        for (path, body, at) in [
            ("/v1/track", "garbage", "body"),
            ("/v1/track", "", "body"),
            ("/v1/track", r#"{"userId":"a","event":"#, "body"),
            ("/v1/track", "[]", "body"),
            ("/v1/track", "null", "body"),
            ("/v1/track", r#"{"event":"x"}"#, "userId"),
            ("/v1/track", r#"{"userId":"","event":"x"}"#, "userId"),
            ("/v1/track", r#"{"userId":["a"],"event":"x"}"#, "userId"),
            ("/v1/track", r#"{"userId":1.5,"event":"x"}"#, "userId"),
            ("/v1/track", r#"{"userId":"a\u0000b","event":"x"}"#, "userId"),
            ("/v1/track", r#"{"userId":"a"}"#, "event"),
            ("/v1/track", r#"{"userId":"a","event":7}"#, "event"),
            ("/v1/track", r#"{"userId":"a","event":""}"#, "event"),
            ("/v1/track", r#"{"userId":"a","event":"x\u0000"}"#, "event"),
            ("/v1/track", r#"{"userId":"a","event":"guanxi.timer"}"#, "event"),
            ("/v1/track", r#"{"userId":"a","event":"x","properties":[]}"#, "properties"),
            ("/v1/track", r#"{"userId":"a","event":"x","properties":{"k":{"l":["\u0000"]}}}"#, "properties.k.l[0]"),
            ("/v1/track", r#"{"userId":"a","event":"x","properties":{"\u0000":1}}"#, "properties"),
            ("/v1/track", r#"{"userId":"a","event":"x","timestamp":"yesterday"}"#, "timestamp"),
            ("/v1/track", r#"{"userId":"a","event":"x","messageId":{}}"#, "messageId"),
            ("/v1/identify", r#"{"userId":"a","traits":"x"}"#, "traits"),
            ("/v1/identify", r#"{"userId":"a","traits":{"name":"\u0000"}}"#, "traits.name"),
            ("/v1/alias", r#"{"userId":"a"}"#, "previousId"),
            ("/v1/group", r#"{"userId":"a"}"#, "groupId"),
            ("/v1/batch", "[]", "body"),
            ("/v1/batch", "{}", "batch"),
            ("/v1/batch", r#"{"batch":{}}"#, "batch"),
            ("/v1/batch", r#"{"batch":[7]}"#, "batch[0]"),
            ("/v1/batch", r#"{"batch":[{"userId":"a"}]}"#, "batch[0].type"),
            ("/v1/events", "7", "body"),
            ("/v1/events", "{}", "specversion"),
            ("/v1/events", r#"{"specversion":"0.3","id":"1","source":"s","type":"t"}"#, "specversion"),
            ("/v1/events", r#"{"specversion":"1.0","source":"s","type":"t","subject":"user:a"}"#, "id"),
            ("/v1/events", r#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#, "subject"),
            (
                "/v1/events",
                r#"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"email:nobody"}"#,
                "subject",
            ),
        ] {
            check_refused(&tenant, path, body.as_bytes().to_vec(), 400, "invalid", at).await;
        }
        check_refused(&tenant, "/v1/track", b"{\"userId\":\"\xff\"}".to_vec(), 400, "invalid", "body").await;
        check_refused(&tenant, "/v1/track", deep.into_bytes(), 400, "invalid", "properties.p[0]").await;
        check_refused(&tenant, "/v1/track", deeper.into_bytes(), 400, "invalid", "body").await;
        check_nothing_else_is_there(&tenant).await;
        host.stop().await;
    });
}

async fn check_refused(tenant: &Tenant, path: &str, body: Vec<u8>, status: u16, sort: &str, at: &str) {
    let shown = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
    let kind = if path == "/v1/events" { "application/cloudevents+json" } else { "application/json" };
    let answer = send(tenant, path, &[("content-type", kind)], body).await;
    assert_eq!(answer.status, status, "{path} {shown}: {}", answer.text());
    let problem = answer.problem(status, sort);
    let place = problem["errors"][0]["at"].as_str().unwrap_or_default();
    assert!(place.starts_with(at), "{path} {shown}: {problem}");
    // Segment's libraries show `code` and `message`.
    assert_eq!(problem.get("code").is_some(), path != "/v1/events", "{problem}");
}

#[test]
fn in_2_what_is_too_large_is_refused_before_it_costs_memory() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let event = |bytes: usize| json!({"type": "track", "userId": "big", "event": "x", "properties": {"p": "x".repeat(bytes)}});
        let large = event(33_000).to_string().into_bytes();
        let batch = json!({"batch": vec![event(30_000); 18]}).to_string().into_bytes();
        let many = json!({"batch": vec![json!({"type": "page", "userId": "big"}); 2_501]}).to_string().into_bytes();
        let bomb = gzip(&vec![b' '; 50_000_000]);
        let packed: &[(&str, &str)] = &[("content-encoding", "gzip")];
        for (path, headers, body, status, sort) in [
            ("/v1/track", &[][..], large.clone(), 413, "too-large"),
            ("/v1/track", packed, gzip(&large), 413, "too-large"),
            ("/v1/batch", &[], batch.clone(), 413, "too-large"),
            ("/v1/batch", packed, gzip(&batch), 413, "too-large"),
            ("/v1/batch", packed, bomb, 413, "too-large"),
            ("/v1/batch", &[], many, 400, "invalid"),
            ("/v1/batch", packed, batch[..1_000].to_vec(), 400, "invalid"),
            ("/v1/batch", packed, gzip(b"{}")[..12].to_vec(), 400, "invalid"),
            ("/v1/batch", &[("content-encoding", "br")], b"{}".to_vec(), 415, "unsupported-media-type"),
            ("/v1/events", &[("content-type", "text/plain")], b"{}".to_vec(), 415, "unsupported-media-type"),
        ] {
            let answer = send(&tenant, path, headers, body).await;
            assert_eq!(answer.status, status, "{path} {headers:?}: {}", answer.text());
            answer.problem(status, sort);
        }
        check_nothing_else_is_there(&tenant).await;
        // Just below the limits everything fits.
        tenant.call("track", &event(32_000)).await.expect(202);
        let full = gzip(json!({"batch": vec![event(30_000); 16]}).to_string().as_bytes());
        assert_eq!(send(&tenant, "/v1/batch", packed, full).await.expect(202)["accepted"], 16);
        host.stop().await;
    });
}

#[test]
fn in_3_a_batch_keeps_its_good_messages_and_names_the_bad_ones() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let good = |n: u32| json!({"type": "track", "userId": "ada", "event": "Good", "messageId": format!("g{n}")});
        let long = json!({"type": "track", "userId": "ada", "event": "x", "properties": {"p": "x".repeat(33_000)}});
        let receipt = tenant
            .batch(&[
                good(1),
                json!({"type": "track", "event": "x"}),
                good(2),
                json!("text"),
                long,
                json!({"type": "buy", "userId": "ada"}),
                good(1),
                good(3),
                json!({"type": "identify", "userId": "ada", "traits": {"name": "\u{0}"}}),
            ])
            .await;
        assert_eq!((&receipt["accepted"], &receipt["duplicates"]), (&json!(3), &json!(1)), "{receipt}");
        let places: Vec<&Value> = receipt["rejected"].as_array().unwrap().iter().map(|bad| &bad["at"]).collect();
        assert_eq!(places, ["batch[1].userId", "batch[3]", "batch[4]", "batch[5].type", "batch[8].traits.name"]);
        let ada = tenant.person("user:ada", |ada| ada["facts"]["event_count"] == 3).await;
        assert_eq!(ada["name"], Value::Null);
        assert_eq!(tenant.list("/events").await.len(), 3);
        host.stop().await;
    });
}

#[test]
fn in_4_the_senders_clock_is_corrected_and_absurd_times_are_not_believed() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let now = now_millis();
        // What the event says, what the sender's clock said, and how long ago it happened by ours.
        let cases: [(Value, Value, i64); 9] = [
            (Value::Null, Value::Null, 0),
            (json!(now - HOUR), Value::Null, HOUR),
            (json!(now - HOUR), json!(now), HOUR),
            (json!(now + 5 * HOUR), json!(now + 6 * HOUR), HOUR),
            (json!(now - 9 * HOUR), json!(now - 8 * HOUR), HOUR),
            (json!(now + 9 * HOUR), Value::Null, 0),
            (json!("9999-12-30T00:00:00Z"), Value::Null, 0),
            (json!(-62_135_596_800_000_i64), Value::Null, 0),
            (json!("1970-01-01T00:00:00Z"), json!("1970-01-01T00:00:00Z"), 0),
        ];
        for (number, (timestamp, sent_at, _)) in cases.iter().enumerate() {
            let mut event = json!({"userId": "ada", "event": "Tick", "messageId": format!("t{number}")});
            for (name, value) in [("timestamp", timestamp), ("sentAt", sent_at)] {
                if !value.is_null() {
                    event[name] = value.clone();
                }
            }
            tenant.call("track", &event).await.expect(202);
        }
        let events = tenant.wait_for("/events", cases.len(), |_| true).await;
        for (number, (timestamp, sent_at, ago)) in cases.iter().enumerate() {
            let event = events.iter().find(|event| event["message_id"] == format!("t{number}")).unwrap();
            let happened = event["received_at"].as_i64().unwrap() - event["occurred_at"].as_i64().unwrap();
            assert!((happened - ago).abs() < 60_000, "{timestamp} sent {sent_at}: {happened} ms ago\n{event}");
            let told = !event["notes"].as_array().unwrap().is_empty();
            assert_eq!(told, ![0, 1, 2].contains(&number), "{event}");
        }
        host.stop().await;
    });
}

#[test]
fn in_5_facts_are_right_whatever_comes_twice_or_late() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let now = now_millis();
        let event = |id: &str, kind: &str, days: i64, properties: Value| {
            json!({
                "type": "track", "userId": "ada", "event": kind, "messageId": id,
                "timestamp": now - days * 24 * HOUR, "properties": properties,
            })
        };
        let order = |id: &str, number: &str, days: i64, total: f64| {
            event(id, "Order Completed", days, json!({"order_id": number, "total": total}))
        };
        let refund = |id: &str, number: &str, total: f64| {
            event(id, "Order Refunded", 1, json!({"order_id": number, "total": total}))
        };
        // The newest first; the second order said twice under different ids; more refunded than was paid.
        let batch = [
            order("m1", "3", 1, 30.0),
            order("m2", "1", 30, 10.0),
            order("m3", "2", 10, 20.0),
            order("m4", "2", 10, 25.0),
            refund("m5", "1", 4.0),
            refund("m6", "3", 99.0),
            event("m7", "Looked", 50, json!({})),
        ];
        assert_eq!(tenant.batch(&batch).await["accepted"], 7);
        for _ in 0..2 {
            let again = tenant.batch(&batch).await;
            assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(7)));
        }
        let ada = tenant.person("user:ada", |ada| ada["facts"]["event_count"] == 7).await;
        let facts = &ada["facts"];
        // 10 - 4, 25, and 30 given back whole.
        assert_eq!((&facts["revenue"], &facts["order_count"]), (&json!(3_100), &json!(2)), "{facts}");
        let days_ago = |name: &str| (now - facts[name].as_i64().unwrap()) / (24 * HOUR);
        assert_eq!((days_ago("first_seen"), days_ago("last_seen")), (50, 1), "{facts}");
        host.stop().await;
    });
}

#[test]
fn in_6_components_that_do_not_fit_are_refused_with_all_problems() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let operator = host.operator();
        let before = operator.get("/api/v1/plugins").await.expect(200);
        let upload = |bytes: Vec<u8>| operator.post_bytes("/api/v1/plugins", "application/wasm", bytes);
        let mut truncated = environment::plugin("webhook");
        truncated.truncate(truncated.len() / 2);
        for (name, bytes) in [
            ("nothing", Vec::new()),
            ("garbage", b"this is no component".to_vec()),
            ("a core module", b"\0asm\x01\0\0\0".to_vec()),
            ("an empty component", b"\0asm\x0d\0\x01\0".to_vec()),
            ("half a component", truncated),
        ] {
            let problem = upload(bytes).await.problem(400, "invalid");
            let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{name}: {problem}"));
            assert!(errors.iter().all(|error| !error["problem"].as_str().unwrap().is_empty()), "{name}: {problem}");
        }
        let problem = upload(environment::guest("wrong-world")).await.problem(400, "invalid");
        let text = problem["errors"].to_string();
        assert!(text.contains("table [campaign], but the component does not export this"), "{text}");
        assert!(text.contains("no table [scorer]"), "{text}");
        upload(vec![0; 32 * 1024 * 1024 + 1]).await.problem(413, "too-large");
        assert_eq!(operator.get("/api/v1/plugins").await.expect(200), before);
        host.stop().await;
    });
}

#[test]
fn in_7_installations_that_cannot_work_are_refused_with_the_place() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        for plugin in ["welcome", "red-packet", "webhook"] {
            tenant.upload(environment::plugin(plugin)).await;
        }
        let extra = json!({"fields": ["shoe-size"]});
        let packet =
            |config: Value| json!({"version": "0.1.0", "mode": "live", "grants": "requested", "config": config});
        let hook = |url: &str, secrets: Value| json!({"version": "0.2.1", "mode": "live", "grants": "requested", "config": {"url": url}, "secrets": secrets});
        let key = json!({"signing-key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        let good = "https://example.com/hook";
        for (name, wish, places) in [
            ("welcome", json!({"version": "0.2.0", "mode": "live"}), &["grants"][..]),
            ("welcome", json!({"version": "0.2.0", "mode": "live", "grants": extra}), &["grants"]),
            ("welcome", json!({"version": "0.2.0", "mode": "live", "grants": "requested", "config": 7}), &["config"]),
            (
                "welcome",
                json!({"version": "0.2.0", "mode": "live", "grants": "requested", "config": {"class": "loud"}}),
                &["config/class"],
            ),
            ("red-packet", packet(json!({})), &["config/budget", "config/max", "config/min"]),
            ("red-packet", packet(json!({"budget": "b", "min": "88", "max": 0})), &["config/max", "config/min"]),
            ("red-packet", packet(json!({"budget": "b", "min": 1, "max": 2, "limit": 3})), &["config"]),
            ("webhook", hook(good, json!({})), &["secrets/signing-key"]),
            ("webhook", hook(good, json!({"signing-key": "short"})), &["secrets/signing-key", "secrets/signing-key"]),
            ("webhook", hook("ftp://example.com", key.clone()), &["config/url"]),
            ("webhook", hook(good, json!({"signing-key": key["signing-key"], "other": "x"})), &["secrets/other"]),
        ] {
            let answer = tenant.api.put(&format!("/installations/{name}"), &wish).await;
            assert_eq!(answer.status, 400, "{wish}: {}", answer.text());
            let problem = answer.problem(400, "invalid");
            let mut found: Vec<&str> =
                problem["errors"].as_array().unwrap().iter().map(|e| e["at"].as_str().unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, places, "{problem}");
        }
        let asked = tenant.api.put("/installations/welcome", &json!({"version": "0.2.0", "mode": "live"})).await;
        for wanted in ["name", "send", "add-tag"] {
            assert!(asked.text().contains(wanted), "{} does not name {wanted}", asked.text());
        }
        assert_eq!(tenant.list("/installations").await, Vec::<Value>::new());

        // A secret goes in and never comes out.
        let installed = tenant.api.put("/installations/webhook", &hook(good, key.clone())).await;
        assert_eq!(installed.expect(200)["secrets"], json!(["signing-key"]));
        let shown = tenant.api.get("/installations/webhook").await;
        assert!(!shown.text().contains("whsec_") && !installed.text().contains("whsec_"));
        host.stop().await;
    });
}
