//! `cargo xtask`: the project's chores as one program, so that contributors and CI run the same thing.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who runs it")]

mod bench;
mod build;
mod components;
mod conformance;
mod counterparts;
mod crowd;
mod demo;
mod environment;
mod frozen;
mod postgres;
mod process;
mod sdks;
mod system;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::components::Set;
use crate::workspace::Workspace;

/// Builds, checks and shows Guanxi.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Builds everything and starts the demo.
    Demo {
        /// Optimised: slower to build, faster to run.
        #[arg(long)]
        release: bool,
        /// Handed to `guanxi demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs everything that must pass; with a filter only the tests whose name contains it.
    Test {
        /// Part of a test's name.
        filter: Option<String>,
    },
    /// Measures the budgets.
    Bench {
        /// Handed to the bench.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Writes a tenant that looks like a brand's, at any size, and loads it if wanted.
    Crowd(crowd::Wish),
    /// Checks what the compiler does not: arrows between crates, versions, SQL, words, file lengths.
    Tidy,
    /// Plays the first-party connectors against recordings of their channels and writes the report.
    Conformance,
    /// Builds the `guanxi` binary with the first-party plugins inside.
    Build {
        /// Optimised.
        #[arg(long)]
        release: bool,
    },
    /// Builds the first-party plugins as components.
    Plugins,
    /// Builds the tests' guests, the examples and what was frozen as components.
    Guests,
    /// Runs a command with everything that the tests get: PostgreSQL, counterparts, components.
    With {
        /// The command, such as `cargo test -p guanxi-store-contract`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    process::watch_signals()?;
    let workspace = Workspace::load()?;
    match chore {
        Chore::Demo { release, arguments } => demo::run(&workspace, release, &arguments),
        Chore::Test { filter } => test::run(&workspace, filter.as_deref()),
        Chore::Bench { arguments } => bench::run(&workspace, &arguments),
        Chore::Crowd(wish) => crowd::run(&workspace, &wish),
        Chore::Tidy => tidy::run(&workspace),
        Chore::Conformance => conformance::run(&workspace),
        Chore::Build { release } => build::run(&workspace, release).map(drop),
        Chore::Plugins => components::build(&workspace, &[Set::Plugins]),
        Chore::Guests => {
            components::build(&workspace, &[Set::Guests, Set::Examples])?;
            frozen::build(&workspace)
        }
        Chore::With { command } => environment::run_with(&workspace, &command),
    }
}
