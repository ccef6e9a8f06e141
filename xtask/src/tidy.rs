//! `cargo xtask tidy`: taste that matters, executable. Each finding names its remedy.

pub mod frozen;
mod headers;
mod layers;
mod literals;
mod manifests;
mod paths;
mod sources;
mod sql;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::tidy::sources::Sources;
use crate::workspace::Workspace;

/// Something that is against the rules.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// The file.
    path: String,
    /// The line, from 1, if there is one.
    line: Option<usize>,
    /// What is wrong.
    problem: String,
    /// What to do about it.
    remedy: &'static str,
}

impl Finding {
    fn in_file(path: &str, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { path: path.to_owned(), line: None, problem: problem.into(), remedy }
    }

    fn at_line(path: &str, line: usize, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { path: path.to_owned(), line: Some(line), problem: problem.into(), remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}: {}", self.problem, self.remedy)
    }
}

/// Prints every finding; fails if there is one.
pub fn run(workspace: &Workspace) -> Result<()> {
    let sources = Sources::read(&workspace.root)?;
    let mut findings = layers::check(workspace);
    findings.extend(manifests::check(workspace, &sources)?);
    findings.extend(sql::check(&sources));
    findings.extend(words::check(&sources));
    findings.extend(headers::check(&sources));
    findings.extend(paths::check(&sources));
    findings.extend(frozen::check(&sources)?);
    if findings.is_empty() {
        println!("tidy: {} files hold the rules", sources.files.len());
        return Ok(());
    }
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    bail!("tidy: {} findings", findings.len())
}
