//! `cargo xtask demo`: from a fresh clone to the console in one command.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::workspace::Workspace;

/// Builds everything and becomes `guanxi demo`.
pub fn run(workspace: &Workspace, release: bool, arguments: &[String]) -> Result<()> {
    let binary = build::run(workspace, release)?;
    let error = Command::new(&binary).arg("demo").args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}
