//! Components from the workspace's own plugins, guests and examples: all of a chore's in one cargo run.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use guanxi_package::{Built, build_crates};

use crate::workspace::Workspace;
use crate::{process, system};

const TARGET: &str = "wasm32-unknown-unknown";

/// Crates that become components together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// What ships inside the binary.
    Plugins,
    /// What the tests throw at the host.
    Guests,
    /// What authors learn from.
    Examples,
}

impl Set {
    /// Where its crates live.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Plugins => "plugins",
            Self::Guests => "tests/guests",
            Self::Examples => "examples/rust",
        }
    }

    /// Where its components go: `<folder of the crate>.wasm`, nothing else.
    pub fn output(self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(match self {
            Self::Plugins => "plugins",
            Self::Guests => "guests",
            Self::Examples => "examples",
        })
    }
}

/// Builds the sets.
pub fn build(workspace: &Workspace, sets: &[Set]) -> Result<()> {
    let crates: Vec<&str> = sets
        .iter()
        .flat_map(|set| workspace.members_under(set.folder()))
        .map(|package| package.name.as_str())
        .collect();
    let built = if crates.is_empty() {
        Vec::new()
    } else {
        ensure_target()?;
        println!("building {} components", crates.len());
        build_crates(&workspace.root, &crates, &workspace.target.join("wasm"))?
    };
    sets.iter().try_for_each(|set| write(workspace, *set, &built))
}

/// Writes the set's components. What did not change is not touched, so that nothing is rebuilt for it;
/// what is no longer built is removed.
fn write(workspace: &Workspace, set: Set, built: &[Built]) -> Result<()> {
    let directory = set.output(workspace);
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut names = BTreeSet::new();
    let source = workspace.root.join(set.folder());
    for component in built.iter().filter(|component| component.dir.starts_with(&source)) {
        let name = file_name(&component.dir)?;
        write_if_changed(&directory.join(&name), &component.package)?;
        ensure!(names.insert(name), "two crates under {} are called {}", set.folder(), component.dir.display());
    }
    for entry in fs::read_dir(&directory)? {
        let entry = entry?;
        if !names.contains(&entry.file_name()) {
            fs::remove_file(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    println!("{} components in {}", names.len(), directory.display());
    Ok(())
}

fn file_name(crate_directory: &Path) -> Result<OsString> {
    let mut name = crate_directory.file_name().context("a crate without a folder")?.to_owned();
    name.push(".wasm");
    Ok(name)
}

/// Writes a file unless it holds just that.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Gets Rust's target for components unless it is there.
pub fn ensure_target() -> Result<()> {
    let libraries = process::read(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(&libraries).is_dir() {
        return Ok(());
    }
    ensure!(
        system::find("rustup").is_some(),
        "Rust's target {TARGET} is missing and there is no rustup to get it: install rustup, or the target with your \
         distribution's tools, and run this again"
    );
    println!("installing Rust's target {TARGET}");
    process::run(Command::new("rustup").args(["target", "add", TARGET]))
}
