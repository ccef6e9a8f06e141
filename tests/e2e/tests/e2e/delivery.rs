//! CH-8: messages leave in their order and at their channel's pace, a dead channel rests, and what ended badly is tried again.

use guanxi_e2e::environment::{guest, plugin};
use guanxi_e2e::package::{postbox, relabelled};
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, client, eventually, on_both};
use reqwest::Method;
use serde_json::{Value, json};

async fn connect(tenant: &Tenant, name: &str, component: Vec<u8>, url: &str) -> Value {
    let secrets = json!({"signing-key": WEBHOOK_SECRET});
    tenant.install_component(name, component, json!({"url": url}), secrets).await
}

async fn introduce(tenant: &Tenant, prefix: &str, count: usize) {
    let call = |number| json!({"type": "identify", "userId": format!("{prefix}-{number}"), "traits": {}});
    tenant.batch(&(0..count).map(call).collect::<Vec<_>>()).await;
}

fn is_to(message: &Value, prefix: &str) -> bool {
    message["address"].as_str().is_some_and(|to| to.starts_with(&format!("user:{prefix}-")))
}

fn address(received: &Received) -> String {
    received.json()["address"].as_str().expect("an address").to_owned()
}

fn path(message: &Value) -> String {
    format!("/messages/{}", message["id"].as_str().expect("an id"))
}

/// The only message to this user, once it has this status.
async fn message(tenant: &Tenant, user: &str, status: &str) -> Value {
    let to = format!("user:{user}");
    let mut found = tenant.wait_for("/messages", 1, |m| m["address"] == to.as_str() && m["status"] == status).await;
    assert_eq!(found.len(), 1, "{found:?}");
    tenant.api.get(&path(&found.remove(0))).await.expect(200)
}

#[test]
fn ch_8_a_reply_overtakes_a_queue_of_marketing() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        sink.behave(|received| match address(received).starts_with("user:many-") {
            true => Reply::Hang,
            false => Reply::Status(200),
        });
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "60")]).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "webhook", plugin("webhook"), &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "many", 300).await;
        sink.wait_for(1).await;

        acme.install("welcome", json!({"class": "reply"})).await;
        introduce(&acme, "mei", 1).await;
        let reply = message(&acme, "mei-0", "sent").await;
        assert_eq!((&reply["class"], &reply["attempts"]), (&json!("reply"), &json!(1)), "{reply}");
        let waiting = acme.list("/messages").await;
        let waiting = waiting.iter().filter(|m| matches!(m["status"].as_str(), Some("queued" | "sending")));
        assert_eq!(waiting.count(), 300, "the campaign still waits");
        host.kill().await;
    });
}

#[test]
fn ch_8_a_dead_channel_rests_while_others_go_on() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        // Nothing listens there.
        connect(&acme, "dead", plugin("webhook"), "http://127.0.0.1:9/hook").await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "early", 200).await;
        let resting = eventually("the channel rests", async || {
            let dead = acme.api.get("/installations/dead").await.expect(200);
            (dead["channel"]["state"] == "resting").then_some(dead)
        });
        let dead = resting.await;
        assert!(dead["channel"]["failures"].as_u64() >= Some(5), "{dead}");
        assert!(dead["channel"]["until"].is_i64(), "{dead}");
        assert!(dead["channel"]["reason"].as_str().is_some_and(|why| why.starts_with("unreachable")), "{dead}");
        // Most of them were not even tried, and nothing is counted of those.
        acme.wait_for("/messages", 100, |m| m["status"] == "queued" && m["attempts"] == 0).await;

        // The first by name that reaches a person is taken.
        connect(&acme, "alive", plugin("webhook"), &sink.url()).await;
        introduce(&acme, "late", 5).await;
        acme.wait_for("/messages", 5, |m| is_to(m, "late") && m["status"] == "sent").await;
        assert_eq!(acme.api.get("/installations/alive").await.expect(200)["channel"]["state"], "open");

        // Whoever repairs it need not wait for the end of the rest.
        connect(&acme, "dead", plugin("webhook"), &sink.url()).await;
        acme.wait_for("/messages", 200, |m| is_to(m, "early") && m["status"] == "sent").await;
        assert_eq!(acme.api.get("/installations/dead").await.expect(200)["channel"]["state"], "open");
        host.stop().await;
    });
}

