//! `cargo xtask bench`: the budgets, measured on optimised builds and a PostgreSQL that really syncs.

use std::process::Command;

use anyhow::Result;

use crate::build;
use crate::components::{self, Set};
use crate::environment::Environment;
use crate::postgres::Durability;
use crate::process;
use crate::workspace::Workspace;

/// Builds everything optimised and runs `guanxi-bench` with the arguments.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    components::build(workspace, &[Set::Plugins, Set::Guests, Set::Examples])?;
    let binary = build::binary(workspace, true)?;
    process::run(workspace.cargo().args(["build", "--release", "--workspace", "--bin", "guanxi-bench"]))?;
    let environment = Environment::prepare(workspace, &binary, Durability::Synced)?;
    measure(workspace, true, &environment, arguments)
}

/// Goes through every measurement once, small and on the builds of the tests: what no longer works fails, speed does not.
pub fn run_quick(workspace: &Workspace, environment: &Environment) -> Result<()> {
    measure(workspace, false, environment, &["--quick".to_owned()])
}

fn measure(workspace: &Workspace, release: bool, environment: &Environment, arguments: &[String]) -> Result<()> {
    let mut bench = Command::new(workspace.binaries(release).join("guanxi-bench"));
    process::run(environment.apply(bench.current_dir(&workspace.root).args(arguments)))
}
