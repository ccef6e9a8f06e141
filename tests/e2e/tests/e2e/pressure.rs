//! More comes in than can be decided: senders are asked to wait, those who do lose nothing, and memory stays bounded.

use std::time::Duration;

use guanxi_e2e::process::resident_bytes;
use guanxi_e2e::{Host, Tenant, on_both};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

const SENDERS: usize = 6;
const BATCHES: usize = 8;
const BATCH: usize = 400;
/// What the process may grow by: micro-batches and the database's page caches, never the backlog.
const GROWTH_MAX: u64 = 192 * 1024 * 1024;
const LOOK: Duration = Duration::from_millis(50);
const NOTE_BYTES: usize = 900;

fn batch(sender: usize, number: usize) -> Vec<Value> {
    let message = |index: usize| {
        json!({
            "type": "page", "userId": format!("user-{sender}-{}", index % 50),
            "messageId": format!("pressure-{sender}-{number}-{index}"), "properties": {"note": "x".repeat(NOTE_BYTES)},
        })
    };
    (0..BATCH).map(message).collect()
}

/// Sends everything, waiting as long as it is told to; returns how often that was.
async fn send_all(tenant: Tenant, sender: usize) -> usize {
    let mut asked_to_wait = 0;
    for number in 0..BATCHES {
        let body = json!({"batch": batch(sender, number)});
        loop {
            let answer = tenant.call("batch", &body).await;
            if answer.status == 202 {
                assert_eq!(answer.json()["accepted"], BATCH);
                break;
            }
            let problem = answer.problem(429, "overloaded");
            assert_eq!(problem["title"], "Too much is waiting");
            let seconds = answer.header("retry-after").and_then(|s| s.parse().ok()).expect("seconds");
            assert!((1..=60).contains(&seconds), "{seconds}");
            asked_to_wait += 1;
            // Waiting is what the host asked for; nothing signals the end of it.
            drop(timeout(Duration::from_secs(seconds), std::future::pending::<()>()).await);
        }
    }
    asked_to_wait
}

/// The most memory that a process uses until told to stop.
async fn peak(process: u32, stop: watch::Receiver<bool>) -> u64 {
    let (mut ticks, mut most) = (interval(LOOK), 0);
    while !*stop.borrow() {
        ticks.tick().await;
        most = most.max(resident_bytes(process));
    }
    most
}

#[test]
fn te_6_back_pressure_asks_senders_to_wait_and_memory_stays_bounded() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &[("GUANXI_BACKLOG_MAX", "500")]).await;
        let acme = host.tenant("acme").await;
        acme.install("social-value", json!({})).await;
        acme.batch(&batch(SENDERS, 0)).await;
        acme.person(&format!("user:user-{SENDERS}-0"), |_| true).await;

        let process = host.id().expect("a living process");
        let quiet = resident_bytes(process);
        let (enough, stop) = watch::channel(false);
        let watcher = tokio::spawn(peak(process, stop));
        let senders: Vec<_> = (0..SENDERS).map(|number| tokio::spawn(send_all(acme.clone(), number))).collect();
        let mut waits = 0;
        for sender in senders {
            waits += sender.await.expect("a sender ends well");
        }
        enough.send_replace(true);
        let most = watcher.await.expect("a peak");
        println!("{waits} times asked to wait; memory {} MB, at most {} MB", quiet >> 20, most >> 20);
        assert!(waits > 0, "nobody was asked to wait");
        assert!(most < quiet + GROWTH_MAX, "{quiet} bytes grew to {most}");
        for sender in 0..SENDERS {
            for user in [0, 49] {
                let all = |person: &Value| person["facts"]["event_count"] == BATCHES * BATCH / 50;
                acme.person(&format!("user:user-{sender}-{user}"), all).await;
            }
        }
        host.stop().await;
    });
}
