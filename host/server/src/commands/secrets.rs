//! `guanxi secrets`: another key for the secrets of installations and webhooks.

use anyhow::ensure;
use clap::Subcommand;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};
use crate::{ambient, keys};

#[derive(Subcommand)]
pub enum Action {
    /// Seal anew whatever an old key sealed. May run beside a server that has the new key; removes no key.
    Reseal {
        /// Change nothing, and tell what would be sealed anew.
        #[arg(long)]
        check: bool,
    },
    /// Make a new key in the data folder, keep the one before as an old key, and seal everything anew.
    Rotate,
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Reseal { check } => reseal(config, check).await,
        Action::Rotate => {
            keys::rotate(config, &ambient::of_this_machine()?)?;
            let file = keys::key_file(config);
            let old = keys::old_file(&file);
            print(format!("{} holds a new key; the one before is kept in {}.", file.display(), old.display()));
            reseal(config, false).await
        }
    }
}

async fn reseal(config: &Config, check: bool) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    let (mut anew, mut already, mut closed, mut after) = (0, 0, 0, None);
    loop {
        let piece = app.reseal(&operator, after, check).await?;
        anew += piece.anew;
        already += piece.already;
        closed += piece.closed.len();
        for holder in piece.closed {
            print(format!("{holder} cannot be opened"));
        }
        after = piece.next;
        if after.is_none() {
            break;
        }
    }
    let did = if check { "to be sealed anew" } else { "sealed anew" };
    print(format!("{anew} {did}, {already} sealed with this key already, {closed} that cannot be opened"));
    ensure!(
        closed == 0,
        "none of the keys opens the secrets of {closed} installations or webhooks; give the key that sealed them as an old key"
    );
    if anew == 0 || !check {
        for place in places_of_old_keys(config)? {
            print(format!("No old key is needed any more: {place} may be removed."));
        }
    }
    Ok(())
}

/// Where the operator gives old keys.
fn places_of_old_keys(config: &Config) -> anyhow::Result<Vec<String>> {
    let mut places = Vec::new();
    let file = keys::old_file(&keys::key_file(config));
    if config.secret_key.is_none() && std::fs::exists(&file)? {
        places.push(file.display().to_string());
    }
    if !config.old_secret_keys.is_empty() {
        places.push("old_secret_keys".to_owned());
    }
    Ok(places)
}
