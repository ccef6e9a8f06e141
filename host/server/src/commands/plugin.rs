//! `guanxi plugin`: start a project, build a component, try it on files and on a running host, sign and publish it, install it.

mod backtest;
mod compiled;
mod conform;
mod dev;
mod facets;
mod install;
mod kit;
mod new;
mod profile;
mod publish;
mod run;
mod sign;
mod test;
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use guanxi_app::{App, Approval, GrantsInput};
use guanxi_domain::Millis;
use guanxi_domain::grants::Grants;
use guanxi_domain::manifest::Manifest;
use guanxi_package::Names;

use crate::commands::print;
use crate::config::Config;
use crate::registry::Registry;
use crate::wiring::{build, local_operator};

pub(super) use backtest::sums;

#[derive(Subcommand)]
pub enum Action {
    /// Start a project: a folder with a plugin that builds and a fixture that passes.
    New {
        /// The folder; its name becomes the plugin's.
        folder: PathBuf,
        /// What the plugin is to be.
        #[arg(long, value_enum)]
        kind: new::KindName,
        /// In which language.
        #[arg(long, value_enum, default_value = "rust")]
        lang: new::Language,
    },
    /// Build a plugin in Rust, TypeScript, JavaScript or Python: a folder with plugin.toml becomes one component.
    Build {
        /// The folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where the component goes [default: NAME.wasm in the working directory].
        #[arg(long)]
        out: Option<PathBuf>,
        /// In Rust: keep the names of functions, for `run --profile`. The component is larger.
        #[arg(long)]
        names: bool,
    },
    /// Put plugin.toml into a component that another language's tools made.
    Pack {
        /// The component.
        component: PathBuf,
        /// The manifest.
        #[arg(long, default_value = "plugin.toml")]
        manifest: PathBuf,
        /// Where the packed component goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Run a plugin on a JSON file, with the limits of production, and print its answer and its fuel.
    Run {
        /// The component.
        component: PathBuf,
        /// The input; see the plugin guide.
        input: PathBuf,
        /// Tell as well which functions burn the fuel.
        #[arg(long)]
        profile: bool,
    },
    /// Build a plugin and compare its answers to its fixtures with what they were, under the limits of production.
    Test {
        /// The folder of the plugin.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// A component that is there already, instead of building one.
        #[arg(long)]
        component: Option<PathBuf>,
        /// Where the fixtures are [default: fixtures in the folder].
        #[arg(long)]
        fixtures: Option<PathBuf>,
        /// Keep the answers as right.
        #[arg(long)]
        accept: bool,
    },
    /// Build a connector and play what its channel was recorded to say against it, and what no channel should say: a report of the
    /// rules that every connector keeps.
    Conform {
        /// The folder of the plugin.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// A component that is there already, instead of building one.
        #[arg(long)]
        component: Option<PathBuf>,
        /// Where the recordings are [default: exchanges in the folder].
        #[arg(long)]
        exchanges: Option<PathBuf>,
        /// Write the report there as well, as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Let another version or configuration decide about what an installation has decided already, and tell the difference.
    /// Nobody is told and nothing is sent.
    Backtest(backtest::Options),
    /// Make a key to sign packages with.
    Keygen {
        /// Where the secret half goes, such as `lantern.pem`; the public half goes beside it, as `lantern.pub.pem`.
        secret: PathBuf,
    },
    /// Sign a package, so that hosts that trust the key let it in.
    Sign {
        /// The component.
        component: PathBuf,
        /// The secret key, a file in PEM.
        #[arg(long, env = "GUANXI_SIGNING_KEY")]
        key: PathBuf,
        /// Where the signed package goes [default: where it was].
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Tell what a package is, who signed it and what it asks for, without running it.
    Inspect {
        /// The component, or its place in a registry as `oci://…`.
        component: String,
    },
    /// Build a plugin, sign it and put it into a registry or into the library of a host.
    Publish(publish::Options),
    /// Fetch a package from a registry.
    Pull {
        /// `oci://registry/repository:tag`, or `…@sha256:…`.
        reference: String,
        /// Where the component goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Take a version back: it is installed nowhere anew, and whoever runs it sees the reason.
    Yank {
        /// The plugin's name.
        name: String,
        /// Its version.
        version: String,
        /// Why.
        #[arg(long, required_unless_present = "undo")]
        reason: Option<String>,
        /// Offer it again.
        #[arg(long, conflicts_with = "reason")]
        undo: bool,
    },
    /// Limit what a plugin may do in all tenants, whatever they grant.
    Allow {
        /// The plugin's name.
        name: String,
        /// At most that: a JSON file with the lists events, fields, operations, egress and secrets.
        #[arg(long, required_unless_present = "everything")]
        only: Option<PathBuf>,
        /// Whatever tenants grant.
        #[arg(long, conflicts_with = "only")]
        everything: bool,
    },
    /// Let the version that an installation waits for take the place of what it runs.
    Approve {
        /// The tenant.
        tenant: String,
        /// The name of the installation.
        name: String,
        /// The version that you looked at.
        version: String,
        /// What to grant, a JSON file as for `install` [default: everything that it requests].
        #[arg(long)]
        grants: Option<PathBuf>,
        /// A secret as NAME=FILE; the file holds its text.
        #[arg(long, value_name = "NAME=FILE")]
        secret: Vec<String>,
    },
    /// Drop the version that an installation waits for; what it runs stays.
    Refuse {
        /// The tenant.
        tenant: String,
        /// The name of the installation.
        name: String,
        /// The version that you looked at.
        version: String,
    },
    /// Put a plugin into the library and switch it on for a tenant, on this machine's database or on a host over HTTP.
    Install(install::Options),
    /// Build a plugin, try it on its fixtures and put it into a tenant of a running host, again at each save until Ctrl-C.
    Dev(dev::Options),
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    match action {
        Action::New { folder, kind, lang } => new::new(&folder, kind, lang),
        Action::Build { folder, out, names } => {
            let component = built_with(&folder, if names { Names::Kept } else { Names::AsProfiled })?;
            let manifest = guanxi_package::manifest(&component)?;
            let out = out.unwrap_or_else(|| PathBuf::from(format!("{}.wasm", manifest.name)));
            std::fs::write(&out, &component).with_context(|| format!("{} cannot be written", out.display()))?;
            let (name, version) = (&manifest.name, &manifest.version);
            print(format!("Built {name} {version}: {} ({} bytes).", out.display(), component.len()));
            Ok(())
        }
        Action::Pack { component, manifest, out } => {
            let text =
                String::from_utf8(read(&manifest)?).with_context(|| format!("{} is not text", manifest.display()))?;
            Manifest::parse(&text).with_context(|| format!("{} cannot be used", manifest.display()))?;
            let packed = guanxi_package::with_manifest(&read(&component)?, &text);
            let problem = "already carries a manifest or is no component";
            guanxi_package::manifest(&packed).with_context(|| format!("{} {problem}", component.display()))?;
            std::fs::write(&out, &packed).with_context(|| format!("{} cannot be written", out.display()))?;
            print(format!("Packed {} ({} bytes).", out.display(), packed.len()));
            Ok(())
        }
        Action::Run { component, input, profile } => run::run(&component, &input, profile),
        Action::Test { folder, component, fixtures, accept } => {
            let component = component.map_or_else(|| built(&folder), |file| read(&file))?;
            test::test(&component, &fixtures.unwrap_or_else(|| folder.join("fixtures")), accept)
        }
        Action::Conform { folder, component, exchanges, json } => {
            let component = component.map_or_else(|| built(&folder), |file| read(&file))?;
            let exchanges = exchanges.unwrap_or_else(|| folder.join("exchanges"));
            conform::conform(&component, &exchanges, json.as_deref())
        }
        Action::Backtest(options) => backtest::run(config, options).await,
        Action::Keygen { secret } => sign::keygen(&secret),
        Action::Sign { component, key, out } => sign::sign(&component, &key, out),
        Action::Inspect { component } => {
            let package = match is_reference(&component) {
                true => Registry::new(config.registry_allow_http.clone()).pull(&component).await?.package,
                false => read(&PathBuf::from(component))?,
            };
            sign::inspect(&package)
        }
        Action::Publish(options) => publish::run(config, options).await,
        Action::Pull { reference, out } => {
            let fetched = Registry::new(config.registry_allow_http.clone()).pull(&reference).await?;
            std::fs::write(&out, &fetched.package).with_context(|| format!("{} cannot be written", out.display()))?;
            print(format!("Pulled {} to {} ({} bytes).", fetched.reference, out.display(), fetched.package.len()));
            Ok(())
        }
        Action::Yank { name, version, reason, undo } => {
            let app = build(config).await?.app;
            app.yank_plugin(&local_operator(), &name, &version, reason.as_deref()).await?;
            print(if undo {
                format!("{name} {version} is offered again.")
            } else {
                format!("{name} {version} is taken back.")
            });
            Ok(())
        }
        Action::Allow { name, only, .. } => {
            let app = build(config).await?.app;
            let grants = only.as_ref().map(json::<Grants>).transpose()?;
            let limited = grants.is_some();
            app.allow_plugin(&local_operator(), &name, grants).await?;
            print(match limited {
                true => format!("{name} may do at most that, whatever tenants grant."),
                false => format!("{name} may do whatever tenants grant."),
            });
            Ok(())
        }
        Action::Approve { tenant, name, version, grants, secret } => {
            let app = build(config).await?.app;
            let grants = match grants {
                Some(file) => GrantsInput::Lists(json::<Grants>(&file)?),
                None => GrantsInput::Requested,
            };
            let asked_at = asked_at(&app, &tenant, &name).await?;
            let approval = Approval { version, asked_at, grants, secrets: secrets(&secret)? };
            let view = app.approve_upgrade(&local_operator(), &tenant, &name, approval).await?;
            print(format!("{name} runs {} for {tenant}.", view.installation.version));
            Ok(())
        }
        Action::Refuse { tenant, name, version } => {
            let app = build(config).await?.app;
            let asked_at = asked_at(&app, &tenant, &name).await?;
            let view = app.refuse_upgrade(&local_operator(), &tenant, &name, &version, asked_at).await?;
            print(format!("{name} stays at {} for {tenant}.", view.installation.version));
            Ok(())
        }
        Action::Install(options) => install::run(config, options).await,
        Action::Dev(options) => dev::run(options).await,
    }
}

/// Since when an installation waits for a version; 0 if it does not.
async fn asked_at(app: &App, tenant: &str, name: &str) -> anyhow::Result<Millis> {
    let view = app.installation(&local_operator(), tenant, name).await?;
    Ok(view.upgrade.map_or(0, |upgrade| upgrade.asked_at))
}

/// Whether it names something in a registry, and no file.
fn is_reference(component: &str) -> bool {
    component.starts_with("oci://")
}

/// The component that the folder's project makes.
fn built(folder: &Path) -> anyhow::Result<Vec<u8>> {
    built_with(folder, Names::AsProfiled)
}

fn built_with(folder: &Path, names: Names) -> anyhow::Result<Vec<u8>> {
    // Tools run inside the folder, so a relative path would name another place there.
    let folder = folder.canonicalize().with_context(|| format!("{} cannot be read", folder.display()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
    let target = std::path::absolute(target)?.join("wasm");
    let kit = target.join("guanxi");
    if guanxi_package::Language::of(&folder)? != guanxi_package::Language::Rust {
        kit::unpack(&kit)?;
    }
    Ok(guanxi_package::build_project(&folder, &target, &kit, names)?)
}

fn secrets(given: &[String]) -> anyhow::Result<BTreeMap<String, Option<String>>> {
    let mut secrets = BTreeMap::new();
    for entry in given {
        let Some((name, file)) = entry.split_once('=') else { bail!("write a secret as NAME=FILE, not `{entry}`") };
        let text = String::from_utf8(read(&PathBuf::from(file))?).with_context(|| format!("{file} is not text"))?;
        secrets.insert(name.to_owned(), Some(text.trim_end().to_owned()));
    }
    Ok(secrets)
}

pub(super) fn json<T: serde::de::DeserializeOwned>(file: &PathBuf) -> anyhow::Result<T> {
    serde_json::from_slice(&read(file)?).with_context(|| format!("{} cannot be used", file.display()))
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
