//! `guanxi plugin test`: every fixture of a plugin, what it answered the last time beside what it answers now, and what
//! answering costs as batches grow. Each fixture is run twice, and must say and cost the same.
//!
//! A fixture is a file `fixtures/NAME.json` with inputs as `guanxi plugin run` takes them. `NAME.answer.json` beside it is the
//! snapshot: what the plugin said, without what it cost, for compilers change that.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use guanxi_domain::manifest::Kind;
use serde_json::Value;

use super::trial::{Answer, Inputs, Trial};
use crate::commands::print;

/// Ends the name of a snapshot.
pub(super) const SNAPSHOT: &str = ".answer.json";
/// Fixtures of one plugin.
const FIXTURES_MAX: usize = 1_000;
/// Differences that are shown of one fixture.
const DIFFERENCES_MAX: usize = 20;
/// Sizes of batches that are measured; a campaign gets up to the last.
const SIZES: [usize; 4] = [1, 16, 64, 256];
/// How many times dearer an item of the largest batches may be than one of the smaller before it is said.
const GROWTH_MAX: f64 = 1.5;

/// Runs every fixture in `folder`; with `accept`, answers become the snapshots instead of being compared with them.
pub fn test(component: &[u8], folder: &Path, accept: bool) -> anyhow::Result<()> {
    let trial = Trial::open(component)?;
    let (manifest, report) = (trial.manifest(), &trial.admitted.report);
    let fixtures = fixtures(folder)?;
    print(format!(
        "{} {}: {} bytes, {} fuel to start, {} of {} bytes of memory",
        manifest.name,
        manifest.version,
        grouped(component.len() as u64),
        grouped(report.instantiation_fuel),
        grouped(report.memory_min),
        grouped(trial.limits.memory_bytes as u64)
    ));
    let (mut failed, mut read) = (Vec::new(), Vec::new());
    for fixture in &fixtures {
        let inputs = Inputs::read(&fixture.inputs)?;
        let verdict = fixture.judge(&trial, &inputs, accept)?;
        print(verdict.line);
        if let Some(problem) = verdict.problem {
            failed.push(fixture.name.as_str());
            print(problem);
        }
        read.push(inputs);
    }
    for kind in manifest.kinds() {
        if let Some(table) = costs(&trial, kind, &read)? {
            print(table);
        }
    }
    ensure!(
        failed.is_empty(),
        "{} of {} fixtures failed ({}): mend the plugin, or take its answers as right with --accept",
        failed.len(),
        fixtures.len(),
        failed.join(", ")
    );
    Ok(())
}

/// What all fixtures came to.
#[derive(Default)]
pub(super) struct Summary {
    /// How many there are.
    pub count: usize,
    /// What is wrong with those that failed.
    pub failures: Vec<String>,
    /// Spent by all of them.
    pub fuel: u64,
    /// Allowed to all of them.
    pub fuel_allowed: u64,
}

/// Runs every fixture in `folder` and prints nothing.
pub(super) fn summary(component: &[u8], folder: &Path) -> anyhow::Result<Summary> {
    let trial = Trial::open(component)?;
    let mut all = Summary::default();
    for fixture in fixtures(folder)? {
        let verdict = fixture.judge(&trial, &Inputs::read(&fixture.inputs)?, false)?;
        all.count += 1;
        all.failures.extend(verdict.problem.map(|problem| format!("{}\n{problem}", verdict.line)));
        all.fuel += verdict.fuel;
        all.fuel_allowed += verdict.fuel_allowed;
    }
    Ok(all)
}

impl Summary {
    /// In a few words.
    pub fn told(&self) -> String {
        let Self { count, failures, fuel, fuel_allowed } = self;
        let share = *fuel as f64 / (*fuel_allowed).max(1) as f64 * 100.0;
        let (fuel, fuel_allowed) = (grouped(*fuel), grouped(*fuel_allowed));
        let good = count - failures.len();
        format!("{good} of {count} fixtures ok, {fuel} of {fuel_allowed} fuel ({share:.2} %)")
    }
}

