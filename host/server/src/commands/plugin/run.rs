//! `guanxi plugin run`: one call of each kind that the plugin is, on inputs from a file.

use std::path::Path;

use anyhow::Context;

use super::trial::{Inputs, Trial};
use crate::commands::print;

pub fn run(component: &Path, input: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(component).with_context(|| format!("{} cannot be read", component.display()))?;
    let inputs = Inputs::read(input)?;
    let answers = Trial::open(&bytes)?.call(&inputs).with_context(|| format!("{} cannot be used", input.display()))?;
    for answer in answers {
        print(serde_json::to_string_pretty(&answer.whole())?);
        answer.result?;
    }
    Ok(())
}
