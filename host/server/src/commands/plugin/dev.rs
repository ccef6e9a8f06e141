//! `guanxi plugin dev`: an author's loop against a running host. Each save is built, tried on its fixtures, put into the host's
//! library as a version of its own, and switched on in a tenant where nothing is at stake, whose log is told.

mod follow;
mod watch;

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use guanxi_app::{Ambient, GrantsInput, InstallationInput};
use guanxi_domain::Millis;
use guanxi_domain::installation::Mode;
use guanxi_domain::manifest::Manifest;
use guanxi_domain::version::{development_version, is_development_version};
use guanxi_package::Language;
use serde_json::{Value, json};

use super::install::told_waiting;
use super::test::{Summary, grouped, summary};
use super::{built, json as read_json, secrets, sign};
use crate::ambient;
use crate::commands::print;
use crate::remote::{Installed, Placed, Refused, Remote};
use follow::Follow;
use watch::Watch;

/// What is tried where.
#[derive(Args)]
pub struct Options {
    /// The folder of the plugin.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The address of the host, such as `http://127.0.0.1:8080` on this machine or `https://guanxi.example`.
    #[arg(long, value_name = "URL")]
    host: String,
    /// An operator's token: packages come into the library by operators only.
    #[arg(long, env = "GUANXI_TOKEN", hide_env_values = true)]
    token: String,
    /// The tenant to try it in, where nothing is at stake.
    #[arg(long)]
    tenant: String,
    /// The name of the installation [default: the plugin's name].
    #[arg(long)]
    name: Option<String>,
    /// The configuration, a JSON file [default: the one that is installed].
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Grant everything that the plugin requests [default: what was granted before; what asks for more waits for an approval].
    #[arg(long)]
    grant_requested: bool,
    /// A secret as NAME=FILE; the file holds its text.
    #[arg(long, value_name = "NAME=FILE")]
    secret: Vec<String>,
    /// The secret key to sign with, a file in PEM; a host that lets unsigned plugins in needs none.
    #[arg(long, env = "GUANXI_SIGNING_KEY")]
    key: Option<PathBuf>,
    /// Take the place of an installation that runs something else than a development version of this plugin.
    #[arg(long)]
    replace: bool,
}

/// Works until Ctrl-C, or until it would replace what is not its own.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut session = Session::open(options)?;
    tokio::select! {
        ended = session.work() => ended,
        signal = tokio::signal::ctrl_c() => {
            signal.context("Ctrl-C cannot be waited for")?;
            print("Stopped. What was put in place last stays.");
            Ok(())
        }
    }
}

struct Session {
    options: Options,
    host: Remote,
    folder: PathBuf,
    ambient: Ambient,
    /// The number of the last version.
    number: Millis,
    /// What runs: the component's digest and the configuration that was given with it.
    live: Option<(String, Option<Value>)>,
    /// Tells what it logs.
    follow: Follow,
}

impl Session {
    fn open(options: Options) -> anyhow::Result<Self> {
        let host = Remote::new(&options.host, &options.token)?;
        let folder = options.folder.canonicalize();
        let folder = folder.with_context(|| format!("{} cannot be read", options.folder.display()))?;
        Language::of(&folder)?;
        let (ambient, follow) = (ambient::of_this_machine()?, Follow::default());
        Ok(Self { options, host, folder, ambient, number: 0, live: None, follow })
    }

