//! The disk is full: files cannot grow beyond a limit that the shell sets.

use guanxi_e2e::host::command;
use guanxi_e2e::{Host, Place, Tenant, eventually, on_sqlite};
use serde_json::{Value, json};
use tokio::process::Command;

const BATCH: usize = 100;
const BATCHES_MAX: usize = 400;
/// Room beyond what the files have already, in bytes: enough to start, too little for all events.
const ROOM: u64 = 3 * 1024 * 1024;

fn batch(number: usize) -> Vec<Value> {
    let message = |index: usize| {
        json!({
            "type": "page", "name": "Tea", "userId": format!("user-{}", index % 7),
            "messageId": format!("disk-{number}-{index}"), "properties": {"note": "x".repeat(1_000)},
        })
    };
    (0..BATCH).map(message).collect()
}

async fn send(acme: &Tenant, number: usize) -> guanxi_e2e::Answer {
    acme.call("batch", &json!({"batch": batch(number)})).await
}

/// The same command for files that may not grow beyond `limit` bytes; a write beyond it fails as on a full disk.
fn with_full_disk(place: &Place, limit: u64) -> Command {
    let inner = command(place, ["serve"]);
    let inner = inner.as_std();
    let mut outer = Command::new("sh");
    // Without the trap the kernel would end the process instead of refusing the write.
    outer.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" serve", limit / 512)]);
    outer.arg(inner.get_program()).current_dir(place.data_dir()).kill_on_drop(true);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// Somebody has made room: files may grow again.
async fn make_room(host: &Host) {
    let id = host.id().expect("a living process").to_string();
    let made = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited:"]).status().await;
    assert!(made.expect("prlimit, of util-linux").success());
}

/// Waits until the first `batches` are decided to the last event.
async fn decided(acme: &Tenant, batches: usize) {
    for user in 0..7_usize {
        let mine = (0..BATCH).filter(|index| index % 7 == user).count() * batches;
        let all = |person: &Value| person["facts"]["event_count"] == mine;
        let person = acme.person(&format!("user:user-{user}"), all).await;
        assert_eq!(person["scores"][0]["name"], "social-value", "{person}");
    }
}

fn largest_file(place: &Place) -> u64 {
    let entries = std::fs::read_dir(place.data_dir()).expect("the data folder");
    entries.map(|entry| entry.expect("an entry").metadata().expect("its size").len()).max().unwrap_or_default()
}

#[test]
fn te_6_a_full_disk_refuses_clearly_and_loses_nothing() {
    on_sqlite(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        acme.install("social-value", json!({})).await;
        host.stop().await;

        let limit = largest_file(&place) + ROOM;
        let mut host = Host::listen(&place, with_full_disk(&place, limit)).await;
        let acme = acme.on(&host);
        let mut kept = 0;
        let refused = loop {
            let answer = send(&acme, kept).await;
            if answer.status != 202 {
                break answer;
            }
            kept += 1;
            assert!(kept < BATCHES_MAX, "the limit holds nothing back");
        };
        println!("{kept} batches of {BATCH} fit on the disk");
        let problem = refused.problem(503, "unavailable");
        assert_eq!(problem["detail"], "the service cannot store anything right now; try again later");
        assert!(refused.header("retry-after").is_some());
        host.stranger().get("/healthz").await.expect(200);
        assert!(!host.has_ended());
        eventually("a word in the log", async || host.logged().contains("out of space").then_some(())).await;

        make_room(&host).await;
        // What was refused is taken by the same process, as if nothing had been.
        let receipt = send(&acme, kept).await.expect(202);
        assert_eq!(receipt["accepted"], BATCH, "{receipt}");
        kept += 1;
        decided(&acme, kept).await;
        host.kill().await;

        let host = Host::start(&place).await;
        let acme = acme.on(&host);
        // Sent again as a whole: what was acknowledged is known, the rest is new.
        let (mut known, all) = (0, kept + 3);
        for number in 0..all {
            let receipt = send(&acme, number).await.expect(202);
            assert_eq!(receipt["accepted"], if number < kept { 0 } else { BATCH }, "{number}: {receipt}");
            known += receipt["duplicates"].as_u64().expect("a count");
        }
        assert_eq!(known, (kept * BATCH) as u64);
        decided(&acme, all).await;
        assert_eq!(acme.list("/dead-letters").await, Vec::<Value>::new());
        host.stop().await;
    });
}
