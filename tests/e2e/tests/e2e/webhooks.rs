//! TE-6, CA-6, PL-2, PL-3: what becomes of a tenant is told to its own systems: signed, until it arrives, once in the store,
//! and to nobody else.

use guanxi_e2e::environment::{guest, plugin};
use guanxi_e2e::host::run_well;
use guanxi_e2e::{Client, Host, Received, Reply, Sink, Tenant, eventually, on_both};
use reqwest::Method;
use serde_json::{Value, json};

use crate::candidates::{HERE, config, endless_parcel, orders, parcel};
use crate::clients::verify_with;

const EVERYTHING: [&str; 6] = [
    "guanxi.candidate",
    "guanxi.dead-letter",
    "guanxi.import",
    "guanxi.installation",
    "guanxi.upgrade",
    "guanxi.webhook",
];
/// A claimed notice is free again after six exchanges: with this, after six seconds.
const HURRY: [(&str, &str); 1] = [("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")];

/// An address that was subscribed.
struct Hook {
    path: String,
    id: Value,
    secret: String,
}

impl Hook {
    async fn subscribe(tenant: &Tenant, address: &str, kinds: &[&str]) -> Self {
        let wish = json!({"address": address, "kinds": kinds});
        let made = tenant.api.post("/webhooks", &wish).await.expect(201);
        let id = made["webhook"]["id"].clone();
        let path = format!("/webhooks/{}", id.as_str().unwrap());
        let secret = made["secret"].as_str().unwrap().to_owned();
        let shown = tenant.api.get(&path).await.expect(200);
        assert!(secret.starts_with("whsec_") && !shown.to_string().contains("whsec_"), "{shown}");
        Self { path, id, secret }
    }

    fn at(&self, rest: &str) -> String {
        format!("{}{rest}", self.path)
    }

    /// Sends a test; the delivery's id.
    async fn test(&self, tenant: &Tenant) -> Value {
        tenant.api.send(Method::POST, &self.at("/test")).await.expect(202)["id"].clone()
    }

    /// The delivery once it is as wanted.
    async fn delivery(&self, tenant: &Tenant, id: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = tenant.wait_for(&self.at("/deliveries"), 1, |it| it["id"] == *id && wanted(it)).await;
        found[0].clone()
    }

    async fn delivered(&self, tenant: &Tenant, count: usize) -> Vec<Value> {
        tenant.wait_for(&self.at("/deliveries"), count, |it| it["status"] == "delivered").await
    }
}

/// What came of one kind, with one status.
fn told<'r>(received: &'r [Received], kind: &str, status: &str) -> Vec<&'r Received> {
    let is =
        |one: &&Received| one.json()["type"] == kind && (status.is_empty() || one.json()["data"]["status"] == status);
    received.iter().filter(is).collect()
}

/// Waits until something of a kind, with a status, has come; its data.
async fn wait_told(sink: &Sink, kind: &str, status: &str) -> Value {
    eventually(&format!("{kind} {status}"), async || {
        told(&sink.received(), kind, status).first().map(|one| one.json()["data"].clone())
    })
    .await
}

#[test]
fn ca_6_a_fall_back_is_told_with_its_reason_and_signed() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let hook = Hook::subscribe(&tenant, &sink.url(), &["guanxi.candidate"]).await;
        tenant.install_component("red-packet", parcel(), config("spring", 15), json!({})).await;
        tenant.upload(endless_parcel()).await;
        let wish = json!({"version": "0.2.0", "config": {}, "grants": "requested", "percent": 100});
        let candidate = tenant.api.put(HERE, &wish).await.expect(200)["id"].clone();
        tenant.batch(&orders(0, 20)).await;
        let fallen = wait_told(&sink, "guanxi.candidate", "fell-back").await;
        let expected = json!({
            "installation": "red-packet", "candidate": candidate, "version": "0.2.0", "status": "fell-back",
            "reason": "crashed on 3 of the latest 3 moments",
        });
        assert_eq!(fallen, expected);
        let started = wait_told(&sink, "guanxi.candidate", "running").await;
        assert_eq!((&started["percent"], &started["candidate"]), (&json!(100), &candidate));

        tenant.api.put(HERE, &json!({"config": config("autumn", 15)})).await.expect(200);
        tenant.api.post(&format!("{HERE}/promote"), &json!({})).await.expect(200);
        wait_told(&sink, "guanxi.candidate", "promoted").await;
        let listed = hook.delivered(&tenant, 4).await;
        let received = sink.received();
        assert_eq!((received.len(), listed.len()), (4, 4), "each is told once");

        let verified = verify_with(&hook.secret, &received).await;
        assert_eq!(verified["refused"], 4);
        for one in &received {
            let id = one.header("webhook-id").unwrap();
            let row = listed.iter().find(|row| row["id"] == id).expect("a delivery of that id");
            assert_eq!((&row["attempts"], &row["http_status"], &row["error"]), (&json!(1), &json!(200), &Value::Null));
            assert_eq!((row["payload"].clone(), one.method.as_str()), (one.json(), "POST"));
            assert_eq!(one.header("content-type"), Some("application/json"));
            let body = one.json();
            assert_eq!(body.as_object().unwrap().len(), 3, "type, timestamp and data");
            assert!(
                body["timestamp"].as_str().unwrap().ends_with('Z') && !body.to_string().contains("person"),
                "{body}"
            );
        }
        host.stop().await;
    });
}

