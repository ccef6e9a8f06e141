//! `guanxi publisher`: whose plugins this host lets in.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Let in what is signed with a publisher's key.
    Trust {
        /// The publisher's name, such as `lantern`; plugins that they bring first are theirs from then on.
        name: String,
        /// The public key: a file in PEM, or `ed25519:` and base64.
        #[arg(long)]
        key: String,
        /// What people call the publisher [default: the name].
        #[arg(long)]
        title: Option<String>,
    },
    /// List the publishers and their keys.
    List,
    /// Let in nothing more that is signed with a key. What is in the library stays there.
    Revoke {
        /// The publisher's name.
        name: String,
        /// The public key: a file in PEM, or `ed25519:` and base64.
        #[arg(long)]
        key: String,
    },
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    match action {
        Action::Trust { name, key, title } => {
            let title = title.unwrap_or_else(|| name.clone());
            app.trust_publisher(&operator, &name, &title, &read_key(&key)?).await?;
            print(format!("What {name} signs is let in."));
        }
        Action::List => {
            for publisher in app.publishers(&operator).await? {
                for key in publisher.keys {
                    let state = if key.revoked_at.is_some() { "revoked" } else { "trusted" };
                    print(format!("{}\t{}\t{}\t{state}", publisher.name, publisher.title, key.key));
                }
            }
        }
        Action::Revoke { name, key } => {
            app.revoke_key(&operator, &name, &read_key(&key)?).await?;
            print("Revoked. What is in the library stays; `guanxi plugin yank` takes a version back.");
        }
    }
    Ok(())
}

fn read_key(key: &str) -> anyhow::Result<String> {
    if key.starts_with("ed25519:") {
        return Ok(key.to_owned());
    }
    let file = PathBuf::from(key);
    std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
}
