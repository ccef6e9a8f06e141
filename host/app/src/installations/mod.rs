//! Plugins of one tenant: switched on with a configuration, grants and secrets, and off again.

mod config;
mod grants;
mod limits;
mod upgrades;

use std::collections::{BTreeMap, HashMap};

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::channel_state::ChannelState;
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{CandidateId, InstallationId};
use guanxi_domain::installation::{Health, Installation, Mode, Upgrade};
use guanxi_domain::manifest::Manifest;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use serde_json::Value;

use crate::candidates::follow_installation;
use crate::plugins::PluginView;
use crate::secrets::{OpenSecrets, VaultError, decode};
use crate::webhooks::{candidate_notice, health_notice, upgrade_notice};
use crate::{App, AppError, Problem};
use grants::{Verdict, unsaid_grants};
use upgrades::drop_overtaken;

pub(crate) use config::checked_config;
pub use config::with_defaults;
pub(crate) use grants::{checked_grants, newly_asked};
pub use limits::LimitView;
pub use upgrades::Approval;

/// What a tenant grants a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantsInput {
    /// Everything that its manifest requests.
    Requested,
    /// These lists, of what its manifest requests; `*` among events is every kind that it requests.
    Lists(Grants),
}

/// How a plugin is to be switched on.
#[derive(Debug, Clone)]
pub struct InstallationInput {
    /// The plugin; the installation's own name if not given.
    pub plugin: Option<String>,
    /// Its version.
    pub version: String,
    /// On or off.
    pub mode: Mode,
    /// Its configuration; what is left out gets the schema's default.
    pub config: Value,
    /// What it may do; what it was granted before if not given.
    pub grants: Option<GrantsInput>,
    /// Secrets to set, or with `None` to take away; others stay as they are.
    pub secrets: BTreeMap<String, Option<String>>,
}

/// An installation with what its plugin says of itself.
#[derive(Debug, Clone)]
pub struct InstallationView {
    /// The installation.
    pub installation: Installation,
    /// Its plugin.
    pub plugin: PluginView,
    /// What the operator lets the plugin do at most, whatever the tenant grants; nothing if that is not limited.
    pub allowance: Option<Grants>,
    /// What waits for somebody's approval.
    pub upgrade: Option<Upgrade>,
    /// Limits of its operations that are in force.
    pub limits: Vec<LimitView>,
    /// How its channel behaves, and the time at which it was looked at; nothing of what is no connector.
    pub channel: Option<(ChannelState, Millis)>,
}

impl InstallationView {
    /// What the plugin asks for and the tenant does not grant, as [`Grants::missing_from`] writes it.
    pub fn withheld(&self) -> Vec<String> {
        Grants::requested(&self.plugin.manifest).missing_from(&self.installation.grants)
    }

    /// What the plugin asks for and the operator does not let it do.
    pub fn forbidden(&self) -> Vec<String> {
        let missing = |allowance| Grants::requested(&self.plugin.manifest).missing_from(allowance);
        self.allowance.as_ref().map(missing).unwrap_or_default()
    }

    /// What the plugin may do.
    pub fn allowed(&self) -> Grants {
        self.installation.grants.under(self.allowance.as_ref())
    }
}

/// What became of a wish about an installation.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The installation as it is now.
    pub view: InstallationView,
    /// Whether the wish waits for an approval, as the view's `upgrade`; else it is done.
    pub waits: bool,
}