struct Fixture {
    name: String,
    inputs: PathBuf,
    snapshot: PathBuf,
}

/// By name.
fn fixtures(folder: &Path) -> anyhow::Result<Vec<Fixture>> {
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!(
            "{} cannot be read: fixtures are files NAME.json with inputs as `guanxi plugin run` takes them",
            folder.display()
        )
    })?;
    let mut fixtures = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".json").filter(|_| !name.ends_with(SNAPSHOT)) {
            fixtures.push(Fixture {
                inputs: folder.join(&name),
                snapshot: folder.join(format!("{stem}{SNAPSHOT}")),
                name: stem.to_owned(),
            });
        }
        ensure!(fixtures.len() <= FIXTURES_MAX, "{} holds more than {FIXTURES_MAX} fixtures", folder.display());
    }
    ensure!(!fixtures.is_empty(), "{} holds no fixture: write inputs into {0}/NAME.json", folder.display());
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(fixtures)
}

/// What one fixture came to.
struct Verdict {
    line: String,
    /// What is wrong, if anything is.
    problem: Option<String>,
    fuel: u64,
    fuel_allowed: u64,
}

impl Fixture {
    /// With `accept` the answer becomes the snapshot.
    fn judge(&self, trial: &Trial, inputs: &Inputs, accept: bool) -> anyhow::Result<Verdict> {
        let answers = trial.call(inputs).with_context(|| format!("{} cannot be used", self.inputs.display()))?;
        let said: Value = answers.iter().map(|answer| Value::Object(answer.said())).collect();
        let (fuel, allowed) =
            answers.iter().fold((0, 0), |(fuel, allowed), a| (fuel + a.fuel, allowed + a.fuel_allowed));
        let verdict = |word: &str, problem: Option<String>| {
            let share = fuel as f64 / allowed as f64 * 100.0;
            let line = format!(
                "  {:<24} {word:<8} {:>14} of {} fuel ({share:.2} %)",
                self.name,
                grouped(fuel),
                grouped(allowed)
            );
            Ok(Verdict { line, problem, fuel, fuel_allowed: allowed })
        };
        let again = trial.call(inputs)?;
        let whole = |answers: &[Answer]| answers.iter().map(Answer::whole).collect::<Value>();
        let mut differences = Vec::new();
        differ("", &whole(&answers), &whole(&again), &mut differences);
        if !differences.is_empty() {
            let told = told(&differences);
            let why = "the same input does not give the same answer and the same fuel";
            return verdict("changes", Some(format!("{told}\n    {why}")));
        }
        if accept {
            let text = serde_json::to_string_pretty(&said)? + "\n";
            let old = std::fs::read_to_string(&self.snapshot).unwrap_or_default();
            let word = if old == text { "ok" } else { "accepted" };
            if old != text {
                std::fs::write(&self.snapshot, text)
                    .with_context(|| format!("{} cannot be written", self.snapshot.display()))?;
            }
            return verdict(word, None);
        }
        let snapshot = match std::fs::read(&self.snapshot) {
            Ok(bytes) => serde_json::from_slice::<Value>(&bytes)
                .with_context(|| format!("{} cannot be used", self.snapshot.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let said = serde_json::to_string_pretty(&said)?;
                let problem = format!("{said}\n    has no snapshot yet: keep this answer with --accept");
                return verdict("new", Some(problem));
            }
            Err(error) => bail!("{} cannot be read: {error}", self.snapshot.display()),
        };
        let mut differences = Vec::new();
        differ("", &snapshot, &said, &mut differences);
        if differences.is_empty() {
            return verdict("ok", None);
        }
        verdict("differs", Some(told(&differences)))
    }
}

/// As many as are shown, a line each.
fn told(differences: &[String]) -> String {
    let mut told: Vec<String> = differences.iter().take(DIFFERENCES_MAX).map(|one| format!("    {one}")).collect();
    if differences.len() > DIFFERENCES_MAX {
        told.push(format!("    and {} more", differences.len() - DIFFERENCES_MAX));
    }
    told.join("\n")
}

/// What is elsewhere in the second document than in the first, each with its place.
fn differ(at: &str, was: &Value, is: &Value, found: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            for (key, old) in was {
                differ(&format!("{at}.{key}"), old, is.get(key).unwrap_or(&Value::Null), found);
            }
            for (key, new) in is.iter().filter(|(key, _)| !was.contains_key(*key)) {
                differ(&format!("{at}.{key}"), &Value::Null, new, found);
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (index, (old, new)) in was.iter().zip(is).enumerate() {
                differ(&format!("{at}[{index}]"), old, new, found);
            }
        }
        _ if was == is => {}
        _ => found.push(format!("{}: was {was}, is {is}", at.trim_start_matches('.'))),
    }
}

