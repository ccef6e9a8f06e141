//! PL-1: what authors built of a released contract answers as on the day it was frozen, in every language; a draft of the next
//! one decides through its own track, where it is let in.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use guanxi_domain::campaign::{Decision, Failure, Moment};
use guanxi_domain::contract::BadContract;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::scoring::{Column, ResultColumn};
use guanxi_package::with_manifest;
use guanxi_runtime::{Plugin, Refusal, Runtime, RuntimeError, RuntimeOptions};
use serde_json::{Value, json};

use crate::admission::bare;
use crate::guests::{moments, package, runtime};

const DRAFT: &str = "draft";

fn frozen(version: &str, language: &str) -> Vec<u8> {
    let folder = std::env::var("GUANXI_TEST_FROZEN").expect("GUANXI_TEST_FROZEN, which `cargo xtask test` sets");
    let path = PathBuf::from(folder).join(version).join(format!("{language}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask test`", path.display()))
}

fn fixture(version: &str, name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/frozen").join(version).join("fixtures");
    let text = std::fs::read_to_string(folder.join(name)).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

fn answered(decisions: Vec<Result<Decision, Failure>>) -> Value {
    let one = |decision: Result<Decision, Failure>| match decision {
        Ok(decision) => json!({"ok": decision}),
        Err(failure) => json!({"failed": failure.to_string()}),
    };
    decisions.into_iter().map(one).collect()
}

fn columns(people: &Value) -> [Column; 3] {
    let people = people.as_array().expect("people");
    let text = |person: &Value| person["city"].as_str().expect("a text").to_owned();
    [
        Column::Integers(people.iter().map(|person| person["revenue"].as_i64().expect("a whole number")).collect()),
        Column::Numbers(people.iter().map(|person| person["followers"].as_f64().expect("a number")).collect()),
        Column::Texts(people.iter().map(text).collect()),
    ]
}

fn scored(columns: Vec<ResultColumn>) -> Value {
    columns.into_iter().map(|c| json!({"score": c.score, "term": c.term, "values": c.values})).collect()
}

/// The component is let in by a host with nothing switched on, and says all that it said when the version was frozen.
fn check(version: &str, language: &str) {
    let admitted =
        runtime().admit(&frozen(version, language)).unwrap_or_else(|refusal| panic!("{language}: {refusal}"));
    assert_eq!(admitted.manifest.contract, version);
    let (inputs, expected) = (fixture(version, "everything.json"), fixture(version, "everything.answer.json"));
    let config = inputs["config"].to_string();
    let moments: Vec<Moment> = serde_json::from_value(inputs["moments"].clone()).expect("moments");
    let limits = CallLimits::default();

    let call = admitted.plugin.decide(&config, &moments, &limits);
    assert_eq!(answered(call.result.expect("answers")), expected[0]["answer"], "{language}");
    assert_eq!(json!(call.log), expected[0]["log"], "{language}");
    assert_eq!(admitted.plugin.decide(&config, &moments, &limits).fuel, call.fuel, "{language}");

    let (columns, now) = (columns(&inputs["people"]), inputs["now"].as_i64().expect("a time"));
    let rows = u32::try_from(inputs["people"].as_array().expect("people").len()).expect("few");
    let found = admitted.plugin.score(&config, &columns, rows, now, true, &limits).result.expect("an answer");
    let found = found.expect("scores");
    let found = json!({"scores": scored(found.scores), "terms": scored(found.terms)});
    assert_eq!(json!({"ok": found}), expected[1]["answer"], "{language}");
    let failed = admitted.plugin.score(&config, &[], rows, now, true, &limits).result.expect("an answer");
    assert_eq!(failed, Err(Failure::BadInput(format!("0 columns for {rows} rows"))), "{language}");
}

#[test]
fn pl_1_a_component_of_the_frozen_0_1_0_in_rust_answers_as_on_its_first_day() {
    check("0.1.0", "rust");
}

#[test]
fn pl_1_a_component_of_the_frozen_0_1_0_in_typescript_answers_as_on_its_first_day() {
    check("0.1.0", "typescript");
}

#[test]
fn pl_1_a_component_of_the_frozen_0_1_0_in_python_answers_as_on_its_first_day() {
    check("0.1.0", "python");
}

/// A host whose operator lets drafts in.
fn open() -> &'static Runtime {
    static OPEN: OnceLock<Runtime> = OnceLock::new();
    OPEN.get_or_init(|| {
        Runtime::new(RuntimeOptions { instances: 4, drafts: true, ..RuntimeOptions::default() }).expect("a runtime")
    })
}