impl App {
    /// Switches a plugin on or off, or changes how it is switched on. All problems are told at once.
    ///
    /// Needs `install`, and `manage` to grant something, to set secrets or to switch on. Where nothing is said of grants, those
    /// from before stay. A version that asks for more than the one before, or what the caller may not switch on, waits until it
    /// is approved ([`Self::approve_upgrade`]); what was installed runs on.
    pub async fn put_installation(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: InstallationInput,
    ) -> Result<Placed, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Install).await?;
        let manages = caller.may(tenant.id, Scope::Manage);
        if !manages && (input.grants.is_some() || !input.secrets.is_empty()) {
            return Err(AppError::Forbidden("manage"));
        }
        check_installation_name(name)?;
        let plugin_name = input.plugin.as_deref().unwrap_or(name);
        let plugin = self.plugin(caller, plugin_name, Some(&input.version)).await?;
        let manifest = &plugin.manifest;
        let before = self.store().read(Rows::Tenant(tenant.id)).await?.installation(tenant.id, name).await?;
        let runs = match &before {
            Some(before) => Some(self.plugin(caller, &before.plugin, Some(&before.version)).await?.manifest),
            None => None,
        };
        let mut problems = Vec::new();
        let config = checked_config(manifest, input.config, &mut problems);
        check_yanked(&plugin, before.as_ref(), &mut problems);
        let stays_off = input.mode == Mode::Off && before.as_ref().is_some_and(|before| before.digest == plugin.digest);
        if !stays_off {
            check_runs(&plugin, &mut problems);
        }
        let verdict = match &input.grants {
            Some(wish) => Verdict::Done(checked_grants(manifest, wish, &mut problems)),
            None => {
                let before = before.as_ref().zip(runs.as_ref());
                unsaid_grants(manifest, before, (input.mode, &config), manages, &mut problems)
            }
        };

        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let existing = work.installation(tenant.id, name).await?;
        if existing.as_ref().map(|existing| existing.updated_at) != before.map(|before| before.updated_at) {
            return Err(AppError::Conflict("somebody has just changed this installation; look at it again".to_owned()));
        }
        let id = existing.as_ref().map_or_else(|| InstallationId::from_uuid(self.ambient().uuid()), |i| i.id);
        let sealed = work.installation_secrets(tenant.id, id).await?;
        let mut secrets = match self.opened(tenant.id, id, sealed.as_deref()) {
            Ok(secrets) => secrets,
            Err(VaultError) => {
                // The key may come back: nothing is lost but what is set anew.
                let set = existing.iter().flat_map(|existing| &existing.secrets);
                problems.extend(set.filter(|name| !input.secrets.contains_key(*name)).map(|name| {
                    let problem =
                        "no key of this host opens it any more; set it anew, or have the operator give the key";
                    Problem::new(format!("secrets/{name}"), problem)
                }));
                OpenSecrets::default()
            }
        };
        match &verdict {
            Verdict::Done(grants) => {
                merge_secrets(manifest, grants, input.secrets, input.mode, &mut secrets, &mut problems);
            }
            Verdict::Waits(_) if !input.secrets.is_empty() => {
                problems.push(Problem::new("secrets", "this waits for an approval; set them with that"));
            }
            Verdict::Waits(_) => {}
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let now = self.ambient().now();
        let new = |mode, grants, secrets: OpenSecrets| Installation {
            id,
            name: name.to_owned(),
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: plugin.digest.clone(),
            mode,
            config: config.clone(),
            grants,
            secrets: secrets.0.into_keys().collect(),
            // Whoever changes an installation gives it a fresh start.
            health: Health::default(),
            created_at: existing.as_ref().map_or(now, |i| i.created_at),
            updated_at: now,
        };
        let waits = matches!(verdict, Verdict::Waits(_));
        let mut notices = Vec::new();
        match verdict {
            Verdict::Done(grants) => {
                let sealed = self.vault().seal(tenant.id, id, &secrets, self.ambient().bytes());
                let installation = new(input.mode, grants, secrets);
                let sealed = sealed.map_err(AppError::internal)?;
                work.put_installation(tenant.id, &installation, Some(&sealed)).await?;
                work.reset_channel_state(tenant.id, id).await?;
                drop_overtaken(&mut work, tenant.id, existing.as_ref(), &installation).await?;
                notices.extend(existing.as_ref().and_then(|before| health_notice(before, &installation.health)));
                if existing.is_some_and(|existing| !existing.decides_as(&installation)) {
                    let next = CandidateId::from_uuid(self.ambient().uuid());
                    let candidate = follow_installation(&mut work, tenant.id, &installation, next).await?;
                    notices.extend(candidate.map(|candidate| candidate_notice(name, &candidate)));
                }
            }
            Verdict::Waits(asks) => {
                if existing.is_none() {
                    let off = new(Mode::Off, Grants::default(), OpenSecrets::default());
                    work.put_installation(tenant.id, &off, None).await?;
                }
                // One moment names one wish: whoever approves of it has seen this one.
                let before = work.upgrade(tenant.id, id).await?.map_or(0, |before| before.asked_at);
                let asked_at = now.max(before + 1);
                let upgrade = Upgrade {
                    version: manifest.version.clone(),
                    digest: plugin.digest.clone(),
                    config,
                    mode: input.mode,
                    asks,
                    asked_by: caller.token.to_string(),
                    asked_at,
                };
                work.put_upgrade(tenant.id, id, &upgrade).await?;
                let runs = existing.as_ref().map(|existing| existing.version.as_str());
                notices.push(upgrade_notice(name, &manifest.name, runs, &upgrade));
            }
        }
        let told = self.announce(&mut work, tenant.id, &notices).await?;
        work.commit().await?;
        self.signals().installed.notify_one();
        if told {
            self.signals().noticed.notify_one();
        }
        Ok(Placed { view: self.installation_of(caller, tenant.id, name).await?, waits })
    }

    /// Switches an installation on or off and leaves everything else as it is. Needs `manage`.
    pub async fn switch(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        mode: Mode,
    ) -> Result<InstallationView, AppError> {
        self.tenant_for(caller, slug, Scope::Manage).await?;
        let current = self.installation(caller, slug, name).await?.installation;
        let input = InstallationInput {
            plugin: Some(current.plugin),
            version: current.version,
            mode,
            config: current.config,
            grants: Some(GrantsInput::Lists(current.grants)),
            secrets: BTreeMap::new(),
        };
        Ok(self.put_installation(caller, slug, name, input).await?.view)
    }

    /// One installation.
    pub async fn installation(&self, caller: &Caller, slug: &str, name: &str) -> Result<InstallationView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        self.installation_of(caller, tenant.id, name).await
    }

    /// All installations of a tenant, by name.
    pub async fn installations(&self, caller: &Caller, slug: &str) -> Result<Vec<InstallationView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let all = read.installations(tenant.id).await?;
        let mut upgrades: HashMap<InstallationId, Upgrade> = read.upgrades(tenant.id).await?.into_iter().collect();
        let now = self.ambient().now();
        let mut channels: HashMap<InstallationId, ChannelState> =
            read.channel_states(tenant.id).await?.into_iter().collect();
        let allowances = read.allowances().await?;
        drop(read);
        let mut views = Vec::with_capacity(all.len());
        for installation in all {
            let upgrade = upgrades.remove(&installation.id);
            let plugin = self.plugin(caller, &installation.plugin, Some(&installation.version)).await?;
            let allowance = allowances.get(&installation.plugin).cloned();
            let channel = plugin.manifest.connector.is_some();
            let channel = channel.then(|| (channels.remove(&installation.id).unwrap_or_default(), now));
            let view = InstallationView { installation, plugin, allowance, upgrade, limits: Vec::new(), channel };
            views.push(view.with_limits());
        }
        if views.iter().any(InstallationView::is_limited) {
            let counted = self.counted_today(tenant.id).await?;
            views.iter_mut().for_each(|view| view.note_used(&counted));
        }
        Ok(views)
    }

    async fn installation_of(
        &self,
        caller: &Caller,
        tenant: TenantId,
        name: &str,
    ) -> Result<InstallationView, AppError> {
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let installation = read.installation(tenant, name).await?.ok_or(AppError::NotFound("installation"))?;
        let upgrade = read.upgrade(tenant, installation.id).await?;
        let allowance = read.allowance(&installation.plugin).await?;
        let channel = read.channel_state(tenant, installation.id).await?;
        drop(read);
        let plugin = self.plugin(caller, &installation.plugin, Some(&installation.version)).await?;
        let channel = plugin.manifest.connector.is_some().then_some((channel, self.ambient().now()));
        let view = InstallationView { installation, plugin, allowance, upgrade, limits: Vec::new(), channel };
        let mut view = view.with_limits();
        if view.is_limited() {
            view.note_used(&self.counted_today(tenant).await?);
        }
        Ok(view)
    }

    /// The secrets of an installation in the clear, for the engine.
    pub async fn open_secrets(&self, tenant: TenantId, installation: InstallationId) -> Result<OpenSecrets, AppError> {
        let sealed = self.store().read(Rows::Tenant(tenant)).await?.installation_secrets(tenant, installation).await?;
        self.opened(tenant, installation, sealed.as_deref()).map_err(AppError::internal)
    }

    fn opened(&self, tenant: TenantId, id: InstallationId, sealed: Option<&[u8]>) -> Result<OpenSecrets, VaultError> {
        sealed.map_or_else(|| Ok(OpenSecrets::default()), |sealed| self.vault().open(tenant, id, sealed))
    }
}