#[test]
fn te_6_what_fails_is_tried_again_under_the_same_id_over_a_kill() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &HURRY).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let hook = Hook::subscribe(&tenant, &sink.url(), &EVERYTHING).await;
        sink.behave(|_| Reply::Status(500));
        let id = hook.test(&tenant).await;
        let waits = hook.delivery(&tenant, &id, |it| it["status"] == "waiting" && it["attempts"] == 1).await;
        assert_eq!((&waits["http_status"], &waits["error"]), (&json!(500), &json!("answered 500")));
        let wait = waits["next_at"].as_i64().unwrap() - waits["updated_at"].as_i64().unwrap();
        assert!((5_000..=6_000).contains(&wait), "{wait} ms");
        assert!(tenant.api.get(&hook.path).await.expect(200)["failing_since"].is_i64());
        host.kill().await;

        sink.behave(|_| Reply::Status(204));
        let host = Host::start_with(&place, &HURRY).await;
        let tenant = tenant.on(&host);
        let done = hook.delivery(&tenant, &id, |it| it["status"] == "delivered").await;
        assert_eq!((&done["attempts"], &done["http_status"], &done["error"]), (&json!(2), &json!(204), &Value::Null));
        let received = sink.received();
        let ids: Vec<_> = received.iter().map(|one| one.header("webhook-id")).collect();
        assert_eq!(ids, [id.as_str(), id.as_str()]);
        assert_eq!(received[0].body, received[1].body, "byte for byte");
        assert_eq!(verify_with(&hook.secret, &received).await["refused"], 2);
        assert_eq!(tenant.api.get(&hook.path).await.expect(200)["failing_since"], Value::Null);

        // Killed while it is under way, nobody knows whether it arrived: it comes again.
        sink.behave(|_| Reply::Hang);
        let second = hook.test(&tenant).await;
        sink.wait_for(3).await;
        host.kill().await;
        sink.behave(|_| Reply::Status(200));
        let host = Host::start_with(&place, &HURRY).await;
        let tenant = tenant.on(&host);
        hook.delivery(&tenant, &second, |it| it["status"] == "delivered").await;
        let received = sink.received();
        assert!(received.len() >= 4 && received[2..].iter().all(|one| one.header("webhook-id") == second.as_str()));
        assert_eq!(tenant.list(&hook.at("/deliveries")).await.len(), 2, "neither lost nor doubled");

        // By hand, whatever became of it.
        let again = tenant.api.post(&hook.at("/retry"), &json!({"delivery": id})).await.expect(202);
        assert_eq!((&again["id"], &again["status"]), (&id, &json!("waiting")));
        hook.delivery(&tenant, &id, |it| it["status"] == "delivered" && it["attempts"] == 3).await;
        let nothing = json!({"delivery": "dlv_01h2xcejqtf2nbrexx3vqjhp41"});
        tenant.api.post(&hook.at("/retry"), &nothing).await.problem(404, "not-found");
        host.stop().await;
    });
}

#[test]
fn te_6_a_410_switches_an_address_off_and_the_others_hear_of_it() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (gone, other) = (Sink::start().await, Sink::start().await);
        let tenant = host.tenant("acme").await;
        let hook = Hook::subscribe(&tenant, &gone.url(), &["guanxi.candidate"]).await;
        Hook::subscribe(&tenant, &other.url(), &["guanxi.webhook"]).await;
        gone.behave(|_| Reply::Status(410));
        let id = hook.test(&tenant).await;
        let failed = hook.delivery(&tenant, &id, |it| it["status"] == "failed").await;
        assert_eq!((&failed["attempts"], &failed["error"]), (&json!(1), &json!("the address is gone (410)")));
        let off = tenant.api.get(&hook.path).await.expect(200);
        assert_eq!((&off["enabled"], &off["off"]), (&json!(false), &json!("gone")));
        let told = wait_told(&other, "guanxi.webhook", "off").await;
        assert_eq!(told, json!({"webhook": hook.id, "status": "off", "reason": "gone"}));
        tenant.api.send(Method::POST, &hook.at("/test")).await.problem(409, "conflict");
        tenant.api.post(&hook.at("/retry"), &json!({"delivery": id})).await.problem(409, "conflict");

        // While it is off nothing is queued for it; switched on it is told again.
        tenant.install("red-packet", config("spring", 15)).await;
        tenant.api.put(HERE, &json!({"config": config("autumn", 15)})).await.expect(200);
        assert_eq!(tenant.list(&hook.at("/deliveries")).await.len(), 1);
        gone.behave(|_| Reply::Status(200));
        let on = json!({"address": gone.url(), "kinds": ["guanxi.candidate"]});
        assert_eq!(tenant.api.put(&hook.path, &on).await.expect(200)["off"], Value::Null);
        tenant.api.post(&format!("{HERE}/stop"), &json!({})).await.expect(200);
        wait_told(&gone, "guanxi.candidate", "stopped").await;
        tenant.api.delete(&hook.path).await.expect(204);
        tenant.api.get(&hook.path).await.problem(404, "not-found");
        host.stop().await;
    });
}

