//! AD-1, AD-2: segments on advertising channels, told by hashes of people who allow it, and removed there whatever has become
//! of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, client, environment, eventually, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// A change is answered within a second or not at all, so that a turn of a host that was killed is over after twelve.
const SHORT: &[(&str, &str)] = &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")];
/// Computed with Python's hashlib.
const ADA: &str = "email:b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72";
const ADA_PHONE: &str = "phone:bf08aacce7f9b2452863cf99373043c3333f0e3127f1f787c4abb46ab6cf2b83";

/// An advertising channel that keeps audiences as it is told.
struct Channel {
    sink: Sink,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    audiences: BTreeMap<String, BTreeSet<String>>,
    instead: Option<Reply>,
    largest: usize,
}

impl Channel {
    async fn start() -> Self {
        let (sink, state) = (Sink::start().await, Arc::new(Mutex::new(State::default())));
        let shared = Arc::clone(&state);
        sink.behave(move |request: &Received| shared.lock().expect("no panic inside").answer(request));
        Self { sink, state }
    }

    fn instead(&self, reply: Option<Reply>) {
        self.state.lock().expect("no panic inside").instead = reply;
    }

    fn has(&self, audience: &str) -> BTreeSet<String> {
        self.state.lock().expect("no panic inside").audiences.get(audience).cloned().unwrap_or_default()
    }

    async fn comes_to_have(&self, audience: &str, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|text| (*text).to_owned()).collect();
        eventually(&format!("{expected:?}"), async || (self.has(audience) == expected).then_some(())).await;
    }
}

impl State {
    fn answer(&mut self, request: &Received) -> Reply {
        if request.target == "/token" {
            return Reply::Json(json!({"access_token": "token-1"}));
        }
        if request.target != "/audience" {
            return Reply::Json(json!({"cursor": "0", "more": false, "events": []}));
        }
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let change = request.json();
        let list = |name: &str| {
            let texts = change[name].as_array().expect("a list").iter();
            texts.map(|text| text.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
        };
        let (add, remove) = (list("add"), list("remove"));
        assert!(add.is_empty() != remove.is_empty(), "one or the other: {change}");
        self.largest = self.largest.max(add.len() + remove.len());
        let audience = self.audiences.entry(change["audience"].as_str().expect("a name").to_owned()).or_default();
        audience.extend(add);
        remove.iter().for_each(|gone| {
            audience.remove(gone);
        });
        Reply::Status(200)
    }
}

async fn prepare(tenant: &Tenant, channel: &Channel, there: &str) {
    let purposes = json!({"purposes": {"advertising": {"title": "Advertising", "basis": "consent"}}});
    tenant.api.put("/settings", &purposes).await.expect(200);
    let config = json!({"url": format!("http://{}", channel.sink.address())});
    let secrets = json!({"app-secret": "secret-of-the-app"});
    tenant.install_component("puller", environment::guest("puller"), config, secrets).await;
    let segment = json!({"title": "Fans", "filter": {"stage": "fan"}});
    tenant.api.put("/segments/fans", &segment).await.expect(200);
    tenant.api.put("/audiences/fans", &wish(there)).await.expect(200);
}

fn wish(there: &str) -> Value {
    json!({
        "title": "Fans", "segment": "fans", "installation": "puller", "channel_audience": there,
        "kinds": ["email", "phone"], "purpose": "advertising",
    })
}

/// Somebody who allows advertising and becomes a fan.
async fn fan(tenant: &Tenant, user: &str, traits: Value) {
    tenant.call("identify", &json!({"userId": user, "traits": traits})).await.expect(202);
    let allowed = json!({"userId": user, "event": "Consent Granted", "properties": {"purpose": "advertising"}});
    tenant.call("track", &allowed).await.expect(202);
    tenant.call("track", &json!({"userId": user, "event": "Followed"})).await.expect(202);
}

async fn stage(tenant: &Tenant, path: &str, stage: &str) {
    let request = client::with_json(tenant.api.request(Method::PATCH, path), &json!({"stage": stage}));
    client::finish(request).await.expect(200);
}

async fn in_step(tenant: &Tenant, name: &str) -> Value {
    let path = format!("/audiences/{name}");
    eventually("an audience in step", async || {
        let is = tenant.api.get(&path).await.expect(200);
        (is["settled"] == true && is["to_add"] == 0 && is["to_remove"] == 0).then_some(is)
    })
    .await
}

#[test]
fn ad_1_who_comes_and_goes_is_told_and_nobody_who_does_not_allow_it() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        let (channel, other) = (Channel::start().await, Channel::start().await);
        prepare(&tenant, &channel, "acme-fans").await;
        prepare(&rival, &other, "rival-fans").await;

        // Who is a fan and says nothing of advertising is not told; who allows it is, by each identifier.
        tenant.call("identify", &json!({"userId": "bob", "traits": {"email": "bob@example.com"}})).await.expect(202);
        tenant.call("track", &json!({"userId": "bob", "event": "Followed"})).await.expect(202);
        fan(&tenant, "ada", json!({"email": " Ada@Example.com", "phone": "+86 138 0013 8000"})).await;
        channel.comes_to_have("acme-fans", &[ADA, ADA_PHONE]).await;
        let known = in_step(&tenant, "fans").await;
        assert_eq!((&known["there"], &known["outcome"]), (&json!(2), &json!("done")), "{known}");
        assert!(known["uploaded_at"].is_i64(), "{known}");
        assert_eq!((other.has("rival-fans").len(), other.has("acme-fans").len()), (0, 0));
        assert_eq!(rival.api.get("/audiences/fans").await.expect(200)["there"], 0);

