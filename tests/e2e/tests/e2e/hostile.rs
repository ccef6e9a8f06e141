//! Hostile plugins beside good ones on a running host: each is contained, says how it failed, and is quarantined; the
//! good ones go on.

use std::time::Duration;

use futures::StreamExt;
use guanxi_e2e::environment::guest;
use guanxi_e2e::{Client, Host, Tenant, now_millis, on_both};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

const TOLD_MAX: Duration = Duration::from_secs(60);

/// Guests that fail at every event, and with which words.
const GUESTS: [(&str, &[&str]); 7] = [
    ("endless-loop", &["the plugin ran out of fuel", "the plugin took longer than its time limit"]),
    ("deep-recursion", &["the plugin overflowed its stack"]),
    ("memory-hoarder", &["the plugin wanted more memory than its limit"]),
    ("huge-output", &["the plugin answered with more bytes than its limit"]),
    ("huge-strings", &["the plugin answered with more bytes than its limit"]),
    ("host-call-flood", &["the plugin called the host more often than its limit"]),
    ("invalid-utf8", &["the plugin broke its contract: decide: invalid utf-8"]),
];

async fn with_good_plugins(host: &Host, slug: &str) -> Tenant {
    let tenant = host.tenant(slug).await;
    for name in ["sandbox", "social-value", "welcome"] {
        tenant.install(name, json!({})).await;
    }
    tenant
}

async fn introduce(tenant: &Tenant, users: std::ops::Range<usize>) {
    let call = |user| json!({"type": "identify", "userId": format!("user-{user}"), "traits": {"name": "Ada"}});
    tenant.batch(&users.map(call).collect::<Vec<_>>()).await;
}

/// Decisions of one installation about what was sent, oldest first, once there are so many.
async fn decisions(tenant: &Tenant, installation: &str, count: usize) -> Vec<Value> {
    let sent = |event: &Value| event["kind"].as_str().is_some_and(|kind| !kind.starts_with("guanxi."));
    // Guests want everything, so they are asked about what the host tells of its messages, too.
    let sent: Vec<Value> =
        tenant.list("/events").await.iter().filter(|event| sent(event)).map(|e| e["position"].clone()).collect();
    let mine = |decision: &Value| decision["installation"] == installation && sent.contains(&decision["position"]);
    let mut found = tenant.wait_for("/decisions", count, mine).await;
    assert_eq!(found.len(), count, "{installation}");
    found.sort_by_key(|decision| decision["position"].as_i64());
    found
}

/// The good plugins did all they should for these people.
async fn good_ones_worked(tenant: &Tenant, users: std::ops::Range<usize>) {
    for decision in decisions(tenant, "welcome", users.len()).await {
        assert_eq!((&decision["outcome"], &decision["operations"][0]["outcome"]), (&json!("acted"), &json!("done")));
    }
    for user in users {
        let person = tenant.person(&format!("user:user-{user}"), |_| true).await;
        assert_eq!(person["scores"][0]["name"], "social-value", "{person}");
        assert_eq!(person["tags"][0]["name"], "welcomed", "{person}");
    }
    tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
}

async fn health(tenant: &Tenant, installation: &str) -> Value {
    tenant.api.get(&format!("/installations/{installation}")).await.expect(200)["health"].clone()
}

#[test]
fn pl_2_hostile_plugins_fail_alone_with_their_own_error() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        for (name, errors) in GUESTS {
            let tenant = with_good_plugins(&host, name).await;
            tenant.install_component(name, guest(name), json!({}), json!({})).await;
            introduce(&tenant, 0..2).await;
            for decision in decisions(&tenant, name, 2).await {
                assert_eq!(decision["outcome"], "failed", "{decision}");
                assert_eq!(decision["operations"], json!([]), "{decision}");
                let reason = decision["reasons"][0].as_str().expect("a reason");
                assert!(errors.iter().any(|error| reason.starts_with(error)), "{name}: {reason}");
            }
            good_ones_worked(&tenant, 0..2).await;
            let health = health(&tenant, name).await;
            assert!((2..=4).contains(&health["crashes"].as_u64().expect("a count")), "{name}: {health}");
            assert_eq!(health["quarantines"], 0, "{name}: {health}");
        }
        host.stop().await;
    });
}

