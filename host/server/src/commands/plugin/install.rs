//! `guanxi plugin install`: a package comes into the library and is switched on for a tenant, on this machine's database or
//! over HTTP on a host that is elsewhere.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use guanxi_app::{GrantsInput, InstallationInput, Placed};
use guanxi_domain::grants::Grants;
use guanxi_domain::installation::{Mode, Upgrade};

use super::{is_reference, json, read, secrets};
use crate::commands::print;
use crate::config::Config;
use crate::remote::{self, Remote, Waiting};
use crate::wiring::{build, local_operator};

/// What is installed where and how.
#[derive(Args)]
pub struct Options {
    /// The component, or its place in a registry as `oci://…`.
    component: String,
    /// It is meant though the library has a newer version.
    #[arg(long)]
    older: bool,
    /// The address of a host, such as `https://guanxi.example` [default: this machine's database].
    #[arg(long, value_name = "URL", requires = "token")]
    host: Option<String>,
    /// For a host: a token of the tenant, or an operator's if the library does not have the version yet.
    #[arg(long, env = "GUANXI_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The tenant; into the library only if not given.
    #[arg(long)]
    tenant: Option<String>,
    /// The name of the installation [default: the plugin's name].
    #[arg(long, requires = "tenant")]
    name: Option<String>,
    /// The configuration, a JSON file.
    #[arg(long, requires = "tenant")]
    settings: Option<PathBuf>,
    /// Grant everything that the plugin requests.
    #[arg(long, requires = "tenant", conflicts_with = "grants")]
    grant_requested: bool,
    /// What to grant, a JSON file with the lists events, fields, classes, operations, egress and secrets, and limits [default:
    /// what was granted before; a version that asks for more waits for an approval].
    #[arg(long, requires = "tenant")]
    grants: Option<PathBuf>,
    /// A secret as NAME=FILE; the file holds its text.
    #[arg(long, requires = "tenant", value_name = "NAME=FILE")]
    secret: Vec<String>,
    /// Switched on or off.
    #[arg(long, value_enum, default_value_t = ModeName::Live)]
    mode: ModeName,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeName {
    /// Not called.
    Off,
    /// Called, with effect.
    Live,
}

pub async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    match options.host.as_ref().zip(options.token.as_ref()) {
        Some((host, token)) => elsewhere(&Remote::new(host, token)?, &options).await,
        None => here(config, &options).await,
    }
}

async fn here(config: &Config, options: &Options) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    let component = &options.component;
    let plugin = match is_reference(component) {
        true => app.pull_plugin(&operator, component, options.older).await?,
        false => app.upload_plugin(&operator, read(&PathBuf::from(component))?, options.older).await?,
    };
    let asks = Grants::requested(&plugin.manifest).told();
    let (plugin, version) = (plugin.manifest.name, plugin.manifest.version);
    print(format!("{plugin} {version} is in the library."));
    let Some(tenant) = &options.tenant else { return Ok(()) };
    print(told_asks(&plugin, &version, &asks));
    let name = options.name.as_ref().unwrap_or(&plugin);
    let input = options.input(&plugin, &version)?;
    let Placed { view, waits } = app.put_installation(&operator, tenant, name, input).await?;
    print(match view.upgrade.filter(|_| waits) {
        Some(Upgrade { version, asks, .. }) => {
            told_waiting(name, tenant, &view.installation.version, &Waiting { version, asks })
        }
        None => format!("{name} is installed for {tenant}."),
    });
    Ok(())
}

async fn elsewhere(host: &Remote, options: &Options) -> anyhow::Result<()> {
    let (plugin, version) = shelve(host, options).await?;
    print(format!("{plugin} {version} is in the library of {}.", host.address()));
    let Some(tenant) = &options.tenant else { return Ok(()) };
    if let Some(manifest) = host.plugin(&plugin, &version).await?.and_then(|shelved| shelved.manifest) {
        print(told_asks(&plugin, &version, &Grants::requested(&manifest).told()));
    }
    let name = options.name.as_ref().unwrap_or(&plugin);
    let input = options.input(&plugin, &version)?;
    let remote::Placed { installed, waits } = host
        .put_installation(tenant, name, &input)
        .await
        .with_context(|| format!("{name} is not installed for {tenant}"))?;
    print(match installed.upgrade.filter(|_| waits) {
        Some(waiting) => told_waiting(name, tenant, &installed.version, &waiting),
        None => format!("{name} is installed for {tenant}."),
    });
    Ok(())
}

/// Has the host's library hold the package, which it may do already: then it takes no operator's token. Its name and version.
async fn shelve(host: &Remote, options: &Options) -> anyhow::Result<(String, String)> {
    let component = &options.component;
    if is_reference(component) {
        let pulled = host.pull(component, options.older).await;
        let shelved = pulled.with_context(|| format!("{component} is not let in by {}", host.address()))?;
        return Ok((shelved.name, shelved.version));
    }
    let package = read(&PathBuf::from(component))?;
    let manifest = guanxi_package::manifest(&package).with_context(|| format!("{component} cannot be used"))?;
    let (name, version) = (manifest.name, manifest.version);
    let digest = guanxi_package::digest(&package);
    let known = host.plugin(&name, &version).await?;
    if known.is_none_or(|known| known.digest != digest) {
        let uploaded = host.upload(package, options.older).await;
        let shelved = uploaded.with_context(|| format!("{name} {version} is not let in by {}", host.address()))?;
        ensure!(shelved.digest == digest, "{} keeps something else as {name} {version}", host.address());
    }
    Ok((name, version))
}

/// What a version asks for, as it is told before it is switched on. Whoever wrote it does not rewrite the terminal.
fn told_asks(plugin: &str, version: &str, asks: &[String]) -> String {
    let plain = |asked: &String| asked.replace(char::is_control, "\u{fffd}");
    match asks.is_empty() {
        true => format!("{plugin} {version} asks for nothing."),
        false => format!("{plugin} {version} asks for:\n  {}", asks.iter().map(plain).collect::<Vec<_>>().join("\n  ")),
    }
}

/// What is told of a version that waits for an approval.
pub(super) fn told_waiting(name: &str, tenant: &str, runs: &str, waiting: &Waiting) -> String {
    let Waiting { version, asks } = waiting;
    let why = match asks.is_empty() {
        true => "this token may not switch it on".to_owned(),
        false => format!("it newly asks for {}", asks.join(", ")),
    };
    let meanwhile = if runs == version { "It is off".to_owned() } else { format!("{runs} runs on") };
    format!(
        "{name} {version} waits for {tenant}: {why}. {meanwhile} until somebody with the scope `manage` approves it in the \
         console, or an operator with `guanxi plugin approve {tenant} {name} {version}` where the host runs."
    )
}

impl Options {
    fn input(&self, plugin: &str, version: &str) -> anyhow::Result<InstallationInput> {
        Ok(InstallationInput {
            plugin: Some(plugin.to_owned()),
            version: version.to_owned(),
            mode: match self.mode {
                ModeName::Off => Mode::Off,
                ModeName::Live => Mode::Live,
            },
            config: match &self.settings {
                Some(file) => json(file)?,
                None => serde_json::json!({}),
            },
            grants: match &self.grants {
                Some(file) => Some(GrantsInput::Lists(json::<Grants>(file)?)),
                None => self.grant_requested.then_some(GrantsInput::Requested),
            },
            secrets: secrets(&self.secret)?,
        })
    }
}
