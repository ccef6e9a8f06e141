//! Providers that hang, refuse, ask for patience, or may not be reached at all.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use guanxi_e2e::environment::plugin;
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, eventually_within, on_both};
use serde_json::{Value, json};

/// A neighbour of a hanging queue gets its messages within this, far below the time limit of the hanging ones.
const PROMPT: Duration = Duration::from_secs(15);

async fn connect(tenant: &Tenant, name: &str, url: &str) {
    let secrets = json!({"signing-key": WEBHOOK_SECRET});
    tenant.install_component(name, plugin("webhook"), json!({"url": url}), secrets).await;
}

async fn introduce(tenant: &Tenant, users: &[&str]) {
    let call =
        |user: &&str| json!({"type": "identify", "userId": user, "messageId": format!("hello-{user}"), "traits": {}});
    tenant.batch(&users.iter().map(call).collect::<Vec<_>>()).await;
}

fn address(received: &Received) -> String {
    received.json()["address"].as_str().expect("an address").to_owned()
}

/// The only message of this user, in full, once it has this status.
async fn message(tenant: &Tenant, user: &str, status: &str) -> Value {
    let to = format!("user:{user}");
    let found = tenant.wait_for("/messages", 1, |m| m["address"] == to.as_str() && m["status"] == status).await;
    assert_eq!(found.len(), 1, "{found:?}");
    tenant.api.get(&format!("/messages/{}", found[0]["id"].as_str().expect("an id"))).await.expect(200)
}

#[test]
fn ch_8_a_hanging_provider_delays_only_its_own_queue() {
    on_both(|place| async move {
        let (slow, fast) = (Sink::start().await, Sink::start().await);
        slow.behave(|_| Reply::Hang);
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "60")]).await;
        let (acme, other) = (host.tenant("acme").await, host.tenant("other").await);
        connect(&acme, "slow", &slow.url()).await;
        connect(&other, "webhook", &fast.url()).await;
        for tenant in [&acme, &other] {
            tenant.install("welcome", json!({})).await;
        }
        let many: Vec<String> = (0..100).map(|number| format!("stuck-{number}")).collect();
        introduce(&acme, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
        slow.wait_for(1).await;

        // Another tenant.
        introduce(&other, &["free-0", "free-1"]).await;
        let arrived = async |count: usize| {
            eventually_within(PROMPT, "the neighbours' messages", async || {
                (fast.received().len() >= count).then_some(())
            })
            .await;
        };
        arrived(2).await;
        // Another connector of the same tenant; the first by name that reaches a person is taken.
        connect(&acme, "fast", &fast.url()).await;
        introduce(&acme, &["free-2", "free-3"]).await;
        arrived(4).await;
        for (tenant, user) in [(&other, "free-0"), (&other, "free-1"), (&acme, "free-2"), (&acme, "free-3")] {
            let sent = message(tenant, user, "sent").await;
            assert_eq!((&sent["attempts"], &sent["tries"][0]["http_status"]), (&json!(1), &json!(200)), "{sent}");
        }
        let waiting = acme.list("/messages").await;
        let stuck = waiting.iter().filter(|message| message["status"] == "sending").count();
        assert_eq!(stuck, many.len(), "the hanging queue does not move: {waiting:?}");
        host.kill().await;
    });
}

/// Answers of a provider to the first, second … request about one user; the last one goes on.
fn answers(user: &str) -> Vec<Reply> {
    let wait = |status, seconds: &str| Reply::With(status, vec![("retry-after", seconds.to_owned())]);
    match user {
        "user:unavailable" => vec![wait(503, "2"), Reply::Status(200)],
        "user:throttled" => vec![wait(429, "1"), wait(429, "1"), Reply::Status(204)],
        "user:gone" => vec![Reply::Status(410)],
        "user:refused" => vec![Reply::Status(400)],
        "user:silent" => vec![Reply::Hang, Reply::Status(200)],
        other => panic!("nobody called {other}"),
    }
}

#[test]
fn ch_8_what_a_provider_answers_decides_what_becomes_of_a_message() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        let seen: Mutex<BTreeMap<String, usize>> = Mutex::default();
        sink.behave(move |received| {
            let mut seen = seen.lock().expect("no panic inside");
            let count = seen.entry(address(received)).or_default();
            let replies = answers(&address(received));
            let reply = replies[(*count).min(replies.len() - 1)].clone();
            *count += 1;
            reply
        });
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "2")]).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "webhook", &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, &["unavailable", "throttled", "gone", "refused", "silent"]).await;

        let tries = |message: &Value| -> Vec<(Value, Value)> {
            let tries = message["tries"].as_array().expect("tries").iter();
            tries.map(|one| (one["http_status"].clone(), one["outcome"].clone())).collect()
        };
        let unavailable = message(&acme, "unavailable", "sent").await;
        assert_eq!(tries(&unavailable), [(json!(503), json!("retry-after")), (json!(200), json!("sent"))]);
        let [first, second] = [0, 1].map(|number| unavailable["tries"][number]["at"].as_i64().expect("a time"));
        assert!(second - first >= 2_000, "asked for two seconds, tried again after {} ms", second - first);

        let throttled = message(&acme, "throttled", "sent").await;
        let again = (json!(429), json!("retry-after"));
        assert_eq!(tries(&throttled), [again.clone(), again, (json!(204), json!("sent"))]);

        let gone = message(&acme, "gone", "failed").await;
        assert_eq!(tries(&gone), [(json!(410), json!("recipient-gone"))]);
        assert_eq!(gone["reason"], "the channel answered 410 Gone");

        let refused = message(&acme, "refused", "failed").await;
        assert_eq!(tries(&refused), [(json!(400), json!("rejected"))]);
        assert_eq!(refused["reason"], "the channel answered 400");

        let silent = message(&acme, "silent", "sent").await;
        assert_eq!(tries(&silent), [(json!(null), json!("timeout")), (json!(200), json!("sent"))]);
        // All tries of one message carry its id; each outcome is told in the log, once.
        for (user, count) in [("unavailable", 2), ("throttled", 3), ("gone", 1), ("refused", 1), ("silent", 2)] {
            let received = sink.received().into_iter().filter(|one| address(one) == format!("user:{user}"));
            let mut ids: Vec<String> =
                received.map(|one| one.header("webhook-id").expect("an id").to_owned()).collect();
            assert_eq!(ids.len(), count, "{user}");
            ids.dedup();
            assert_eq!(ids.len(), 1, "{user}");
        }
        let told = acme.wait_for("/events", 5, |event| event["kind"] == "guanxi.message").await;
        assert_eq!(told.len(), 5, "{told:?}");
        host.stop().await;
    });
}

#[test]
fn te_2_a_private_address_is_not_reached_unless_the_operator_allows_it() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_ALLOW_PRIVATE", "")]).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "webhook", &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, &["ada"]).await;
        let failed = message(&acme, "ada", "failed").await;
        assert_eq!(failed["tries"][0]["outcome"], "not-allowed", "{failed}");
        assert_eq!(failed["tries"].as_array().map(Vec::len), Some(1));
        let reason = failed["reason"].as_str().expect("a reason");
        assert!(reason.contains("127.0.0.1"), "{reason}");
        assert_eq!(sink.received().len(), 0);
        host.stop().await;
    });
}