#[test]
fn pl_2_a_component_of_the_wrong_world_is_refused_with_a_report() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let refused = host.operator().post_bytes("/api/v1/plugins", "application/wasm", guest("wrong-world")).await;
        let problem = refused.problem(400, "invalid");
        let places: Vec<&Value> = problem["errors"].as_array().expect("a report").iter().map(|e| &e["at"]).collect();
        assert_eq!(places, ["guanxi:plugin/campaign@0.1.0", "guanxi:plugin/scorer@0.1.0"], "{problem}");
        host.operator().get("/api/v1/plugins/wrong-world/0.1.0").await.problem(404, "not-found");
        host.stop().await;
    });
}

#[test]
fn pl_2_a_crash_in_the_middle_of_a_batch_costs_its_own_moment_only() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = with_good_plugins(&host, "acme").await;
        tenant.install_component("trap", guest("trap-mid-batch"), json!({}), json!({})).await;
        let event = |user: usize| if user == 13 { "boom" } else { "visit" };
        let call = |user| json!({"type": "track", "userId": format!("user-{user}"), "event": event(user)});
        tenant.batch(&(0..30).map(call).collect::<Vec<_>>()).await;
        for (user, decision) in decisions(&tenant, "trap", 30).await.iter().enumerate() {
            let expected = match event(user) {
                "boom" => ("failed", json!(["the plugin crashed: panic in `decide`"])),
                kind => ("skipped", json!([kind])),
            };
            assert_eq!((&decision["outcome"], &decision["reasons"]), (&json!(expected.0), &expected.1), "{user}");
        }
        let person = tenant.person("user:user-13", |_| true).await;
        assert_eq!(person["facts"]["event_count"], 1, "the event itself was processed");
        assert_eq!(tenant.list("/dead-letters").await, Vec::<Value>::new());
        host.stop().await;
    });
}

#[test]
fn pl_2_garbage_in_one_answer_fails_that_answer_only() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = with_good_plugins(&host, "acme").await;
        tenant.install_component("garbage", guest("garbage-json"), json!({}), json!({})).await;
        let event = |user: usize| if user == 1 { "garbage" } else { "fine" };
        let call = |user| json!({"type": "track", "userId": format!("user-{user}"), "event": event(user)});
        tenant.batch(&(0..3).map(call).collect::<Vec<_>>()).await;
        let mine = |decision: &Value| decision["installation"] == "garbage" && decision["operations"] == json!([]);
        let failed = tenant.wait_for("/decisions", 1, mine).await;
        let reason = failed[0]["reasons"][0].as_str().expect("a reason");
        assert!(reason.contains("an event's properties is not the JSON it must be"), "{reason}");
        let health = health(&tenant, "garbage").await;
        assert_eq!(health["crashes"], 0, "a bad answer about one moment is a failure, not a crash: {health}");
        host.stop().await;
    });
}

#[test]
fn pl_2_events_lead_to_events_so_many_and_so_deep_only() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = with_good_plugins(&host, "acme").await;
        tenant.install_component("echo", guest("echo-chamber"), json!({}), json!({})).await;
        tenant.batch(&[json!({"type": "track", "userId": "ada", "event": "shout"})]).await;
        let ended =
            |decision: &Value| decision["operations"][0]["refusal"] == "events led to events 4 times; it ends here";
        tenant.wait_for("/decisions", 8, ended).await;
        let echo = |event: &Value| event["kind"] == "echo-chamber.echo";
        assert_eq!(tenant.list("/events").await.into_iter().filter(echo).count(), 8 * 4);
        let shouted = |decision: &Value| decision["installation"] == "echo" && decision["reasons"][0] == "shout";
        let shouted = &tenant.wait_for("/decisions", 1, shouted).await[0];
        let refusals: Vec<&Value> = (0..10).map(|n| &shouted["operations"][n]["refusal"]).collect();
        assert_eq!(refusals[..8], [&Value::Null; 8], "{shouted}");
        assert_eq!(refusals[8..], [&json!("a decision emits at most 8 events"); 2], "{shouted}");
        host.stop().await;
    });
}

