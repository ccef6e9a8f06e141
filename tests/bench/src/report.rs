//! What was measured, as a table for people and as JSON for whoever compares runs.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// One measured value beside what it is compared with.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Stable between runs.
    pub name: &'static str,
    /// The median over the rounds.
    pub value: f64,
    /// Of `value` and `against`.
    pub unit: &'static str,
    /// The same work done by something else in the same run.
    pub against: Option<f64>,
    /// What that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against_what: Option<&'static str>,
    /// `value` / `against`.
    pub ratio: Option<f64>,
    /// What must hold, in words; `None` for what is only told.
    pub budget: Option<String>,
    /// Whether it does.
    pub holds: bool,
    /// What else one should know of the measurement.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Row {
    /// A value that is only told.
    pub fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        let (against, against_what, ratio, budget) = (None, None, None, None);
        Self { name, value, unit, against, against_what, ratio, budget, holds: true, note: String::new() }
    }

    /// Beside something else.
    pub fn against(self, what: &'static str, value: f64) -> Self {
        Self { against: Some(value), against_what: Some(what), ratio: Some(self.value / value), ..self }
    }

    /// The value must not be greater.
    pub fn at_most(self, limit: f64) -> Self {
        let (holds, words) = (self.value <= limit, format!("≤ {limit} {}", self.unit));
        self.must(holds, words)
    }

    /// The value must not be smaller.
    pub fn at_least(self, limit: f64) -> Self {
        let (holds, words) = (self.value >= limit, format!("≥ {limit} {}", self.unit));
        self.must(holds, words)
    }

    /// The value must not be greater than so many times what it is compared with.
    pub fn ratio_at_most(self, limit: f64) -> Self {
        let (holds, words) = (self.ratio.is_some_and(|ratio| ratio <= limit), format!("≤ {limit} ×"));
        self.must(holds, words)
    }

    /// The value must not be smaller than so many times what it is compared with.
    pub fn ratio_at_least(self, limit: f64) -> Self {
        let (holds, words) = (self.ratio.is_some_and(|ratio| ratio >= limit), format!("≥ {limit} ×"));
        self.must(holds, words)
    }

    /// Adds a note.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    fn must(self, holds: bool, words: String) -> Self {
        let budget = Some(self.budget.map_or_else(|| words.clone(), |before| format!("{before}, {words}")));
        Self { budget, holds: self.holds && holds, ..self }
    }
}

/// All rows of one run.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    judges: bool,
}

impl Report {
    /// Of a run whose sizes are those of the budgets, or else one that only shows that everything works.
    pub fn new(judges: bool) -> Self {
        Self { rows: Vec::new(), judges }
    }

    /// Adds what a measurement came to.
    pub fn add(&mut self, mut rows: Vec<Row>) {
        for row in &mut rows {
            if !self.judges {
                (row.holds, row.budget) = (true, None);
            }
            println!("{}", line(row));
        }
        self.rows.extend(rows);
    }

    /// A measurement that could not be done, or whose outcome was wrong, holds no budget.
    pub fn fail(&mut self, name: &'static str, error: &anyhow::Error) {
        eprintln!("{name} failed: {error:#}");
        let row = Row { holds: false, budget: Some("correct".to_owned()), ..Row::new(name, 0.0, "") };
        self.rows.push(row.note(format!("failed: {error:#}")));
    }

    /// Whether every budget that is judged holds, and nothing was wrong.
    pub fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.holds)
    }

    /// The table.
    pub fn print(&self) {
        println!();
        for row in &self.rows {
            println!("{}", line(row));
            if !row.note.is_empty() {
                println!("      {}", row.note);
            }
        }
    }

    /// Writes the JSON.
    pub fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(&self.rows)?;
        std::fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }
}

fn line(row: &Row) -> String {
    let mark = if row.holds { "ok  " } else { "FAIL" };
    let value = format!("{} {}", figure(row.value), row.unit);
    let beside = match (row.against, row.against_what, row.ratio) {
        (Some(value), Some(what), Some(ratio)) => format!("{} × {what} ({})", figure(ratio), figure(value)),
        _ => String::new(),
    };
    let budget = row.budget.as_ref().map(|budget| format!("must be {budget}")).unwrap_or_default();
    format!("{mark}  {:24} {value:>20}  {beside:52} {budget}", row.name)
}

/// Three significant digits are what a shared machine can tell.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        small if small < 10.0 => format!("{value:.2}"),
        small if small < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
