//! `guanxi-bench`: the budgets of the design, each measured beside something else in the same run. `cargo xtask bench`
//! builds everything optimised and starts it with what it needs: plugins, guests, the server's binary and PostgreSQL.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who runs it")]

mod api;
mod database;
mod extism;
mod load;
mod measure;
mod moments;
mod newcomers;
mod outbox;
mod population;
mod raw;
mod report;
mod rows;
mod server;
mod setup;
mod sink;
mod surroundings;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::report::Report;
use crate::surroundings::Surroundings;

/// Measures the budgets.
#[derive(Parser)]
#[command(name = "guanxi-bench")]
struct Arguments {
    /// Only the measurements whose name contains this; may be given more than once.
    #[arg(long)]
    only: Vec<String>,
    /// Small sizes: shows that everything works; budgets are not judged.
    #[arg(long)]
    quick: bool,
    /// Builds the Extism peer, which takes minutes the first time, and measures it, too.
    #[arg(long)]
    with_extism: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `false` if a budget does not hold or an outcome was wrong.
fn run(arguments: &Arguments) -> Result<bool> {
    let surroundings = Surroundings::find(arguments.quick, arguments.with_extism)?;
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::new(!arguments.quick);
    for measurement in rows::ALL {
        let wanted = arguments.only.is_empty() || arguments.only.iter().any(|part| measurement.name.contains(part));
        if !wanted {
            continue;
        }
        println!("measuring {} …", measurement.name);
        match (measurement.run)(&surroundings, &tokio) {
            Ok(rows) => report.add(rows),
            Err(error) => report.fail(measurement.name, &error),
        }
    }
    report.print();
    report.write(&surroundings.output.join("report.json"))?;
    Ok(report.holds())
}
