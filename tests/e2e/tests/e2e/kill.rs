//! `kill -9` at any moment: the real process is killed under load, twenty times on each database, and afterwards
//! everything is counted. Nothing that was accepted is lost, nothing happens twice.

mod campaign;
mod count;
mod load;

use std::future::pending;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use guanxi_e2e::environment::plugin;
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Host, Place, Sink, Tenant, on_both};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

const KILLS: usize = 20;
const SENDERS: u32 = 3;
/// How long the host works between two kills, at most.
const LIFE_MS_MAX: u64 = 900;
/// Set it to the seed that a failed run printed to send the same events again.
const SEED: &str = "GUANXI_TEST_SEED";
/// A claimed message is free again after twelve exchanges: with this, after twelve seconds.
const VARIABLES: [(&str, &str); 1] = [("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")];

#[test]
fn te_6_kill_nine_at_any_moment_loses_nothing_and_repeats_nothing() {
    on_both(story);
}

async fn story(place: Place) {
    let seed = std::env::var(SEED).ok().map_or_else(random, |seed| seed.parse().expect("a number"));
    println!("{SEED}={seed}");
    let sink = Sink::start().await;
    let mut host = Host::start_with(&place, &VARIABLES).await;
    let acme = host.tenant("acme").await;
    install(&acme, &sink).await;

    let (address, told) = watch::channel(host.url().to_owned());
    let (enough, stop) = watch::channel(false);
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let wire = load::Wire { address: told.clone(), write_key: acme.write_key().to_owned() };
            tokio::spawn(load::send(wire, number, seed, stop.clone()))
        })
        .collect();

    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..KILLS {
        let life = Duration::from_millis(random.u64(0..LIFE_MS_MAX));
        // The moment is what is random here; there is nothing to wait for.
        drop(timeout(life, pending::<()>()).await);
        host.kill().await;
        host = Host::start_with(&place, &VARIABLES).await;
        address.send_replace(host.url().to_owned());
    }
    enough.send_replace(true);
    let mut sent = load::Sent::default();
    for sender in senders {
        sent.add(sender.await.expect("a sender ends well"));
    }
    println!("{KILLS} kills; {sent}");
    count::check(&place, &acme.on(&host), &sink, &sent).await;
    host.stop().await;
}

async fn install(acme: &Tenant, sink: &Sink) {
    let secrets = json!({"signing-key": WEBHOOK_SECRET});
    acme.install_component("webhook", plugin("webhook"), json!({"url": sink.url()}), secrets).await;
    acme.install("social-value", json!({})).await;
    acme.install("ror", json!({})).await;
    acme.install("welcome", json!({})).await;
    acme.install("win-back", json!({"texts": {"month": "We miss you"}})).await;
    acme.install("red-packet", json!({"budget": "none", "min": 1, "max": 100})).await;
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}