    async fn work(&mut self) -> anyhow::Result<()> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(std::path::absolute).transpose()?;
        let watch = Watch::new(self.folder.clone(), target, self.ambient.clone());
        let (tenant, host) = (&self.options.tenant, self.host.address());
        print(format!("Trying {} in {tenant} of {host}, again at each save; Ctrl-C ends it.", self.folder.display()));
        let (mut before, mut saved) = (watch.look().await?, None);
        loop {
            match self.turn(saved).await {
                Ok(ControlFlow::Continue(line)) => print(line),
                Ok(ControlFlow::Break(why)) => return Err(why),
                // What cannot be built or brought now may be at the next save.
                Err(error) => print(format!("error: {error:#}")),
            }
            before.overlook_locks(&watch.look().await?, &self.folder);
            let (look, at) = tokio::select! {
                saved = watch.next_save(&before) => saved?,
                never = self.follow.tell(&self.host, &self.options.tenant) => match never {},
            };
            (before, saved) = (look, Some(at));
        }
    }

    /// Builds what is there, tries it and brings it to the host; what came of it, or why to stop.
    async fn turn(&mut self, saved: Option<Millis>) -> anyhow::Result<ControlFlow<anyhow::Error, String>> {
        let begun = saved.unwrap_or_else(|| self.ambient.now());
        let settings: Option<Value> = self.options.settings.as_ref().map(read_json).transpose()?;
        let folder = self.folder.clone();
        let component = tokio::task::spawn_blocking(move || built(&folder)).await??;
        let manifest = guanxi_package::manifest(&component)?;
        let tried = tried(self.folder.join("fixtures"), component.clone());
        let state = (guanxi_package::digest(&component), settings);
        if self.live.as_ref() == Some(&state) {
            let line = format!("{}: nothing changed in the component; what runs stays", manifest.name);
            return Ok(ControlFlow::Continue(format!("{line}: {}", tell(&tried.await))));
        }
        let (version, package) = self.package(&component, &manifest)?;
        let packed = guanxi_package::digest(&package);
        let (tried, brought) = tokio::join!(tried, self.bring(package, &manifest, &version, &state.1));
        let placed = match brought {
            Ok(ControlFlow::Continue(placed)) => placed,
            Ok(ControlFlow::Break(why)) => return Ok(ControlFlow::Break(why)),
            Err(error) => {
                // Whatever keeps a component from being tried here, the host has told as well.
                if tried.is_ok() {
                    print(format!("{}: {}", manifest.name, tell(&tried)));
                }
                return Err(error);
            }
        };
        let fixtures = tell(&tried);
        let (name, tenant) = (&placed.installed.name, &self.options.tenant);
        if let Some(waiting) = placed.installed.upgrade.as_ref().filter(|_| placed.waits) {
            let told = told_waiting(name, tenant, &placed.installed.version, waiting);
            return Ok(ControlFlow::Continue(format!("{told} With --grant-requested it need not wait. {fixtures}")));
        }
        self.follow.begin(name.clone(), packed);
        self.live = Some(state);
        let seconds = (self.ambient.now() - begun) as f64 / 1_000.0;
        let since = if saved.is_some() { "save" } else { "start" };
        let bytes = grouped(component.len() as u64);
        Ok(ControlFlow::Continue(format!(
            "{} {version} is live in {tenant} as {name}, {seconds:.2} s after the {since}: {fixtures}; {bytes} bytes",
            manifest.name
        )))
    }

    /// The component as a version of its own, signed if there is a key.
    fn package(&mut self, component: &[u8], manifest: &Manifest) -> anyhow::Result<(String, Vec<u8>)> {
        self.number = self.ambient.now().max(self.number + 1);
        let version = development_version(&manifest.version, self.number)
            .with_context(|| format!("nothing comes after version {}: write a lower one", manifest.version))?;
        let package = guanxi_package::with_version(component, &version)?;
        let package = match &self.options.key {
            Some(key) => sign::signed(&package, key)?,
            None => package,
        };
        Ok((version, package))
    }

    /// Puts a package into the library and in its place, unless that is somebody else's.
    async fn bring(
        &self,
        package: Vec<u8>,
        manifest: &Manifest,
        version: &str,
        settings: &Option<Value>,
    ) -> anyhow::Result<ControlFlow<anyhow::Error, Placed>> {
        let (options, plugin) = (&self.options, &manifest.name);
        let (tenant, name) = (&options.tenant, options.name.as_ref().unwrap_or(plugin));
        let found = self.host.installation(tenant, name).await.map_err(|error| {
            let what = format!("{name} of {tenant} cannot be looked at{}", self.hint(&error));
            error.context(what)
        })?;
        if let Some(why) = found.as_ref().and_then(|found| self.is_not_ours(found, plugin)) {
            return Ok(ControlFlow::Break(why));
        }
        // It is meant, whatever newer ones the library has.
        self.host.upload(package, true).await.map_err(|error| {
            let what = format!("{plugin} {version} is not let in by {}{}", self.host.address(), self.hint(&error));
            error.context(what)
        })?;
        let known = found.filter(|found| found.plugin == *plugin).map(|found| found.config);
        let input = InstallationInput {
            plugin: Some(plugin.clone()),
            version: version.to_owned(),
            mode: Mode::Live,
            config: settings.clone().or(known).unwrap_or_else(|| json!({})),
            grants: options.grant_requested.then_some(GrantsInput::Requested),
            secrets: secrets(&options.secret)?,
        };
        let placed = self.host.put_installation(tenant, name, &input).await.map_err(|error| {
            let what = format!("{plugin} {version} is not installed for {tenant}{}", self.hint(&error));
            error.context(what)
        })?;
        Ok(ControlFlow::Continue(placed))
    }

    /// Why an installation is left alone: somebody relies on a release.
    fn is_not_ours(&self, found: &Installed, plugin: &str) -> Option<anyhow::Error> {
        let Installed { name, plugin: runs, version, .. } = found;
        if self.options.replace || (runs == plugin && is_development_version(version)) {
            return None;
        }
        let tenant = &self.options.tenant;
        Some(anyhow!(
            "{name} of {tenant} is {runs} {version}, which is no development version of {plugin}, and is not replaced by \
             mistake: name a tenant where nothing is at stake, or another installation with --name, or give --replace"
        ))
    }

    /// Which flag helps.
    fn hint(&self, error: &anyhow::Error) -> &'static str {
        let Some(refused) = error.downcast_ref::<Refused>() else { return "" };
        let options = &self.options;
        match () {
            () if refused.is_at("signature") && options.key.is_none() => " (sign it with --key)",
            () if refused.is_at("grants") && !options.grant_requested => " (--grant-requested grants all of it)",
            () if refused.is_at("secrets") => " (set secrets with --secret NAME=FILE)",
            () if refused.is_at("config") => " (give another configuration with --settings)",
            () => "",
        }
    }
}

/// What the fixtures in a folder come to, if there is one.
async fn tried(fixtures: PathBuf, component: Vec<u8>) -> anyhow::Result<Option<Summary>> {
    let work = move || fixtures.is_dir().then(|| summary(&component, &fixtures)).transpose();
    tokio::task::spawn_blocking(work).await?
}

/// Prints which fixtures failed; all of them in a few words. A sandbox gets what fails, too.
fn tell(tried: &anyhow::Result<Option<Summary>>) -> String {
    match tried {
        Ok(Some(summary)) => {
            summary.failures.iter().for_each(print);
            summary.told()
        }
        Ok(None) => "no fixtures".to_owned(),
        Err(error) => {
            print(format!("error: {error:#}"));
            "its fixtures cannot be run".to_owned()
        }
    }
}
