//! PL-8: the guide for agencies, followed to the letter: the same campaign in each language that has an SDK, from nothing to
//! a published plugin; for two brands backtested, shadowed, live, upgraded and taken back.

use std::path::Path;

use guanxi_e2e::{Host, Place, on_both, on_sqlite};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::docs::words::{Block, blocks};
use crate::docs::{root, shell};

const LANGUAGES: [&str; 3] = ["rust", "typescript", "python"];
/// What the campaign of the guide says to its fixture, whatever the language: the second version's answer.
const ANSWER: &str = include_str!("agencies/orders.answer.json");
/// What the pages of the languages hand on.
const PACKAGES: [&str; 2] = ["thanks-0.1.0.wasm", "thanks-0.2.0.wasm"];

/// What a page of the guide has its reader run.
fn shown(page: &str) -> Vec<Block> {
    let path = root().join("docs/agencies").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    blocks(&text).into_iter().filter(Block::is_run).collect()
}

fn json_of(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes and tests the campaign as the guide does in one language: a folder with what was built.
fn written(language: &str) -> TempDir {
    let agency = tempfile::tempdir().expect("a folder");
    let folder = agency.path();
    on_sqlite(|place| async move {
        let page = format!("{language}.md");
        shell::run(&place, None, folder, &page, &shown(&page)).await;
        let snapshot = json_of(&folder.join("thanks/fixtures/orders.answer.json"));
        let same: Value = serde_json::from_str(ANSWER).expect("JSON");
        assert_eq!(snapshot, same, "{language} says what every other language says");
    });
    agency
}

/// Publishes what was built in `agency` and runs it, as the guide does, on a host that lets in signed plugins only.
async fn follow(place: &Place, agency: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    for package in PACKAGES {
        std::fs::copy(agency.join(package), folder.path().join(package)).expect("what was built");
    }
    let host = Host::start_with(place, &[("GUANXI_UNSIGNED_PLUGINS", "false")]).await;
    shell::run(place, Some(&host), folder.path(), "publish.md", &shown("publish.md")).await;
    // What a reader is told stands in the page; this is what is there in the end.
    for (brand, version, messages) in [("acme", "0.1.0", 6), ("luna", "0.2.0", 2)] {
        let api = host.operator().below(&format!("/api/v1/tenants/{brand}"));
        let installed = api.get("/installations/thanks").await.expect(200);
        assert_eq!((&installed["version"], &installed["mode"]), (&json!(version), &json!("live")), "{installed}");
        let sent = api.get("/messages").await.expect(200);
        assert_eq!(sent["items"].as_array().map(Vec::len), Some(messages), "{brand}: {sent}");
        let decisions = api.get("/decisions").await.expect(200);
        for decision in decisions["items"].as_array().expect("items") {
            let replay = format!("/decisions/{}/replay", decision["id"].as_str().expect("an id"));
            assert_eq!(api.post(&replay, &json!({})).await.expect(200)["same"], true, "{brand}: {decision}");
        }
    }
    let acme = host.operator().below("/api/v1/tenants/acme");
    assert_eq!(acme.get("/installations/thanks/candidate").await.expect(200)["status"], "promoted");
    host.stop().await;
}

#[test]
fn pl_8_the_guide_leads_from_nothing_to_two_brands_and_back_in_rust() {
    let agency = written("rust");
    let agency = agency.path();
    on_both(|place| async move { follow(&place, agency).await });
}

#[test]
fn pl_8_the_guide_leads_from_nothing_to_two_brands_and_back_in_typescript() {
    let agency = written("typescript");
    let agency = agency.path();
    on_both(|place| async move { follow(&place, agency).await });
}

#[test]
fn pl_8_the_guide_leads_from_nothing_to_two_brands_and_back_in_python() {
    let agency = written("python");
    let agency = agency.path();
    // Each version carries an interpreter, which takes its time to compile; of the language a database sees nothing.
    on_sqlite(|place| async move { follow(&place, agency).await });
}

#[test]
fn pl_8_the_guide_writes_the_same_manifest_and_fixture_in_each_language() {
    let [rust, typescript, python] = LANGUAGES.map(|language| {
        let blocks = shown(&format!("{language}.md"));
        ["cat > thanks/plugin.toml", "rm thanks/fixtures/*.json"].map(|begin| {
            let found = blocks.iter().find(|block| block.text.starts_with(begin));
            found.unwrap_or_else(|| panic!("{language}.md has no block `{begin}`")).text.clone()
        })
    });
    assert_eq!(rust, typescript);
    assert_eq!(rust, python);
}
