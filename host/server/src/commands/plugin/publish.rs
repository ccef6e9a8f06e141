//! `guanxi plugin publish`: a package goes where others take it from, a registry or the library of a host.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::{built, read, sign};
use crate::ambient;
use crate::commands::print;
use crate::config::Config;
use crate::registry::Registry;
use crate::remote::Remote;

/// What goes where.
#[derive(Args)]
pub struct Options {
    /// The folder of the plugin, or a component that is there already.
    #[arg(default_value = ".")]
    from: PathBuf,
    /// Where it goes: `oci://registry/repository`, whose tag is the plugin's version unless given, or the address of a host,
    /// such as `https://guanxi.example`.
    #[arg(long)]
    to: String,
    /// For a host: a token that may put packages into its library.
    #[arg(long, env = "GUANXI_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The secret key, a file in PEM. A host may be given a component that is signed already.
    #[arg(long, env = "GUANXI_SIGNING_KEY")]
    key: Option<PathBuf>,
    /// For a host: it is meant though the library has a newer version.
    #[arg(long)]
    older: bool,
}

pub async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let Options { from, to, token, key, older } = options;
    let package = if from.is_dir() { built(&from)? } else { read(&from)? };
    let signed = key.as_ref().map(|key| sign::signed(&package, key)).transpose()?;
    if to.starts_with("http://") || to.starts_with("https://") {
        let token = token.context("a host asks who brings it: give a token with --token or in GUANXI_TOKEN")?;
        return to_host(&Remote::new(&to, &token)?, signed.unwrap_or(package), older).await;
    }
    let package =
        signed.context("a registry gets signed packages: give the secret key with --key or in GUANXI_SIGNING_KEY")?;
    let created = Timestamp::from_millisecond(ambient::of_this_machine()?.now())?.to_string();
    let registry = Registry::new(config.registry_allow_http.clone());
    print(format!("Published {}", registry.push(&to, package, &created).await?));
    Ok(())
}

async fn to_host(host: &Remote, package: Vec<u8>, older: bool) -> anyhow::Result<()> {
    let manifest = guanxi_package::manifest(&package)?;
    let shelved = host
        .upload(package, older)
        .await
        .with_context(|| format!("{} {} is not let in by {}", manifest.name, manifest.version, host.address()))?;
    let (name, version) = (&manifest.name, &manifest.version);
    print(format!("Published {name} {version} to {}: sha256:{}", host.address(), shelved.digest));
    print(serde_json::to_string_pretty(&shelved.report)?);
    Ok(())
}
