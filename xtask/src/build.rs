//! `cargo xtask build`: the binary with the first-party plugins inside.

use std::path::PathBuf;

use anyhow::Result;

use crate::components::{self, Set};
use crate::process;
use crate::workspace::Workspace;

/// Builds plugins and binary; returns the binary's path.
pub fn run(workspace: &Workspace, release: bool) -> Result<PathBuf> {
    components::build(workspace, &[Set::Plugins])?;
    binary(workspace, release)
}

/// Builds binaries and tests at once, so that each dependency is compiled with one set of features only; returns the
/// binary's path. Libraries are built as others need them: a component does not link natively.
pub fn everything(workspace: &Workspace) -> Result<PathBuf> {
    process::run(workspace.cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
    Ok(workspace.binaries(false).join("guanxi"))
}

/// Builds the binary around the plugins that are there, with the features that dependencies have in the whole workspace:
/// nothing is compiled again for the tests.
pub fn binary(workspace: &Workspace, release: bool) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--workspace", "--bin", "guanxi"]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    Ok(workspace.binaries(release).join("guanxi"))
}