#[test]
fn ch_8_a_doubtful_message_is_repeated_only_with_consent() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        sink.behave(|_| Reply::Hang);
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")]).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "postbox", postbox(), &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "ann", 1).await;
        let doubtful = message(&acme, "ann-0", "uncertain").await;
        sink.behave(|_| Reply::Status(200));

        let retry = format!("{}/retry", path(&doubtful));
        let refused = acme.api.post(&retry, &json!({})).await;
        assert!(refused.problem(400, "invalid").to_string().contains("may_repeat"));
        let wish = json!({"status": ["uncertain"]});
        acme.api.post("/messages/retry", &wish).await.problem(400, "invalid");
        acme.api.post("/messages/retry", &json!({"status": ["sent"]})).await.problem(400, "invalid");
        let none = acme.api.post("/messages/retry", &json!({})).await.expect(202);
        assert_eq!(none, json!({"count": 0, "more": false}), "nothing failed or expired");

        acme.api.post(&retry, &json!({"may_repeat": true})).await.expect(202);
        let sent = message(&acme, "ann-0", "sent").await;
        assert_eq!((&sent["id"], &sent["attempts"]), (&doubtful["id"], &json!(2)), "{sent}");
        assert_eq!(sent["tries"].as_array().map(Vec::len), Some(2));
        assert_eq!(sent["actions"][0]["action"], "retry", "{sent}");
        assert!(sent["actions"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("tok_")), "{sent}");
        let ids: Vec<_> = sink.received().iter().map(|one| one.header("webhook-id").map(str::to_owned)).collect();
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]), "under the same id");
        acme.api.post(&retry, &json!({"may_repeat": true})).await.problem(409, "conflict");
        acme.wait_for("/events", 2, |event| event["kind"] == "guanxi.message").await;
        host.stop().await;
    });
}

#[test]
fn ch_8_what_failed_is_tried_again_by_filter() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        sink.behave(|_| Reply::Status(400));
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "webhook", plugin("webhook"), &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "all", 12).await;
        acme.wait_for("/messages", 12, |m| m["status"] == "failed").await;
        sink.behave(|_| Reply::Status(200));
        let nowhere = json!({"installation": "nowhere"});
        acme.api.post("/messages/retry", &nowhere).await.problem(400, "invalid");
        let early = json!({"installation": "webhook", "to": 1_000});
        assert_eq!(acme.api.post("/messages/retry", &early).await.expect(202)["count"], 0);
        let again = acme.api.post("/messages/retry", &json!({"installation": "webhook"})).await.expect(202);
        assert_eq!(again, json!({"count": 12, "more": false}));
        acme.wait_for("/messages", 12, |m| m["status"] == "sent" && m["attempts"] == 2).await;
        host.stop().await;
    });
}

#[test]
fn ch_8_patience_holds_for_the_whole_channel_and_what_waits_is_called_off() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        sink.behave(|_| Reply::With(503, vec![("retry-after", "3600".to_owned())]));
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        connect(&acme, "webhook", plugin("webhook"), &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "first", 1).await;
        let paused = eventually("the channel pauses", async || {
            let webhook = acme.api.get("/installations/webhook").await.expect(200);
            (webhook["channel"]["state"] == "paused").then_some(webhook)
        });
        paused.await;
        introduce(&acme, "next", 10).await;
        let next = acme.wait_for("/messages", 10, |m| is_to(m, "next") && m["status"] == "queued").await;
        assert!(next.iter().all(|m| m["attempts"] == 0), "{next:?}");
        assert_eq!(sink.received().len(), 1, "nobody else asks meanwhile");

        let cancel = format!("{}/cancel", path(&next[0]));
        assert_eq!(acme.api.post(&cancel, &json!({})).await.expect(200)["status"], "cancelled");
        acme.api.post(&cancel, &json!({})).await.problem(409, "conflict");
        acme.api.post(&format!("{}/retry", path(&next[0])), &json!({})).await.problem(409, "conflict");
        let rest = acme.api.post("/messages/cancel", &json!({"installation": "webhook"})).await.expect(200);
        assert_eq!(rest, json!({"count": 10, "more": false}), "nine and the one that was asked for patience");
        let ends = acme.wait_for("/events", 11, |event| event["kind"] == "guanxi.message").await;
        assert!(ends.iter().all(|event| event["properties"]["status"] == "cancelled"), "{ends:?}");
        host.stop().await;
    });
}

#[test]
fn ch_8_messages_keep_to_the_quota_of_their_channel() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        let named = relabelled(plugin("webhook"), "name = \"webhook\"", "name = \"sluices\"");
        let key = "title = { en = \"Signing key (whsec_…)\", zh = \"签名密钥（whsec_…）\" } }]\nidempotent = true";
        let rules = "title={en=\"k\",zh=\"k\"}}]\nrules=[{quotas=[{scope=\"installation\",limit=9,per-seconds=1}]}]";
        connect(&acme, "sluices", relabelled(named, key, rules), &sink.url()).await;
        acme.install("welcome", json!({})).await;
        introduce(&acme, "all", 30).await;
        let sent = acme.wait_for("/messages", 30, |m| m["status"] == "sent").await;
        assert!(sent.iter().all(|m| m["attempts"] == 1), "waiting is no try: {sent:?}");
        let mut starts = Vec::new();
        for one in &sent {
            let full = acme.api.get(&path(one)).await.expect(200);
            starts.push(full["tries"][0]["at"].as_i64().expect("a time"));
        }
        starts.sort_unstable();
        let took = starts[29] - starts[0];
        assert!(took >= 2_000, "thirty messages at nine a second left within {took} ms");
        host.stop().await;
    });
}

