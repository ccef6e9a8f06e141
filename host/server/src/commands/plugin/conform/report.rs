//! What came of the rules: for people as text, for machines as JSON.

use serde::Serialize;

use super::recording::{Recording, Source};
use super::rule::{self, Failed, Tally};
use super::stage::Stage;
use crate::commands::plugin::trial::Trial;

/// The whole report.
#[derive(Serialize)]
pub struct Report {
    plugin: String,
    version: String,
    digest: String,
    /// Whether no rule is broken.
    passed: bool,
    plays: u64,
    exchanges: Vec<Played>,
    /// What the component offers beyond this, which no rule is about.
    not_covered: Vec<String>,
    rules: Vec<Judged>,
}

#[derive(Serialize)]
struct Played {
    name: String,
    source: Source,
}

#[derive(Serialize)]
struct Judged {
    id: &'static str,
    says: &'static str,
    verdict: Verdict,
    checks: u64,
    /// Checks that failed, of which the first are told.
    failed: u64,
    failures: Vec<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Passed,
    Failed,
    NotApplicable,
}

impl Report {
    /// Of everything that was found.
    pub fn new(trial: &Trial, recordings: &[Recording], mut stage: Stage<'_>) -> Self {
        let judged = rule::ALL.map(|rule| {
            let Tally { checks, failed, failures } = stage.ledger.take(rule);
            let verdict = match (checks, failed) {
                (0, _) => Verdict::NotApplicable,
                (_, 0) => Verdict::Passed,
                _ => Verdict::Failed,
            };
            let remedy = (verdict == Verdict::Failed).then_some(rule.remedy);
            let reason = (verdict == Verdict::NotApplicable).then_some(rule.without);
            Judged { id: rule.id, says: rule.says, verdict, checks, failed, failures, remedy, reason }
        });
        let played = |recording: &Recording| Played { name: recording.name.clone(), source: recording.source.clone() };
        let manifest = trial.manifest();
        Self {
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: trial.admitted.digest.clone(),
            passed: judged.iter().all(|rule| rule.verdict != Verdict::Failed),
            plays: stage.plays,
            exchanges: recordings.iter().map(played).collect(),
            not_covered: trial.admitted.report.facets.clone(),
            rules: judged.into(),
        }
    }

    /// Names of the rules that are broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.rules.iter().filter(|rule| rule.verdict == Verdict::Failed).map(|rule| rule.id).collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} {}: {} recordings, {} plays, {} rules",
            self.plugin,
            self.version,
            self.exchanges.len(),
            self.plays,
            self.rules.len()
        );
        self.rules.iter().for_each(|rule| rule.tell(&mut text));
        for facet in &self.not_covered {
            text.push_str(&format!("\n  not covered     {facet:<15} no rule is about it yet"));
        }
        text
    }
}

impl Judged {
    fn tell(&self, text: &mut String) {
        let verdict = match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotApplicable => "not applicable",
        };
        let says = self.reason.unwrap_or(self.says);
        text.push_str(&format!("\n  {verdict:<15} {:<15} {says}", self.id));
        for Failed { exchange, probe, step, expected, found } in &self.failures {
            let step = step.map(|step| format!(", request {step}")).unwrap_or_default();
            text.push_str(&format!(
                "\n    {exchange}{step}, {probe}\n      expected {expected}\n      came     {found}"
            ));
        }
        let more = self.failed - self.failures.len() as u64;
        if more > 0 {
            text.push_str(&format!("\n    and {more} more"));
        }
        if let Some(remedy) = self.remedy {
            text.push_str(&format!("\n    remedy: {remedy}"));
        }
    }
}
