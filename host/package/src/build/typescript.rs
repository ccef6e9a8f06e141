//! Plugins in TypeScript and JavaScript: `tsc` checks the types, `esbuild` puts everything into one module, and
//! `componentize-qjs` puts that into a component with its engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use guanxi_domain::manifest::{Kind, Manifest};

use super::{Stamp, program, read, run, text_or_nothing, write};
use crate::PackageError;

const INSTALL: &str = "install Node 20 or newer with npm";
/// Where tools work; the places of exceptions are told from here, as `src/…`.
const FOLDER: &str = "build";

/// What `esbuild` says of its bundle.
#[derive(serde::Deserialize)]
struct Bundled {
    outputs: BTreeMap<String, Output>,
}

#[derive(serde::Deserialize)]
struct Output {
    #[serde(default)]
    exports: Vec<String>,
}

/// The component of the project in `folder`, without its manifest.
pub(super) fn build(folder: &Path, kit: &Path, manifest: &Manifest) -> Result<Vec<u8>, PackageError> {
    let build = folder.join(FOLDER);
    let tools = tools(folder)?;
    let tool = |name: &str| program(tools.join(name), folder);
    let source = if folder.join("src/plugin.ts").is_file() {
        run("tsc", tool("tsc").args(["--noEmit", "--pretty", "false"]), INSTALL)?;
        "src/plugin.ts"
    } else {
        "src/plugin.js"
    };
    let mut bundle = tool("esbuild");
    bundle.arg(source).args(["--bundle", "--format=esm", "--platform=neutral", "--target=es2023", "--charset=utf8"]);
    bundle.args(["--external:guanxi:*", "--sourcemap=external", "--sources-content=false", "--log-level=warning"]);
    bundle.args(["--metafile=build/meta.json", "--outfile=build/plugin.js"]);
    run("esbuild", &mut bundle, INSTALL)?;
    let exports = exports(&build, source, manifest)?;
    let map = text_or_nothing(&build.join("plugin.js.map"));
    write(&build.join("source-map.js"), format!("globalThis.guanxiSourceMap = {map};\n").as_bytes())?;
    write(&build.join("component.js"), b"import \"./source-map.js\";\nexport * from \"./plugin.js\";\n")?;
    write(&build.join("wit/world.wit"), world(&exports).as_bytes())?;
    copy_wit(&kit.join("wit"), &build.join("wit/deps/guanxi-plugin"))?;
    let mut componentize = tool("componentize-qjs");
    componentize.args(["--wit", "build/wit", "--world", "plugin", "--js", "build/component.js"]);
    componentize.args(["--stub-wasi", "--sync", "--opt-size", "--output", "build/component.wasm"]);
    run("componentize-qjs", &mut componentize, INSTALL)?;
    read(&build.join("component.wasm"))
}

/// The folder with the project's tools, which are installed if they are missing or were changed. The nearest `package.json`
/// counts, so that several plugins may share one.
fn tools(folder: &Path) -> Result<PathBuf, PackageError> {
    let Some(package) = folder.ancestors().find(|above| above.join("package.json").is_file()) else {
        return Err(PackageError::NoProject(folder.display().to_string()));
    };
    let (modules, lock) = (package.join("node_modules"), package.join("package-lock.json"));
    let made_of = [text_or_nothing(&package.join("package.json")), text_or_nothing(&lock)].concat();
    let stamp = Stamp { file: modules.join(".guanxi-made-of"), made_of };
    if !stamp.holds() {
        let verb = if lock.is_file() { "ci" } else { "install" };
        let mut npm = program("npm", package);
        npm.args([verb, "--no-audit", "--no-fund", "--loglevel", "error"]);
        run("npm", &mut npm, INSTALL)?;
        // Without a lock one was written just now.
        let made_of = [text_or_nothing(&package.join("package.json")), text_or_nothing(&lock)].concat();
        Stamp { made_of, ..stamp }.set()?;
    }
    Ok(modules.join(".bin"))
}

/// Names of interfaces that the module exports; those that the manifest declares must be among them.
fn exports(build: &Path, source: &str, manifest: &Manifest) -> Result<Vec<String>, PackageError> {
    let meta: Bundled = serde_json::from_slice(&read(&build.join("meta.json"))?)
        .map_err(|error| PackageError::Tool { tool: "esbuild".to_owned(), said: error.to_string() })?;
    let exports: Vec<String> = meta.outputs.into_values().flat_map(|output| output.exports).map(kebab).collect();
    let kinds: Vec<&str> = manifest.kinds().into_iter().map(Kind::as_str).collect();
    if let Some(missing) = kinds.iter().find(|kind| !exports.iter().any(|name| name == *kind)) {
        return Err(PackageError::NotExported { kind: (*missing).to_owned(), module: source.to_owned() });
    }
    let known = |name: &String| kinds.contains(&name.as_str()) || name.starts_with("connector-");
    Ok(exports.into_iter().filter(known).collect())
}

/// `connectorReceive` as `connector-receive`.
fn kebab(name: String) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// One world with all that is exported.
fn world(exports: &[String]) -> String {
    let mut text = "package guanxi:build;\n\nworld plugin {\n  import guanxi:plugin/host@0.1.0;\n".to_owned();
    if exports.iter().any(|name| name.starts_with("connector")) {
        text.push_str("  import guanxi:plugin/secrets@0.1.0;\n");
    }
    for name in exports {
        text.push_str(&format!("  export guanxi:plugin/{name}@0.1.0;\n"));
    }
    text + "}\n"
}

/// Only what is the contract's own: its drafts have folders of theirs.
fn copy_wit(from: &Path, to: &Path) -> Result<(), PackageError> {
    let cannot = |source| PackageError::Read { path: from.display().to_string(), source };
    for entry in std::fs::read_dir(from).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        if let Some(name) = file.file_name().filter(|_| file.extension().is_some_and(|extension| extension == "wit")) {
            write(&to.join(name), &read(&file)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_exports_what_the_module_does() {
        let exports = ["campaign", "connectorReceive"].map(|name| kebab(name.to_owned()));
        let world = world(&exports);
        assert!(world.contains("export guanxi:plugin/connector-receive@0.1.0;"), "{world}");
        assert!(world.contains("import guanxi:plugin/secrets@0.1.0;"), "{world}");
    }
}
