//! `guanxi plugin conform`: what good connectors pass and bad ones do not.

use std::path::PathBuf;

use guanxi_e2e::environment::variable;
use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::{Place, on_sqlite};
use serde_json::{Value, json};

use super::plugins::{build, built, example};
use super::run_badly;

/// What the guest breaks, the rule that catches it, and what is told to have come.
const BROKEN: [(&str, &str, &str); 21] = [
    ("recorded", "recorded", "POST https://bad.example/message"),
    ("egress", "egress", "the host `elsewhere.example` is not granted"),
    ("egress-http", "egress", "`http` is not allowed; use https"),
    ("sendable", "sendable", "the header `host` is set by the host"),
    ("secrets-undeclared", "secrets", "the secret `other` is not granted or not set"),
    ("secrets-guessed", "secrets", "`guess`"),
    ("secrets-value", "secrets", "the value of `token` in the headers"),
    ("bounded", "bounded", "more than 8 requests"),
    ("throttled", "throttled", "rejected: too many"),
    ("throttled-soon", "throttled", "retry-after 1 seconds"),
    ("unavailable", "unavailable", "rejected: broken"),
    ("denied", "denied", "sent"),
    ("bodies", "bodies", "sent"),
    ("crash", "bodies", "a crash: the plugin crashed"),
    ("idempotent", "idempotent", "nothing that stays for this message only"),
    ("contents-cut", "contents", "no request has it, and it ended with sent"),
    ("contents-raw", "contents", "She said"),
    ("recipient-header", "recipient", "the header x-to: guanxi"),
    ("recipient-url", "recipient", "the URL https://bad.example/guanxi"),
    ("missing-secret", "missing-secret", "POST https://bad.example/messages without it"),
    ("fuel", "fuel", "in `send`"),
];
const RULES: usize = 16;

fn guest() -> String {
    PathBuf::from(variable("GUANXI_TEST_GUESTS")).join("bad-connector.wasm").display().to_string()
}

/// A delivery as the guest's channel would have it.
fn recording(breaks: &str) -> Value {
    json!({
        "source": {"documentation": "https://www.rfc-editor.org/rfc/rfc9110", "note": "made for a test"},
        "config": {"room": "lobby"},
        "secrets": {"token": "the-value-of-the-token"},
        "message": {"id": "msg_1", "address": "user:7", "content": {"text": "Hello", "breaks": breaks}, "now": 1_767_225_600_000_i64},
        "exchanges": [{
            "request": {
                "method": "POST",
                "url": "https://bad.example/messages",
                "headers": [["Authorization", "Bearer {{secret:token}}"], ["X-Message-Id", "msg_1"]],
                "body": {"json": {"to": "7", "room": "lobby", "text": "Hello"}},
            },
            "response": {"status": 200, "body": {"json": {"ok": true, "id": "bad-1"}}},
        }],
        "outcome": {"sent": "bad-1"},
    })
}

/// A folder with these recordings.
fn exchanges(place: &Place, name: &str, recordings: &[(&str, Value)]) -> String {
    let folder = place.data_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, recording) in recordings {
        std::fs::write(folder.join(format!("{name}.json")), recording.to_string()).expect("a file");
    }
    folder.display().to_string()
}

/// Whether a component passes, the report as text with what was complained of, and as JSON.
async fn judge(place: &Place, component: &str, exchanges: &str) -> (bool, String, Value) {
    let file = place.data_dir().join("report.json").display().to_string();
    let arguments = ["plugin", "conform", "--component", component, "--exchanges", exchanges, "--json", &file];
    let ended = command(place, arguments).output().await.expect("the binary starts");
    let told = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let report = std::fs::read(&file).unwrap_or_else(|error| panic!("{error}: {told}"));
    (ended.status.success(), told, serde_json::from_slice(&report).expect("JSON"))
}

fn rule<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["rules"].as_array().and_then(|rules| rules.iter().find(|rule| rule["id"] == id)).expect(id)
}

#[test]
fn pl_9_a_connector_that_keeps_every_rule_passes() {
    on_sqlite(|place| async move {
        let folder = exchanges(&place, "exchanges", &[("delivered", recording("nothing"))]);
        let (good, told, report) = judge(&place, &guest(), &folder).await;
        assert!(good, "{told}");
        let rules = report["rules"].as_array().expect("rules");
        assert_eq!((rules.len(), &report["passed"]), (RULES, &json!(true)));
        assert!(rules.iter().all(|rule| rule["verdict"] == "passed" && rule["checks"].as_u64() > Some(0)), "{report}");
        let expected = json!([{"name": "delivered", "source": recording("nothing")["source"]}]);
        assert_eq!(report["exchanges"], expected);
        assert!(told.starts_with("bad-connector 0.1.0: 1 recordings, "), "{told}");
    });
}

