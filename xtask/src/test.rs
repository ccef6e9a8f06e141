//! `cargo xtask test`: everything that must pass, cheapest first, ending at the first failure.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::components::{self, Set};
use crate::environment::Environment;
use crate::postgres::Durability;
use crate::workspace::Workspace;
use crate::{bench, build, conformance, process, sdks, system, tidy};

/// Runs every stage; with a filter, only the tests that match and what they need.
pub fn run(workspace: &Workspace, filter: Option<&str>) -> Result<()> {
    let mut stages = Stages::start();
    if filter.is_none() {
        stages.run("format", || format(workspace))?;
        stages.run("tidy", || tidy::run(workspace))?;
    }
    stages.run("components", || components::build(workspace, &[Set::Plugins, Set::Guests, Set::Examples]))?;
    if filter.is_none() {
        stages.run("clippy", || clippy(workspace))?;
    }
    let binary = stages.run("build", || build::everything(workspace))?;
    let environment = stages.run("environment", || Environment::prepare(workspace, &binary, Durability::Forgetful))?;
    if filter.is_none() {
        stages.run("doctests", || documentation(workspace, &environment))?;
        stages.run("sdks", || sdks::test(workspace))?;
        stages.run("conformance", || conformance::check(workspace, &binary))?;
    }
    stages.run("tests", || tests(workspace, &environment, filter))?;
    if filter.is_none() {
        stages.run("bench", || bench::run_quick(workspace, &environment))?;
    }
    drop(environment);
    stages.finish();
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
}

fn clippy(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

/// Doctests of what plugin authors read; nothing else is written to be copied.
fn documentation(workspace: &Workspace, environment: &Environment) -> Result<()> {
    let mut cargo = workspace.cargo();
    process::run(environment.apply(cargo.args(["test", "--doc", "--workspace"])))
}

/// Plugins and guests run natively, too: their tests are ordinary tests.
fn tests(workspace: &Workspace, environment: &Environment, filter: Option<&str>) -> Result<()> {
    let mut cargo = workspace.cargo();
    if has_nextest() {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests", "pass"]);
    } else {
        cargo.args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    process::run(environment.apply(cargo.args(filter)))
}

fn has_nextest() -> bool {
    system::find("cargo-nextest").is_some()
        && process::read(Command::new("cargo-nextest").args(["nextest", "--version"])).is_ok()
}

/// Names each stage before it starts and counts its time.
struct Stages {
    start: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    fn start() -> Self {
        Self { start: now(), done: Vec::new() }
    }

    fn run<T>(&mut self, name: &'static str, stage: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("== {name}");
        let start = now();
        let outcome = stage().with_context(|| format!("stage {name} failed"))?;
        let time = now().duration_since(start);
        println!("== {name} passed in {:.1} s", time.as_secs_f64());
        self.done.push((name, time));
        Ok(outcome)
    }

    fn finish(self) {
        let stages: Vec<_> =
            self.done.iter().map(|(name, time)| format!("{name} {:.1} s", time.as_secs_f64())).collect();
        println!(
            "== all stages passed in {:.1} s: {}",
            now().duration_since(self.start).as_secs_f64(),
            stages.join(", ")
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "measures the stages")]
fn now() -> Instant {
    Instant::now()
}