fn draft() -> Plugin {
    open().admit(package(DRAFT)).unwrap_or_else(|refusal| panic!("{refusal}")).plugin
}

fn refusal(runtime: &Runtime, component: &[u8]) -> Vec<String> {
    let Refusal { problems } = runtime.admit(component).expect_err("refused");
    problems.into_iter().map(|problem| format!("{}: {}", problem.at, problem.what)).collect()
}

#[test]
fn pl_1_a_draft_decides_through_its_own_track() {
    let (plugin, limits) = (draft(), CallLimits::default());
    assert_eq!(plugin.manifest().contract, "0.2.0-draft");
    let moments = moments(&["visit", "look", "forget", "refused", "garbage"]);
    let call = plugin.decide("{}", &moments, &limits);
    let mut answers = answered(call.result.expect("answers"));
    let garbage = answers[4]["failed"].take();
    let told = "the plugin broke its contract: the state is not the JSON it must be";
    assert!(garbage.as_str().is_some_and(|problem| problem.starts_with(told)), "{garbage}");
    let decision = |kind: &str, state: Value| {
        json!({"ok": {
            "operations": [
                {"do": "add-tag", "dimension": "seen", "name": kind, "weight": 1.0},
                {"do": "send", "content": {"inline": {"text": "Hello"}}, "variables": {}, "class": "reply",
                 "purpose": "service", "channel": "email", "not-before": null, "expires": null},
            ],
            "state": state,
            "reasons": ["kept 41", "add-tag: to tell them apart"],
        }})
    };
    let expected = json!([
        decision("visit", json!("\"visit\"")),
        decision("look", json!("41")),
        decision("forget", Value::Null),
        {"failed": "the plugin cannot use this input: evt_3"},
        {"failed": null},
    ]);
    assert_eq!(answers, expected);
    assert_eq!(json!(call.log), json!([{"level": "info", "line": "5 moments"}]));
    assert_eq!(plugin.decide("{}", &moments, &limits).fuel, call.fuel);
}

#[test]
fn pl_1_a_host_that_lets_no_drafts_in_says_so_at_the_door_and_when_it_loads() {
    let found = refusal(runtime(), package(DRAFT));
    assert!(found.len() == 1 && found[0].starts_with("plugin.toml: `0.2.0-draft` is a draft"), "{found:?}");
    assert!(found[0].contains("GUANXI_DRAFT_PLUGINS=true"), "{found:?}");
    // It was let in before, and the operator has changed their mind since.
    let error = runtime().load(package(DRAFT)).expect_err("refused");
    assert!(matches!(error, RuntimeError::Contract(BadContract::Draft(_))), "{error}");
    assert!(open().load(package(DRAFT)).is_ok());
}

#[test]
fn pl_1_a_manifest_that_names_another_track_than_the_component_speaks_is_refused() {
    let relabelled = |guest: &str, from: &str, to: &str| {
        let text = guanxi_package::manifest_text(package(guest)).expect("a manifest");
        with_manifest(bare(guest), &text.replace(&format!("contract = \"{from}\""), &format!("contract = \"{to}\"")))
    };
    for (guest, from, to) in [(DRAFT, "0.2.0-draft", "0.1.0"), ("garbage-json", "0.1.0", "0.2.0-draft")] {
        let found = refusal(open(), &relabelled(guest, from, to));
        let lacks = format!(
            "guanxi:plugin/campaign@{to}: plugin.toml has a table [campaign], but the component does not export this"
        );
        let has = format!("guanxi:plugin/campaign@{from}: is of contract {from}, but plugin.toml says {to}");
        assert!(found.contains(&lacks) && found.contains(&has), "{found:?}");
        assert!(!found.iter().any(|problem| problem.contains("the contract has no such interface")), "{found:?}");
    }
    let unknown = relabelled(DRAFT, "0.2.0-draft", "0.3.0");
    assert!(refusal(open(), &unknown)[0].contains("but not `0.3.0`"));
    assert!(matches!(open().load(&unknown), Err(RuntimeError::Package(_))));
}