#[test]
fn pl_9_each_broken_rule_is_caught_and_told_with_its_remedy() {
    on_sqlite(|place| async move {
        for (breaks, id, words) in BROKEN {
            let folder = exchanges(&place, breaks, &[("delivered", recording(breaks))]);
            let (good, told, report) = judge(&place, &guest(), &folder).await;
            assert!(!good && report["passed"] == false, "{breaks}: {told}");
            let found = rule(&report, id);
            assert_eq!(found["verdict"], "failed", "{breaks}: {told}");
            let failures = found["failures"].as_array().expect("failures");
            let fits = |failure: &Value| {
                failure["exchange"] == "delivered" && failure["found"].as_str().is_some_and(|it| it.contains(words))
            };
            assert!(failures.iter().any(fits), "{breaks}: {found}");
            let remedy = found["remedy"].as_str().expect("a remedy");
            assert!(told.contains(words) && told.contains(&format!("remedy: {remedy}")), "{breaks}: {told}");
            let complaint =
                told.lines().find(|line| line.starts_with("error: bad-connector breaks ")).expect("an error");
            assert!(complaint.contains(" of 16 rules: ") && complaint.contains(id), "{complaint}");
        }
    });
}

#[test]
fn pl_9_bad_settings_must_neither_crash_nor_lose_a_message() {
    on_sqlite(|place| async move {
        for (breaks, words) in [("bad-config", "a crash: "), ("bad-config-rejected", "rejected: no room")] {
            let folder = exchanges(&place, breaks, &[("delivered", recording(breaks))]);
            let (good, told, report) = judge(&place, &guest(), &folder).await;
            assert!(!good && told.contains(words), "{told}");
            let broken: Vec<&Value> = report["rules"].as_array().expect("rules").iter().collect();
            let broken = broken.into_iter().filter(|rule| rule["verdict"] == "failed").map(|rule| &rule["id"]);
            assert_eq!(broken.collect::<Vec<_>>(), ["bad-config"], "{told}");
        }
    });
}

/// A status alone counts where a recording shows an answer without a body; elsewhere the body must be read.
#[test]
fn pl_9_a_recording_may_say_that_the_status_is_enough() {
    on_sqlite(|place| async move {
        let mut bare = recording("bodies");
        bare["exchanges"][0]["response"] = json!({"status": 200});
        bare["outcome"] = json!({"sent": null});
        let mut full = recording("bodies");
        full["outcome"] = json!({"sent": null});
        let folder = exchanges(&place, "exchanges", &[("bare", bare), ("full", full)]);
        let (good, told, _) = judge(&place, &guest(), &folder).await;
        assert!(good, "{told}");
    });
}

#[test]
fn pl_9_the_smallest_connector_in_rust_conforms() {
    on_sqlite(|place| async move {
        let folder = example("exchanges/smallest-connector");
        let (good, told, _) = judge(&place, &built("smallest-connector"), &folder).await;
        assert!(good && told.contains("  passed          contents "), "{told}");
    });
}

#[test]
fn pl_9_a_new_connector_conforms_at_once() {
    on_sqlite(|place| async move {
        let folder = place.data_dir().join("poster").display().to_string();
        let made = run_well(&place, ["plugin", "new", &folder, "--kind", "connector"]).await;
        assert!(made.contains(&format!("guanxi plugin conform {folder}")), "{made}");
        let (good, told) = build(&place, &["plugin", "conform", &folder]).await;
        assert!(good && told.starts_with("poster 0.1.0: 2 recordings, "), "{told}");
    });
}

#[test]
fn plugin_conform_says_what_is_wrong_with_its_files() {
    on_sqlite(|place| async move {
        let with = |change: &dyn Fn(&mut Value)| {
            let mut recording = recording("nothing");
            change(&mut recording);
            recording
        };
        for (name, bad, words) in [
            ("field", with(&|r| r["sauce"] = json!(1)), "unknown field `sauce`"),
            ("deep", with(&|r| r["exchanges"][0]["request"]["path"] = json!("/")), "unknown field `path`"),
            ("source", with(&|r| r["source"] = json!({})), "source: give `documentation`, `recorded` or both"),
            ("secret", with(&|r| r["secrets"]["other"] = json!("x")), "secrets.other: plugin.toml declares no secret"),
            ("address", with(&|r| r["message"]["address"] = json!("ada")), "message.address: write `kind:value`"),
            ("status", with(&|r| r["exchanges"][0]["response"]["status"] = json!(7)), "exchanges[0]: response.status"),
            ("outcome", with(&|r| r["outcome"] = json!("lost")), "unknown variant `lost`"),
        ] {
            let folder = exchanges(&place, name, &[(name, bad)]);
            let told = run_badly(&place, ["plugin", "conform", "--component", &guest(), "--exchanges", &folder]).await;
            assert!(told.contains(&format!("{name}.json cannot be used: ")) && told.contains(words), "{told}");
        }
        let refused = with(&|r| r["outcome"] = json!({"rejected": ""}));
        let unsent = exchanges(&place, "unsent", &[("refused", refused)]);
        let large = exchanges(&place, "large", &[("large", json!("x".repeat(4 * 1024 * 1024)))]);
        let scorer = built("smallest-scorer");
        for (component, folder, words) in [
            (&guest(), &unsent, "holds no recording that ends in `sent`"),
            (&guest(), &large, "large.json has more than 4194304 bytes"),
            (&guest(), &"nowhere".to_owned(), "nowhere cannot be read"),
            (&scorer, &unsent, "smallest-scorer is no connector"),
        ] {
            let told = run_badly(&place, ["plugin", "conform", "--component", component, "--exchanges", folder]).await;
            assert!(told.starts_with("error: ") && told.contains(words), "{told}");
        }
    });
}
