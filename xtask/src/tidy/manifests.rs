//! Versions and lints in one place: members only say `workspace = true`.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::tidy::Finding;
use crate::tidy::sources::{Source, Sources};
use crate::workspace::Workspace;

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
const VERSION: &str =
    "declare it under [workspace.dependencies] in the root Cargo.toml and write `workspace = true` here";
const LINTS: &str = "add `[lints]` with `workspace = true`, so that the rules hold here, too";

/// Checks the members' Cargo.toml.
pub fn check(workspace: &Workspace, sources: &Sources) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = workspace.folder(package).join("Cargo.toml").display().to_string();
        let Some(source) = sources.files.iter().find(|source| source.path == path) else {
            continue;
        };
        findings.extend(check_manifest(source)?);
    }
    Ok(findings)
}

fn check_manifest(source: &Source) -> Result<Vec<Finding>> {
    let manifest: Table = source.text.parse().with_context(|| format!("cannot read {}", source.path))?;
    let mut findings = own_versions(&manifest, &source.path);
    for (platform, tables) in table(&manifest, "target") {
        let tables = tables.as_table().with_context(|| format!("{}: target.{platform} is no table", source.path))?;
        findings.extend(own_versions(tables, &source.path));
    }
    // Tests may unwrap and print; they say so in their own table.
    if !source.path.starts_with("tests/") && !says_workspace(manifest.get("lints")) {
        findings.push(Finding::in_file(&source.path, "the workspace's lints are not on", LINTS));
    }
    Ok(findings)
}

fn own_versions(tables: &Table, path: &str) -> Vec<Finding> {
    let dependencies = KINDS.into_iter().flat_map(|kind| table(tables, kind));
    let own = dependencies.filter(|(_, value)| !says_workspace(Some(value)));
    own.map(|(name, _)| Finding::in_file(path, format!("{name} has a version of its own"), VERSION)).collect()
}

fn table<'a>(parent: &'a Table, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    parent.get(name).and_then(Value::as_table).into_iter().flatten()
}

fn says_workspace(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_problems(path: &str, manifest: &str, problems: &[&str]) {
        let source = Source { path: path.to_owned(), text: manifest.to_owned() };
        let found = check_manifest(&source).unwrap();
        assert_eq!(found.iter().map(|finding| finding.problem.as_str()).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn versions_and_lints_live_in_the_root() {
        check_problems("host/a/Cargo.toml", "lints.workspace = true\n[dependencies]\nserde.workspace = true", &[]);
        check_problems("host/a/Cargo.toml", "", &["the workspace's lints are not on"]);
        check_problems("tests/e2e/Cargo.toml", "[dev-dependencies]\nb = '1'", &["b has a version of its own"]);
        check_problems(
            "tests/e2e/Cargo.toml",
            "[target.x.dependencies]\nc.path = '.'",
            &["c has a version of its own"],
        );
    }
}
