//! `guanxi plugin conform`: plays what a channel was recorded to say against a connector, and then what no channel should say but
//! some do. Every rule is derived from the recordings, so that a recording is all that an author writes.

mod answers;
mod carried;
mod messages;
mod recorded;
mod recording;
mod report;
mod rule;
mod sealed;
mod settings;
mod stage;

use std::path::Path;

use anyhow::{Context, ensure};

use super::trial::Trial;
use crate::commands::print;
use report::Report;
use stage::Stage;

/// Judges a component by the recordings in `folder`; prints the report, and writes it as JSON into a file if one is named.
pub fn conform(component: &[u8], folder: &Path, json: Option<&Path>) -> anyhow::Result<()> {
    let trial = Trial::open(component)?;
    let manifest = trial.manifest();
    let spec = manifest.connector.as_ref();
    let spec = spec.with_context(|| format!("{} is no connector; try `guanxi plugin test`", manifest.name))?;
    let recordings = recording::read_all(folder, spec)?;
    let enough = answers::enough(&recordings);
    let mut stage = Stage::new(&trial, spec);
    for recording in &recordings {
        recorded::check(&mut stage, recording)?;
        answers::check(&mut stage, recording, &enough)?;
        settings::check(&mut stage, recording)?;
        if recording.is_sent() {
            messages::check(&mut stage, recording)?;
        }
    }
    let report = Report::new(&trial, &recordings, stage);
    print(report.text());
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    let broken = report.broken();
    ensure!(
        broken.is_empty(),
        "{} breaks {} of {} rules: {}",
        manifest.name,
        broken.len(),
        rule::ALL.len(),
        broken.join(", ")
    );
    Ok(())
}