#[test]
fn te_6_addresses_are_reached_as_connectors_reach_theirs() {
    on_both(|place| async move {
        let (sink, closed) = (Sink::start().await, Sink::start().await);
        let only = [("GUANXI_EGRESS_ALLOW_PRIVATE", sink.address())];
        let host = Host::start_with(&place, &only).await;
        let tenant = host.tenant("acme").await;
        let hook = Hook::subscribe(&tenant, &closed.url(), &EVERYTHING).await;
        let id = hook.test(&tenant).await;
        let refused = hook.delivery(&tenant, &id, |it| it["attempts"] == 1 && it["status"] == "waiting").await;
        assert_eq!(refused["error"], "`127.0.0.1` leads to 127.0.0.1, which is not public");
        assert_eq!(refused["http_status"], Value::Null);

        let there = closed.url();
        sink.behave(move |_| Reply::With(307, vec![("location", there.clone())]));
        let hook = Hook::subscribe(&tenant, &sink.url(), &EVERYTHING).await;
        let id = hook.test(&tenant).await;
        let moved = hook.delivery(&tenant, &id, |it| it["attempts"] == 1 && it["status"] == "waiting").await;
        assert_eq!(moved["error"], "answered 307; redirects are not followed, give the address it leads to");
        assert!(closed.received().is_empty());

        for (address, kinds, place) in [
            ("ftp://hooks.example.com/", json!(["guanxi.candidate"]), "address"),
            ("https://ada:secret@hooks.example.com/", json!(["guanxi.candidate"]), "address"),
            ("https://hooks.example.com/{{session}}", json!(["guanxi.candidate"]), "address"),
            ("https://hooks.example.com/", json!([]), "kinds"),
            ("https://hooks.example.com/", json!(["guanxi.test"]), "kinds"),
            ("https://hooks.example.com/", json!(["Order Completed"]), "kinds"),
        ] {
            let wish = json!({"address": address, "kinds": kinds});
            let problem = tenant.api.post("/webhooks", &wish).await.problem(400, "invalid");
            assert!(problem["errors"][0]["at"].as_str().unwrap().starts_with(place), "{address}: {problem}");
        }
        let twice = json!({"address": sink.url(), "kinds": ["guanxi.upgrade"]});
        tenant.api.post("/webhooks", &twice).await.problem(409, "conflict");
        for number in 2..16 {
            let wish = json!({"address": format!("https://hooks.example.com/{number}"), "kinds": ["guanxi.upgrade"]});
            tenant.api.post("/webhooks", &wish).await.expect(201);
        }
        let more = json!({"address": "https://hooks.example.com/more", "kinds": ["guanxi.upgrade"]});
        assert!(tenant.api.post("/webhooks", &more).await.text().contains("at most 16"));
        assert_eq!(tenant.list("/webhooks").await.len(), 16);
        host.stop().await;
    });
}

#[test]
fn te_6_a_slow_receiver_delays_nobody_else() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (slow, quick) = (Sink::start().await, Sink::start().await);
        let tenant = host.tenant("acme").await;
        slow.behave(|_| Reply::Hang);
        let hangs = Hook::subscribe(&tenant, &slow.url(), &EVERYTHING).await;
        for _ in 0..20 {
            hangs.test(&tenant).await;
        }
        slow.wait_for(1).await;
        let answers = Hook::subscribe(&tenant, &quick.url(), &EVERYTHING).await;
        answers.test(&tenant).await;
        answers.delivered(&tenant, 1).await;
        let left = tenant.list(&hangs.at("/deliveries")).await;
        assert!(left.iter().all(|it| it["status"] != "delivered"), "{left:?}");
        assert!(left.iter().any(|it| it["attempts"] == 0), "they wait behind each other, not before others");
        host.kill().await;
    });
}

