//! Components from the sources under `tests/frozen`: what authors make of each released version of the contract, in every
//! language. They are made of that version's files alone, and made again when sources or the tools that they name change.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use guanxi_package::{Language, Names, build_crate, build_project, with_manifest};

use crate::components::{ensure_target, write_if_changed};
use crate::process;
use crate::tidy::frozen::{self, Package};
use crate::workspace::Workspace;

const LANGUAGES: [&str; 3] = ["rust", "typescript", "python"];
/// Folders that tools leave behind.
const LEFT_BEHIND: [&str; 4] = ["target", "node_modules", "build", "__pycache__"];

/// Where the components are: `<version>/<language>.wasm`.
pub fn output(workspace: &Workspace) -> PathBuf {
    workspace.target.join("frozen")
}

/// Builds what is not there yet; needs Node and Python.
pub fn build(workspace: &Workspace) -> Result<()> {
    ensure_target()?;
    let list = fs::read_to_string(workspace.root.join("wit/frozen.toml")).context("cannot read wit/frozen.toml")?;
    for package in frozen::read(&list)? {
        let (output, place) = (output(workspace).join(&package.version), workspace.target.join("frozen-work"));
        let place = place.join(&package.version);
        fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
        copy_wit(workspace, &package, &place)?;
        for language in LANGUAGES {
            let component = output.join(format!("{language}.wasm"));
            component_of(workspace, &package, language, &place, &component)
                .with_context(|| format!("in tests/frozen/{}/{language}", package.version))?;
        }
    }
    Ok(())
}

/// The version's own files, as a kit that authors' tools take.
fn copy_wit(workspace: &Workspace, package: &Package, place: &Path) -> Result<()> {
    let (from, to) = (workspace.root.join(&package.folder), place.join("wit"));
    fs::create_dir_all(&to).with_context(|| format!("cannot create {}", to.display()))?;
    for name in package.files.keys() {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}

fn component_of(
    workspace: &Workspace,
    package: &Package,
    language: &str,
    place: &Path,
    component: &Path,
) -> Result<()> {
    let source = workspace.root.join("tests/frozen").join(&package.version).join(language);
    let kind = Language::of(&source)?;
    if kind == Language::Rust {
        // Cargo knows what is stale.
        return write_if_changed(component, &build_crate(&source, &workspace.target.join("wasm"), Names::AsProfiled)?);
    }
    let mut files = Vec::new();
    collect(&source, &mut files)?;
    let mut made_of = format!("{} {}\n", package.version, package.sha256);
    for (file, bytes) in &files {
        writeln!(made_of, "{} {}", file.display(), guanxi_package::digest(bytes))?;
    }
    let (folder, stamp) = (place.join(language), place.join(format!("{language}.made-of")));
    if component.is_file() && fs::read_to_string(&stamp).is_ok_and(|old| old == made_of) {
        return Ok(());
    }
    println!("building the component of the frozen {} in {language}", package.version);
    for (file, bytes) in &files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        write_if_changed(&file, bytes)?;
    }
    let built = match kind {
        Language::Python => python(&folder, place)?,
        _ => build_project(&folder, place, place, Names::AsProfiled)?,
    };
    write_if_changed(component, &built)?;
    fs::write(&stamp, made_of).with_context(|| format!("cannot write {}", stamp.display()))
}

/// What a folder holds, by path within it, in order.
fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    fn below(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if LEFT_BEHIND.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                below(root, &path, files)?;
            } else {
                files.push((path.strip_prefix(root)?.to_owned(), fs::read(&path)?));
            }
        }
        Ok(())
    }
    below(folder, folder, files).with_context(|| format!("cannot read {}", folder.display()))?;
    files.sort();
    Ok(())
}

/// With the generated types alone: `guanxi plugin build` would take the SDK of today.
fn python(folder: &Path, place: &Path) -> Result<Vec<u8>> {
    let environment = place.join("python-environment");
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    process::run(pip.arg(folder.join("requirements.txt")))?;
    let mut tool = Command::new(environment.join("bin/componentize-py"));
    tool.current_dir(folder).env("VIRTUAL_ENV", &environment).arg("--quiet");
    tool.arg("--wit-path").arg(place.join("wit")).args(["--wit-path", "world.wit", "--world", "guest:frozen/frozen"]);
    tool.args(["componentize", "--python-path", ".", "--stub-wasi", "--output", "component.wasm", "plugin"]);
    process::run(&mut tool)?;
    let manifest = fs::read_to_string(folder.join("plugin.toml")).context("cannot read plugin.toml")?;
    Ok(with_manifest(&fs::read(folder.join("component.wasm")).context("cannot read the component")?, &manifest))
}