/// What the channel tells, signed with Python's `hmac` under the key `hook-key-of-acme`.
const DELIVERED: (&str, &str) = (
    r#"[{"id":"r-1","from":"ann","text":"","at":1767225600000,"delivery":{"channel-id":"m-ann","state":"delivered"}}]"#,
    "2af7841e767501a1037e1750fb0133166f957b99329d37024c3c5e34bcfd2bea",
);
const READ: (&str, &str) = (
    r#"[{"id":"r-2","from":"ann","text":"","at":1767225601000,"delivery":{"channel-id":"m-ann","state":"read"}}]"#,
    "9a8e52d24101bd7af75bde3228f1fee3ce864628d3c03748cb0193a838644cbf",
);
const LATE: (&str, &str) = (
    r#"[{"id":"r-3","from":"ann","text":"","at":1767225602000,"delivery":{"channel-id":"m-ann","state":"failed","reason":"late"}}]"#,
    "629653114d803638f218a36d43ab05388403df3fed66901be332d95a6b2e9e86",
);
const UNKNOWN: (&str, &str) = (
    r#"[{"id":"r-4","from":"ann","text":"","at":1767225600000,"delivery":{"channel-id":"m-nobody","state":"delivered"}}]"#,
    "1000ae4473819f8ae3f33c5d6a121fb8a3c940bde0d7e60c61f5a9a2df6dedb4",
);
const GONE: (&str, &str) = (
    r#"[{"id":"r-5","from":"bob","text":"","at":1767225603000,"delivery":{"channel-id":"m-bob","state":"bounced","reason":"no such user","gone":true}}]"#,
    "fe365fd355df76d98ec00717fbd935c41a22a4ca29455ee34450859620e03b7e",
);
const AGAIN: (&str, &str) = (
    r#"[{"id":"u-9","from":"bob","text":"I am back","at":1767225604000}]"#,
    "e83299f11b3ec92dbcb1d942dcdb555855345f48a5772d024e85fe16ec0b5ede",
);

async fn tell(host: &Host, (body, signature): (&str, &str)) {
    let request = host.stranger().request(Method::POST, "/hooks/acme/two-way").header("x-signature", signature);
    assert_eq!(client::finish(request.body(body.to_owned())).await.status, 200, "{body}");
}

#[test]
fn ch_8_what_a_channel_tells_later_changes_its_message() {
    on_both(|place| async move {
        let sink = Sink::start().await;
        sink.behave(|request| match request.target.as_str() {
            "/token" => Reply::Json(json!({"access_token": "t-1"})),
            _ => Reply::Json(json!({"errcode": 0, "id": format!("m-{}", request.json()["to"].as_str().unwrap())})),
        });
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        let secrets = json!({"app-secret": "s", "hook-key": "hook-key-of-acme"});
        let url = json!({"url": format!("http://{}", sink.address())});
        acme.install_component("two-way", guest("two-way"), url, secrets).await;
        acme.install("welcome", json!({})).await;
        for user in ["ann", "bob"] {
            acme.call("identify", &json!({"userId": user})).await.expect(202);
            message(&acme, user, "sent").await;
        }

        for told in [DELIVERED, DELIVERED, READ, LATE, UNKNOWN, GONE] {
            tell(&host, told).await;
        }
        let bounced = message(&acme, "bob", "failed").await;
        assert_eq!(bounced["bounced_at"], 1_767_225_603_000_i64, "{bounced}");
        assert!(bounced["reason"].as_str().is_some_and(|why| why.contains("no such user")), "{bounced}");
        let read = message(&acme, "ann", "sent").await;
        let times = ["delivered_at", "read_at", "clicked_at", "bounced_at"].map(|name| read[name].as_i64());
        assert_eq!(times, [Some(1_767_225_600_000), Some(1_767_225_601_000), None, None], "{read}");

        // Nothing goes to a dead address, whoever names it, until the person is heard from again.
        let state = |person: &Value| person["links"][0]["state"].as_str().map(str::to_owned);
        acme.person("user:bob", |bob| state(bob).as_deref() == Some("stale")).await;
        acme.call("identify", &json!({"userId": "bob", "traits": {"name": "Bob"}})).await.expect(202);
        acme.person("user:bob", |bob| bob["attributes"]["name"] == "Bob" && state(bob).as_deref() == Some("stale"))
            .await;
        tell(&host, AGAIN).await;
        acme.person("user:bob", |bob| state(bob).as_deref() == Some("unverified")).await;
        host.stop().await;
    });
}