/// A version that was taken back is installed nowhere anew; where it is, everything else may still be changed.
pub(crate) fn check_yanked(plugin: &PluginView, existing: Option<&Installation>, problems: &mut Vec<Problem>) {
    let runs = existing.is_some_and(|existing| existing.digest == plugin.digest);
    if let Some(yanked) = plugin.yanked.as_ref().filter(|_| !runs) {
        let Manifest { name, version, .. } = &plugin.manifest;
        let problem = format!("{name} {version} was taken back ({}); choose another version", yanked.reason);
        problems.push(Problem::new("version", problem));
    }
}

/// What this host does not run decides nothing; it may still be switched off.
pub(crate) fn check_runs(plugin: &PluginView, problems: &mut Vec<Problem>) {
    problems.extend(plugin.unsupported.iter().map(|why| Problem::new("version", why.clone())));
}

fn check_installation_name(name: &str) -> Result<(), AppError> {
    let good = (2..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good { Ok(()) } else { Err(AppError::invalid("name", "use 2 to 64 characters of a-z, 0-9 and -")) }
}

fn merge_secrets(
    manifest: &Manifest,
    grants: &Grants,
    changes: BTreeMap<String, Option<String>>,
    mode: Mode,
    secrets: &mut OpenSecrets,
    problems: &mut Vec<Problem>,
) {
    let wishes = manifest.connector.as_ref().map(|c| c.secrets.as_slice()).unwrap_or_default();
    for (name, value) in changes {
        let at = format!("secrets/{name}");
        let Some(wish) = wishes.iter().find(|wish| wish.name == name) else {
            problems.push(Problem::new(at, "is not requested by the plugin; leave it out"));
            continue;
        };
        match value {
            None => drop(secrets.0.remove(&name)),
            Some(value) if value.len() > 16 * 1024 => problems.push(Problem::new(at, "has more than 16 KiB")),
            Some(value) => match decode(wish.format, &value) {
                Ok(_) => drop(secrets.0.insert(name, value)),
                Err(error) => problems.push(Problem::new(at, error.to_string())),
            },
        }
    }
    secrets.0.retain(|name, _| wishes.iter().any(|wish| wish.name == *name));
    if mode == Mode::Live {
        let granted = wishes.iter().filter(|wish| grants.allows_secret(&wish.name));
        for wish in granted.filter(|wish| !secrets.0.contains_key(&wish.name)) {
            problems
                .push(Problem::new(format!("secrets/{}", wish.name), "must be set before the plugin is switched on"));
        }
    }
}
