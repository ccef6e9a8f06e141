//! `cargo xtask conformance`: plays every first-party connector against what its channel was recorded to say, and writes the
//! report that `docs/conformance.md` is. `cargo xtask test` fails where a rule is broken or the page is not true any more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::components::{self, Set};
use crate::workspace::Workspace;
use crate::{build, process};

const PAGE: &str = "docs/conformance.md";
const CONNECTORS: &str = "plugins/connectors";

/// What `guanxi plugin conform --json` says of one connector.
#[derive(Deserialize)]
struct Report {
    plugin: String,
    version: String,
    plays: u64,
    exchanges: Vec<serde::de::IgnoredAny>,
    not_covered: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    says: String,
    verdict: String,
}

/// Builds what it takes and writes the page.
pub fn run(workspace: &Workspace) -> Result<()> {
    components::build(workspace, &[Set::Plugins])?;
    let binary = build::binary(workspace, false)?;
    let page = page(workspace, &binary)?;
    components::write_if_changed(&workspace.root.join(PAGE), page.as_bytes())
}

/// Fails where a connector breaks a rule, or the page says something else than what comes out.
pub fn check(workspace: &Workspace, binary: &Path) -> Result<()> {
    let page = page(workspace, binary)?;
    let kept = fs::read_to_string(workspace.root.join(PAGE)).unwrap_or_default();
    ensure!(kept == page, "{PAGE} is not what the connectors show: run `cargo xtask conformance`");
    Ok(())
}

fn page(workspace: &Workspace, binary: &Path) -> Result<String> {
    let place = tempfile::tempdir().context("cannot make a folder for reports")?;
    let mut reports = Vec::new();
    for connector in connectors(workspace)? {
        let name = connector.file_name().unwrap_or_default();
        let report = place.path().join(name).with_extension("json");
        let component = Set::Plugins.output(workspace).join(name).with_extension("wasm");
        let mut conform = Command::new(binary);
        conform.args(["plugin", "conform", "--component"]).arg(component);
        conform.arg("--exchanges").arg(connector.join("exchanges")).arg("--json").arg(&report);
        conform.env("GUANXI_CACHE_DIR", workspace.target.join("compiled"));
        process::read(&mut conform)?;
        let told = fs::read(&report).with_context(|| format!("cannot read {}", report.display()))?;
        reports.push(serde_json::from_slice(&told).with_context(|| format!("cannot read {}", report.display()))?);
    }
    Ok(written(&reports))
}

/// The folders of the connectors, by name.
fn connectors(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = workspace.root.join(CONNECTORS);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut connectors: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    connectors.retain(|connector| connector.join("exchanges").is_dir());
    connectors.sort();
    Ok(connectors)
}

fn written(reports: &[Report]) -> String {
    let mut page = String::from(
        "# Conformance of the connectors\n\n\
         Written by `cargo xtask conformance`, which plays each first-party connector, as the component that ships, against recordings of its \
         channel, and then against what no channel should say but some do ([how](plugins.md#conformance-of-connectors)). \
         `cargo xtask test` fails where a rule is broken, and where this page is not true any more.\n\n\
         | Connector | Version | Recordings | Plays | Rules kept | Not asked for |\n|---|---|--:|--:|--:|---|\n",
    );
    let mut rules = BTreeMap::new();
    for report in reports {
        let asked_for = |rule: &&Rule| rule.verdict == "passed";
        let kept = report.rules.iter().filter(asked_for).count();
        let others: Vec<&str> = report.rules.iter().filter(|rule| !asked_for(rule)).map(|rule| &*rule.id).collect();
        page.push_str(&format!(
            "| [{name}](../{CONNECTORS}/{name}/README.md) | {} | {} | {} | {kept} of {} | {} |\n",
            report.version,
            report.exchanges.len(),
            report.plays,
            report.rules.len(),
            if others.is_empty() { "—".to_owned() } else { others.join(", ") },
            name = report.plugin,
        ));
        rules.extend(report.rules.iter().map(|rule| (&rule.id, &rule.says)));
    }
    page.push_str(
        "\nA rule is not asked for where it has no meaning: of a channel that does not know repetitions, say, or of one \
         that wants no secret.\n\n## The rules\n\n",
    );
    rules.into_iter().for_each(|(id, says)| page.push_str(&format!("- **{id}**: {says}\n")));
    let facets: Vec<String> = reports
        .iter()
        .filter(|report| !report.not_covered.is_empty())
        .map(|report| format!("- {}: {}\n", report.plugin, report.not_covered.join(", ")))
        .collect();
    page.push_str(
        "\n## What the rules are not about\n\nCallbacks, sessions, polls and audiences have no rules here; they are held to real \
         requests and vectors by the tests of each connector. They are offered by:\n\n",
    );
    page.push_str(&facets.concat());
    page
}