/// What batches of this kind cost, by their size, made of the first fixture that has something for it.
fn costs(trial: &Trial, kind: Kind, inputs: &[Inputs]) -> anyhow::Result<Option<String>> {
    let mut rows: Vec<(usize, u64)> = Vec::new();
    let mut table = format!(
        "fuel of batches, {}\n{:>9} {:>14} {:>12} {:>11} {:>13}",
        kind.as_str(),
        "items",
        "fuel",
        "an item",
        "of allowed",
        "time here"
    );
    for size in SIZES {
        let Some(batch) = inputs.iter().find_map(|inputs| inputs.of(kind, size)) else { return Ok(None) };
        for answer in trial.call(&batch)? {
            let share = answer.fuel as f64 / answer.fuel_allowed as f64 * 100.0;
            write!(
                table,
                "\n{size:>9} {:>14} {:>12} {share:>9.2} % {:>10.3} ms",
                grouped(answer.fuel),
                grouped(answer.fuel / size as u64),
                answer.took.as_secs_f64() * 1e3
            )?;
            match answer.result {
                Ok(_) => rows.push((size, answer.fuel)),
                Err(error) => write!(table, "  {error}")?,
            }
        }
    }
    let slope = |from: usize, to: usize| {
        let ((few, little), (many, much)) = (rows.get(from)?, rows.get(to)?);
        Some(much.saturating_sub(*little) as f64 / many.saturating_sub(*few).max(1) as f64)
    };
    if let (Some(first), Some(last), Some((_, one))) = (slope(1, 2), slope(2, 3), rows.first()) {
        let start = trial.admitted.report.instantiation_fuel;
        let call = one.saturating_sub(start).saturating_sub(first as u64);
        write!(
            table,
            "\n  a call: {} to start and {} around its items; an item: {}",
            grouped(start),
            grouped(call),
            grouped(first as u64)
        )?;
        if last > first * GROWTH_MAX {
            write!(
                table,
                "\n  grows faster than the batch: an item of a large one costs {}; look for work over all items inside the \
                 work for one",
                grouped(last as u64)
            )?;
        }
    }
    Ok(Some(table))
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_their_places() {
        let mut found = Vec::new();
        let was = json!([{"answer": [{"ok": {"reasons": ["old"], "state": null}}], "log": []}]);
        let is = json!([{"answer": [{"ok": {"reasons": ["new"], "state": null}}], "log": [1], "more": true}]);
        differ("", &was, &is, &mut found);
        assert_eq!(
            found,
            [
                "[0].answer[0].ok.reasons[0]: was \"old\", is \"new\"",
                "[0].log: was [], is [1]",
                "[0].more: was null, is true"
            ]
        );
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([0, 999, 1_000, 50_000_000].map(grouped), ["0", "999", "1,000", "50,000,000"]);
    }
}
