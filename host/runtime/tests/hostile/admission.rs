//! What is let in, with its report, and what is refused, with every reason.

use guanxi_domain::manifest::Kind;
use guanxi_package::{MANIFEST_SECTION, with_manifest};
use guanxi_runtime::Refusal;

use crate::guests::{package, runtime};

fn refusal(component: &[u8]) -> Vec<String> {
    let Refusal { problems } = runtime().admit(component).expect_err("refused");
    problems.into_iter().map(|problem| format!("{}: {}", problem.at, problem.what)).collect()
}

/// The guest without the manifest that was appended to it.
pub fn bare(name: &str) -> &'static [u8] {
    let package = package(name);
    let name = MANIFEST_SECTION.as_bytes();
    let at = package.windows(name.len()).rposition(|window| window == name).expect("a manifest");
    // Before the section's name stand its length, the section's size in two or three bytes, and the section's id.
    let text = guanxi_package::manifest_text(package).expect("a manifest");
    let size = with_manifest(b"", &text).len() - text.len() - name.len();
    &package[..at - size]
}

#[test]
fn the_report_tells_what_was_found() {
    let admitted = runtime().admit(package("well-behaved")).expect("admitted");
    assert_eq!(admitted.manifest.name, "well-behaved");
    assert_eq!(admitted.digest, guanxi_package::digest(package("well-behaved")));
    assert_eq!(admitted.plugin.digest(), admitted.digest);
    assert!(admitted.manifest_toml.starts_with("contract = \"0.1.0\""));
    let report = admitted.report;
    assert_eq!(report.kinds, Kind::ALL);
    assert_eq!(report.size, package("well-behaved").len());
    assert!(report.imports.iter().any(|name| name == "guanxi:plugin/secrets@0.1.0"), "{:?}", report.imports);
    assert!(report.exports.iter().any(|name| name == "guanxi:plugin/campaign@0.1.0"), "{:?}", report.exports);
    assert!(report.compiled_bytes > 0 && report.memory_min >= 65_536);
    assert!(report.facets.is_empty() && report.notes.is_empty(), "{:?}", report.notes);
}

#[test]
fn the_wrong_world_is_refused_on_both_sides() {
    let expected = [
        "guanxi:plugin/campaign@0.1.0: plugin.toml has a table [campaign], but the component does not export this",
        "guanxi:plugin/scorer@0.1.0: exported, but plugin.toml has no table [scorer]",
    ];
    assert_eq!(refusal(package("wrong-world")), expected);
}

#[test]
fn all_problems_are_named_at_once() {
    let text = guanxi_package::manifest_text(package("endless-loop")).expect("a manifest");
    let everything = with_manifest(bare("well-behaved"), &text);
    let exported = |kind| format!("guanxi:plugin/{kind}@0.1.0: exported, but plugin.toml has no table [{kind}]");
    let mut expected = vec!["guanxi:plugin/secrets@0.1.0: only connectors may use secrets".to_owned()];
    expected.extend(["scorer", "analyzer", "connector"].map(exported));
    let mut found = refusal(&everything);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_missing_or_bad_manifest_is_refused() {
    let found = refusal(bare("endless-loop"));
    assert!(found[0].starts_with("plugin.toml: the component carries no manifest"), "{found:?}");
    let future =
        with_manifest(bare("endless-loop"), &package_text().replace("contract = \"0.1.0\"", "contract = \"9.0.0\""));
    let told = "plugin.toml: plugin.toml: `contract`: this host speaks 0.1.0, and of drafts 0.2.0-draft where its operator lets \
                them in, but not `9.0.0`";
    assert_eq!(refusal(&future), [told]);
}

fn package_text() -> String {
    guanxi_package::manifest_text(package("endless-loop")).expect("a manifest")
}

#[test]
fn what_is_no_component_is_refused() {
    assert!(refusal(b"\0asm\x01\0\0\0")[0].starts_with("component: this is a core module"));
    assert!(refusal(b"#!/bin/sh")[0].starts_with("component: not a WebAssembly component"));
    assert!(refusal(&vec![0; 33 << 20])[0].starts_with("component: has 34603008 bytes, more than 33554432"));
    let whole = package("endless-loop");
    for cut in (0..whole.len()).step_by(997) {
        assert!(runtime().admit(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn damaged_components_are_refused_or_contained() {
    let whole = package("endless-loop");
    for at in (8..whole.len()).step_by(211) {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 0x55;
        if let Ok(admitted) = runtime().admit(&damaged) {
            assert_eq!(admitted.digest.len(), 64);
        }
    }
}
