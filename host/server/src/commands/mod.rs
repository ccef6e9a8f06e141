//! The commands of the command line, one a file.

pub mod candidate;
pub mod decision;
pub mod erasures;
pub mod import;
pub mod log;
pub mod migrate;
pub mod plugin;
pub mod publisher;
pub mod secrets;
pub mod serve;
pub mod tenant;
pub mod token;

use std::fmt::Display;
use std::io::Write;

/// Prints a line to standard output. Whoever closed it does not want to know.
pub fn print(line: impl Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints an error with everything that led to it.
pub fn print_error(error: &anyhow::Error) {
    drop(writeln!(std::io::stderr(), "error: {error:#}"));
}
