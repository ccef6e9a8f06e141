//! What authors start from, carried by this binary: the contract, the SDKs and the examples. So a project is made without the
//! network, and fits the host that made it.

use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

include!(concat!(env!("OUT_DIR"), "/kit.rs"));

/// The workspace's own, where the versions of all dependencies stand.
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");

/// Every file under `folder`, each by its path there.
pub fn files(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let prefix = format!("{folder}/");
    KIT.iter().filter_map(move |(path, text)| Some((path.strip_prefix(&prefix)?, *text)))
}

/// Writes the contract and Python's SDK under `folder`, for tools that read them as files.
pub fn unpack(folder: &Path) -> anyhow::Result<()> {
    for part in ["wit", "sdk/python"] {
        for (path, text) in files(part) {
            let path = folder.join(part).join(path);
            if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
                continue;
            }
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
            std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
    }
    Ok(())
}

/// One file.
pub fn file(path: &str) -> anyhow::Result<&'static str> {
    let found = KIT.iter().find(|(name, _)| *name == path);
    found.map(|(_, text)| *text).with_context(|| format!("this binary carries no {path}"))
}

/// The `Cargo.toml` of the SDK as it stands outside of the workspace: with what it takes from there.
pub fn rust_sdk_manifest() -> anyhow::Result<String> {
    let mut manifest: Table = file("sdk/rust/Cargo.toml")?.parse()?;
    let workspace = workspace()?;
    let shared = table(&workspace, "package")?;
    for (key, value) in table_mut(&mut manifest, "package")? {
        if is_inherited(value) {
            *value = shared.get(key).with_context(|| format!("the workspace has no `{key}`"))?.clone();
        }
    }
    manifest.remove("lints");
    let versions = table(&workspace, "dependencies")?;
    inherit(table_mut(&mut manifest, "dependencies")?, versions)?;
    for (_, target) in manifest.get_mut("target").and_then(Value::as_table_mut).into_iter().flatten() {
        inherit(table_mut(target.as_table_mut().context("a target is a table")?, "dependencies")?, versions)?;
    }
    Ok(toml::to_string(&manifest)?)
}

/// The `package.json` of TypeScript's SDK, or a lock that has it, without the tools that its own tests need.
pub fn without_own_tools(json: &str) -> anyhow::Result<String> {
    let mut document: serde_json::Value = serde_json::from_str(json)?;
    let tools = |package: &mut serde_json::Value| {
        if let Some(package) =
            package.as_object_mut().filter(|package| package.get("name") == Some(&"guanxi-plugin".into()))
        {
            package.remove("devDependencies");
            package.remove("scripts");
        }
    };
    tools(&mut document);
    document
        .get_mut("packages")
        .and_then(|packages| packages.as_object_mut())
        .into_iter()
        .flatten()
        .for_each(|(_, package)| tools(package));
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// How components are compiled: `[profile.plugin]` of the workspace, as a project's release.
pub fn profile() -> anyhow::Result<String> {
    let whole: Table = WORKSPACE.parse()?;
    let mut plugin = table(table(&whole, "profile")?, "plugin")?.clone();
    plugin.remove("inherits");
    Ok(toml::to_string(&plugin)?)
}

/// The version of the language that the SDK is written in.
pub fn edition() -> anyhow::Result<String> {
    let workspace = workspace()?;
    let edition = table(&workspace, "package")?.get("edition").and_then(Value::as_str);
    Ok(edition.context("the workspace has no edition")?.to_owned())
}

fn workspace() -> anyhow::Result<Table> {
    let whole: Table = WORKSPACE.parse()?;
    Ok(table(&whole, "workspace")?.clone())
}

fn inherit(dependencies: &mut Table, versions: &Table) -> anyhow::Result<()> {
    for (name, value) in dependencies.iter_mut().filter(|(_, value)| is_inherited(value)) {
        *value = versions.get(name).with_context(|| format!("the workspace has no `{name}`"))?.clone();
    }
    Ok(())
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn table<'t>(parent: &'t Table, key: &str) -> anyhow::Result<&'t Table> {
    parent.get(key).and_then(Value::as_table).with_context(|| format!("there is no [{key}]"))
}

fn table_mut<'t>(parent: &'t mut Table, key: &str) -> anyhow::Result<&'t mut Table> {
    parent.get_mut(key).and_then(Value::as_table_mut).with_context(|| format!("there is no [{key}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_takes_nothing_from_a_workspace() {
        let manifest = rust_sdk_manifest().expect("a manifest");
        assert!(!manifest.contains("workspace"), "{manifest}");
        let parsed: Table = manifest.parse().expect("TOML");
        let wit_bindgen = parsed["dependencies"]["wit-bindgen"]["version"].as_str().expect("a version");
        assert!(WORKSPACE.contains(wit_bindgen), "{manifest}");
        assert!(files("wit").any(|(name, _)| name == "worlds.wit"));
        assert!(profile().expect("a profile").contains("panic = \"abort\""));
    }
}