#[test]
fn pl_4_a_secret_is_rotated_while_both_sign_and_sealed_anew_under_another_key() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let hook = Hook::subscribe(&tenant, &sink.url(), &EVERYTHING).await;
        let rotated = tenant.api.send(Method::POST, &hook.at("/rotate")).await.expect(200);
        let secret = rotated["secret"].as_str().unwrap();
        assert!(secret != hook.secret && rotated["webhook"]["rotated_at"].is_i64(), "{}", rotated["webhook"]);
        hook.test(&tenant).await;
        let received = sink.wait_for(1).await;
        assert_eq!(received[0].header("webhook-signature").unwrap().split(' ').count(), 2);
        for secret in [secret, hook.secret.as_str()] {
            assert_eq!(verify_with(secret, &received).await["refused"], 1);
        }

        let said = run_well(&place, ["secrets", "rotate"]).await;
        assert!(said.contains("1 sealed anew, 0 sealed with this key already, 0 that cannot be opened"), "{said}");
        hook.test(&tenant).await;
        let received = sink.wait_for(2).await;
        assert_eq!(verify_with(secret, &received[1..]).await["refused"], 1);
        host.stop().await;
    });
}

/// A token that only brings versions.
async fn agency(host: &Host, tenant: &Tenant) -> Client {
    let wish = json!({"name": "agency", "scopes": ["install"]});
    let made = tenant.api.post("/tokens", &wish).await.expect(201);
    host.stranger().with_token(made["token"].as_str().unwrap()).below("/api/v1/tenants/acme")
}

#[test]
fn pl_2_pl_3_every_kind_of_notice_comes_and_to_its_own_tenant_only() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (sink, strange) = (Sink::start().await, Sink::start().await);
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        let hook = Hook::subscribe(&tenant, &sink.url(), &EVERYTHING).await;
        let theirs = Hook::subscribe(&rival, &strange.url(), &EVERYTHING).await;

        let looping = tenant.install_component("loop", guest("endless-loop"), json!({}), json!({})).await;
        let call = |user| json!({"type": "identify", "userId": format!("secret-person-{user}")});
        tenant.batch(&(0..8).map(call).collect::<Vec<_>>()).await;
        let sick = wait_told(&sink, "guanxi.installation", "quarantined").await;
        assert_eq!((&sick["installation"], &sick["quarantines"]), (&json!("loop"), &json!(1)));
        let wish = json!({
            "plugin": looping["plugin"], "version": looping["version"], "mode": "off", "grants": "requested",
        });
        tenant.api.put("/installations/loop", &wish).await.expect(200);
        wait_told(&sink, "guanxi.installation", "recovered").await;

        // An order without a total.
        tenant.call("track", &json!({"userId": "secret-person-1", "event": "Order Completed"})).await.expect(202);
        let letter = tenant.wait_for("/dead-letters", 1, |_| true).await.remove(0);
        let buried = wait_told(&sink, "guanxi.dead-letter", "").await;
        assert_eq!(buried, json!({"position": letter["event"]["position"], "event": letter["event"]["id"]}));

        let file =
            tenant.api.post_bytes("/imports", "text/csv", "email\nsecret-person@example.com\n").await.expect(201);
        let import = format!("/imports/{}", file["id"].as_str().unwrap());
        tenant.api.send(Method::POST, &format!("{import}/start")).await.expect(200);
        let done = wait_told(&sink, "guanxi.import", "done").await;
        assert_eq!((&done["import"], &done["rows"], &done["counts"]["new"]), (&file["id"], &json!(1), &json!(1)));

        let version = tenant.upload(plugin("welcome")).await["version"].clone();
        let asks = json!({"version": version, "mode": "live"});
        agency(&host, &tenant).await.put("/installations/welcome", &asks).await.expect(202);
        let waits = wait_told(&sink, "guanxi.upgrade", "").await;
        assert_eq!(
            (&waits["installation"], &waits["version"], &waits["runs"]),
            (&json!("welcome"), &version, &Value::Null)
        );
        assert!(waits["asks"].as_array().is_some_and(|asks| !asks.is_empty()), "{waits}");

        hook.delivered(&tenant, 5).await;
        let received = sink.received();
        assert!(received.iter().all(|one| !String::from_utf8_lossy(&one.body).contains("secret-person")));
        // Another tenant is told nothing, and can do nothing with what it does not know.
        assert!(strange.received().is_empty() && rival.list(&theirs.at("/deliveries")).await.is_empty());
        rival.api.get(&hook.path).await.problem(404, "not-found");
        rival.api.send(Method::POST, &hook.at("/rotate")).await.problem(404, "not-found");
        host.stop().await;
    });
}
