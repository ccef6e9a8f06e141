//! The tests of the SDKs that are not Rust, with the tools of their languages.

use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// Runs them; needs Node and Python, which the tests' environment has seen to.
pub fn test(workspace: &Workspace) -> Result<()> {
    let typescript = workspace.root.join("sdk/typescript");
    let npm = |arguments: &[&str]| process::run(Command::new("npm").args(arguments).current_dir(&typescript));
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel", "error"]).context("in sdk/typescript")?;
    npm(&["test", "--silent"]).context("in sdk/typescript")?;
    let mut python = Command::new("python3");
    python.args(["-B", "-m", "unittest", "--quiet"]).current_dir(workspace.root.join("sdk/python"));
    process::run(&mut python).context("in sdk/python")
}