#[test]
fn pl_2_a_timer_set_into_the_past_does_not_spin() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = with_good_plugins(&host, "acme").await;
        tenant.install_component("echo", guest("echo-chamber"), json!({}), json!({})).await;
        tenant.batch(&[json!({"type": "track", "userId": "ada", "event": "wake"})]).await;
        let rung = tenant.wait_for("/events", 3, |event| event["kind"] == "guanxi.timer").await;
        let mut times: Vec<i64> = rung.iter().filter_map(|event| event["occurred_at"].as_i64()).collect();
        times.sort_unstable();
        assert!(times.len() >= 3, "{rung:?}");
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 1_000), "{times:?}");
        host.stop().await;
    });
}

#[test]
fn pl_2_the_crash_budget_ends_in_quarantine_which_everybody_sees() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = with_good_plugins(&host, "acme").await;
        let installed = tenant.install_component("loop", guest("endless-loop"), json!({}), json!({})).await;
        let mut live = Live::watch(&tenant.api).await;
        let before = now_millis();
        introduce(&tenant, 0..8).await;

        let told = live.next("plugin", |item| item["detail"] == "the plugin ran out of fuel").await;
        assert_eq!((&told["what"], &told["id"]), (&json!("loop"), &installed["id"]), "{told}");
        let made = decisions(&tenant, "loop", 8).await;
        let reasons: Vec<&str> = made.iter().filter_map(|decision| decision["reasons"][0].as_str()).collect();
        assert_eq!(reasons.iter().filter(|reason| **reason == "the plugin is in quarantine").count(), 3, "{reasons:?}");
        let sick = health(&tenant, "loop").await;
        assert_eq!((&sick["quarantines"], &sick["last_error"]), (&json!(1), &json!("the plugin ran out of fuel")));
        assert!(sick["quarantined_until"].as_i64().expect("a time") >= before + 60_000, "{sick}");
        good_ones_worked(&tenant, 0..8).await;
        host.stop().await;

        // A restart is no way out.
        let host = Host::start(&place).await;
        let tenant = tenant.on(&host);
        assert_eq!(health(&tenant, "loop").await, sick);
        introduce(&tenant, 8..10).await;
        for decision in &decisions(&tenant, "loop", 10).await[8..] {
            assert_eq!(decision["reasons"], json!(["the plugin is in quarantine"]), "{decision}");
            assert_eq!(decision["fuel"], 0, "{decision}");
        }
        good_ones_worked(&tenant, 0..10).await;

        // Switched off, it is not even asked.
        let wish = json!({"plugin": installed["plugin"], "version": installed["version"], "mode": "off"});
        let off = tenant.api.put("/installations/loop", &wish).await.expect(200);
        assert_eq!((&off["mode"], &off["health"]["quarantined_until"]), (&json!("off"), &Value::Null), "{off}");
        introduce(&tenant, 10..12).await;
        good_ones_worked(&tenant, 0..12).await;
        decisions(&tenant, "loop", 10).await;
        host.stop().await;
    });
}

/// An onlooker on the live stream.
struct Live {
    stream: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
}

impl Live {
    async fn watch(api: &Client) -> Self {
        let response = api.request(Method::GET, "/live").send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { stream: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The next item with this name that is `wanted`.
    async fn next(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                while let Some((item, rest)) = self.text.split_once("\n\n") {
                    let (item, rest) = (item.to_owned(), rest.to_owned());
                    self.text = rest;
                    let Some(data) = item.strip_prefix(&format!("event: {name}\ndata: ")) else { continue };
                    let data: Value = serde_json::from_str(data).expect("JSON");
                    if wanted(&data) {
                        return data;
                    }
                }
                let bytes = self.stream.next().await.expect("the stream goes on").expect("bytes");
                self.text.push_str(&String::from_utf8_lossy(&bytes));
            }
        };
        timeout(TOLD_MAX, look).await.unwrap_or_else(|_| panic!("nothing like that is told on the live stream"))
    }
}
