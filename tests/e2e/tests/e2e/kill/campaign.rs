//! `kill -9` twenty times while a campaign writes to hundreds of people: over a channel that recognises repetitions each gets
//! the message once, over one that does not nobody gets it twice, and what is doubtful is said to be.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use guanxi_e2e::environment::plugin;
use guanxi_e2e::package::postbox;
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Host, Place, Sink, Tenant, eventually_within, on_both};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{KILLS, VARIABLES, random};

/// People who come between two kills, of each brand.
const PEOPLE: usize = 15;
const LIFE_MS_MAX: u64 = 250;
/// Leases of what was under way have to end.
const SETTLED_MAX: Duration = Duration::from_secs(120);

#[test]
fn ch_8_twenty_kills_in_a_campaign_lose_no_message_and_repeat_none() {
    on_both(story);
}

async fn story(place: Place) {
    let seed = random();
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (knows, forgets) = (Sink::start().await, Sink::start().await);
    let mut host = Host::start_with(&place, &VARIABLES).await;
    let (acme, bolt) = (host.tenant("acme").await, host.tenant("bolt").await);
    connect(&acme, "webhook", plugin("webhook"), &knows).await;
    connect(&bolt, "postbox", postbox(), &forgets).await;
    for round in 0..KILLS {
        for tenant in [&acme, &bolt] {
            introduce(&tenant.on(&host), round).await;
        }
        // The moment is what is random here; there is nothing to wait for.
        drop(timeout(Duration::from_millis(random.u64(0..LIFE_MS_MAX)), pending::<()>()).await);
        host.kill().await;
        host = Host::start_with(&place, &VARIABLES).await;
    }
    let (acme, bolt) = (ended(&acme.on(&host)).await, ended(&bolt.on(&host)).await);

    let arrived = arrivals(&knows);
    assert_eq!(acme.len(), arrived.len(), "as many messages as ids at the receiver");
    for message in &acme {
        assert_eq!(message["status"], "sent", "{message}");
        assert!(arrived.contains_key(message["id"].as_str().expect("an id")), "lost: {message}");
    }

    let arrived = arrivals(&forgets);
    let mut doubtful = 0;
    for message in &bolt {
        let count = arrived.get(message["id"].as_str().expect("an id")).copied().unwrap_or(0);
        match message["status"].as_str() {
            Some("sent") => assert_eq!(count, 1, "{message}"),
            Some("uncertain") => assert!(count <= 1, "twice: {message}"),
            other => panic!("{other:?} is neither sent nor doubtful: {message}"),
        }
        doubtful += usize::from(message["status"] == "uncertain");
    }
    println!("{KILLS} kills; {} messages of each brand, {doubtful} doubtful ones", bolt.len());
    host.stop().await;
}

async fn connect(tenant: &Tenant, name: &str, component: Vec<u8>, sink: &Sink) {
    let secrets = json!({"signing-key": WEBHOOK_SECRET});
    tenant.install_component(name, component, json!({"url": sink.url()}), secrets).await;
    tenant.install("welcome", json!({})).await;
}

async fn introduce(tenant: &Tenant, round: usize) {
    let call = |number| json!({"type": "identify", "userId": format!("{round}-{number}"), "traits": {}});
    tenant.batch(&(0..PEOPLE).map(call).collect::<Vec<_>>()).await;
}

/// All messages, once each has found its end.
async fn ended(tenant: &Tenant) -> Vec<Value> {
    eventually_within(SETTLED_MAX, "everybody is written to", async || {
        let messages = tenant.list("/messages").await;
        let waits = messages.iter().any(|m| m["status"] == "queued" || m["status"] == "sending");
        (messages.len() == KILLS * PEOPLE && !waits).then_some(messages)
    })
    .await
}

/// How often each message arrived.
fn arrivals(sink: &Sink) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in sink.received() {
        *counts.entry(one.header("webhook-id").expect("an id").to_owned()).or_default() += 1;
    }
    counts
}