        // Consent comes and goes.
        let bob = json!({"userId": "bob", "event": "Consent Granted", "properties": {"purpose": "advertising"}});
        tenant.call("track", &bob).await.expect(202);
        eventually("three", async || (channel.has("acme-fans").len() == 3).then_some(())).await;
        let bob = json!({"userId": "bob", "event": "Consent Withdrawn", "properties": {"purpose": "advertising"}});
        tenant.call("track", &bob).await.expect(202);
        channel.comes_to_have("acme-fans", &[ADA, ADA_PHONE]).await;

        // An identifier that is found wrong leaves alone.
        let ada = tenant.person("user:ada", |_| true).await;
        let path = format!("/people/{}", ada["id"].as_str().unwrap());
        let wrong = json!({"action": "invalidate", "identity": "phone:+8613800138000", "reason": "not hers"});
        tenant.api.post(&format!("{path}/identities"), &wrong).await.expect(200);
        channel.comes_to_have("acme-fans", &[ADA]).await;

        // Whoever leaves the segment leaves the channel.
        stage(&tenant, &path, "prospect").await;
        channel.comes_to_have("acme-fans", &[]).await;
        stage(&tenant, &path, "fan").await;
        channel.comes_to_have("acme-fans", &[ADA]).await;

        // Whoever is erased is removed, and then nothing is left of them.
        let erase = json!({"reason": "asked", "confirm": ada["id"]});
        tenant.api.post(&format!("{path}/erase"), &erase).await.expect(202);
        channel.comes_to_have("acme-fans", &[]).await;
        let gone = in_step(&tenant, "fans").await;
        assert_eq!((&gone["there"], &gone["to_remove"]), (&json!(0), &json!(0)));
        host.stop().await;
    });
}

#[test]
fn ad_1_an_audience_is_exact_after_a_kill_and_gone_once_it_is_deleted() {
    on_both(|place| async move {
        let host = Host::start_with(&place, SHORT).await;
        let (tenant, channel) = (host.tenant("acme").await, Channel::start().await);
        channel.instead(Some(Reply::Hang));
        prepare(&tenant, &channel, "a").await;
        for number in 0..7 {
            fan(&tenant, &format!("fan-{number}"), json!({"email": format!("fan-{number}@example.com")})).await;
        }
        let asked = |request: &Received| request.target == "/audience";
        eventually("a change under way", async || channel.sink.received().iter().any(asked).then_some(())).await;
        host.kill().await;
        channel.instead(None);
        let host = Host::start_with(&place, SHORT).await;
        let tenant = tenant.on(&host);
        eventually("everybody", async || (channel.has("a").len() == 7).then_some(())).await;
        assert_eq!(in_step(&tenant, "fans").await["there"], 7);
        assert_eq!(channel.state.lock().unwrap().largest, 2, "as many as the connector takes at once");

        // What the channel refuses is told, and waits.
        channel.instead(Some(Reply::With(429, vec![("retry-after", "600".to_owned())])));
        tenant
            .call(
                "track",
                &json!({"userId": "fan-0", "event": "Consent Withdrawn",
            "properties": {"purpose": "advertising"}}),
            )
            .await
            .expect(202);
        let held = eventually("patience", async || {
            let is = tenant.api.get("/audiences/fans").await.expect(200);
            (is["outcome"] == "retry-after" && is["to_remove"] == 1).then_some(is)
        });
        assert!(held.await["held_until"].is_i64());
        channel.instead(None);
        tenant.api.post("/audiences/fans/sync", &json!({})).await.expect(202);
        eventually("six", async || (channel.has("a").len() == 6).then_some(())).await;

        // A segment that is in use stays; another place is another audience; deleted, everybody leaves first.
        tenant.api.delete("/segments/fans").await.problem(409, "conflict");
        tenant.api.put("/audiences/fans", &wish("b")).await.problem(409, "conflict");
        tenant.api.delete("/audiences/fans").await.expect(204);
        eventually("nobody", async || channel.has("a").is_empty().then_some(())).await;
        eventually("no audience", async || tenant.list("/audiences").await.is_empty().then_some(())).await;
        tenant.api.delete("/segments/fans").await.expect(204);
        host.stop().await;
    });
}

#[test]
fn ad_1_what_cannot_be_an_audience_is_told_with_its_place() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, channel) = (host.tenant("acme").await, Channel::start().await);
        prepare(&tenant, &channel, "a").await;
        tenant.install("welcome", json!({})).await;
        for (field, value, at) in [
            ("segment", json!("nobody"), "segment"),
            ("installation", json!("nothing"), "installation"),
            ("installation", json!("welcome"), "installation"),
            ("purpose", json!("profiling"), "purpose"),
            ("kinds", json!(["wechat_openid"]), "kinds"),
            ("kinds", json!([]), "kinds"),
            ("title", json!(" "), "title"),
            ("channel_audience", json!(""), "channel_audience"),
        ] {
            let mut bad = wish("a");
            bad[field] = value;
            let problem = tenant.api.put("/audiences/other", &bad).await.problem(400, "invalid");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(at)), "{field}: {problem}");
        }
        tenant.api.put("/audiences/Bad", &wish("a")).await.problem(400, "invalid");
        tenant.api.get("/audiences/other").await.problem(404, "not-found");

        // A purpose that is taken away allows nobody any more.
        fan(&tenant, "ada", json!({"email": "ada@example.com"})).await;
        channel.comes_to_have("a", &[ADA]).await;
        tenant.api.put("/settings", &json!({})).await.expect(200);
        channel.comes_to_have("a", &[]).await;
        host.stop().await;
    });
}
