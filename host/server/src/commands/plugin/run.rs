//! `guanxi plugin run`: one call of each kind that the plugin is, on inputs from a file.

use std::path::Path;

use anyhow::Context;

use super::profile;
use super::trial::{Inputs, Trial};
use crate::commands::print;

/// Prints each answer, with `profile` also which functions burnt the fuel; then fails if a call did.
pub fn run(component: &Path, input: &Path, profile: bool) -> anyhow::Result<()> {
    let bytes = std::fs::read(component).with_context(|| format!("{} cannot be read", component.display()))?;
    let inputs = Inputs::read(input)?;
    let trial = Trial::open(&bytes)?;
    let answers = trial.call(&inputs).with_context(|| format!("{} cannot be used", input.display()))?;
    for answer in &answers {
        print(serde_json::to_string_pretty(&answer.whole())?);
    }
    if profile {
        for table in profile::tables(&trial, &inputs, &answers)? {
            print(table);
        }
    }
    for answer in answers {
        answer.result?;
    }
    Ok(())
}
