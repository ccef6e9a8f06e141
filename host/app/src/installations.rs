//! Plugins of one tenant: switched on with a configuration, grants and secrets, and off again.

use std::collections::BTreeMap;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{CandidateId, InstallationId};
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::limits::CONFIG_BYTES_MAX;
use guanxi_domain::manifest::Manifest;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use serde_json::Value;

use crate::candidates::follow_installation;
use crate::plugins::PluginView;
use crate::secrets::{OpenSecrets, decode};
use crate::{App, AppError, Problem};

/// What a tenant allows a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantsInput {
    /// Everything that its manifest requests.
    Requested,
    /// These lists, which must cover what its manifest requests.
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
    /// What it may do; nothing if not given.
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
}

impl App {
    /// Switches a plugin on or off, or changes how it is switched on. Needs `manage`. All problems are told at once.
    pub async fn put_installation(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: InstallationInput,
    ) -> Result<InstallationView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        check_installation_name(name)?;
        let plugin_name = input.plugin.as_deref().unwrap_or(name);
        let plugin = self.plugin(caller, plugin_name, Some(&input.version)).await?;
        let manifest = &plugin.manifest;
        let mut problems = Vec::new();
        let config = checked_config(manifest, input.config, &mut problems);
        let grants = checked_grants(manifest, input.grants, &mut problems);

        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let existing = work.installation(tenant.id, name).await?;
        check_yanked(&plugin, existing.as_ref(), &mut problems);
        let id = existing.as_ref().map_or_else(|| InstallationId::from_uuid(self.ambient().uuid()), |i| i.id);
        let sealed = work.installation_secrets(tenant.id, id).await?;
        let mut secrets = self.opened(tenant.id, id, sealed.as_deref())?;
        merge_secrets(manifest, input.secrets, input.mode, &mut secrets, &mut problems);
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let sealed = self.vault().seal(tenant.id, id, &secrets, self.ambient().bytes()).map_err(AppError::internal)?;
        let now = self.ambient().now();
        let installation = Installation {
            id,
            name: name.to_owned(),
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: plugin.digest.clone(),
            mode: input.mode,
            config,
            grants,
            secrets: secrets.0.into_keys().collect(),
            // Whoever changes an installation gives it a fresh start.
            health: Health::default(),
            created_at: existing.as_ref().map_or(now, |i| i.created_at),
            updated_at: now,
        };
        work.put_installation(tenant.id, &installation, Some(&sealed)).await?;
        if existing.is_some_and(|existing| !existing.decides_as(&installation)) {
            follow_installation(&mut work, tenant.id, &installation, CandidateId::from_uuid(self.ambient().uuid()))
                .await?;
        }
        work.commit().await?;
        self.signals().installed.notify_one();
        Ok(InstallationView { installation, plugin })
    }

    /// Switches an installation on or off and leaves everything else as it is.
    pub async fn switch(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        mode: Mode,
    ) -> Result<InstallationView, AppError> {
        let current = self.installation(caller, slug, name).await?.installation;
        let input = InstallationInput {
            plugin: Some(current.plugin),
            version: current.version,
            mode,
            config: current.config,
            grants: Some(GrantsInput::Lists(current.grants)),
            secrets: BTreeMap::new(),
        };
        self.put_installation(caller, slug, name, input).await
    }

    /// One installation.
    pub async fn installation(&self, caller: &Caller, slug: &str, name: &str) -> Result<InstallationView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let found = self.store().read(Rows::Tenant(tenant.id)).await?.installation(tenant.id, name).await?;
        self.with_plugin(caller, found.ok_or(AppError::NotFound("installation"))?).await
    }

    /// All installations of a tenant, by name.
    pub async fn installations(&self, caller: &Caller, slug: &str) -> Result<Vec<InstallationView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let all = self.store().read(Rows::Tenant(tenant.id)).await?.installations(tenant.id).await?;
        let mut views = Vec::with_capacity(all.len());
        for installation in all {
            views.push(self.with_plugin(caller, installation).await?);
        }
        Ok(views)
    }

    /// The secrets of an installation in the clear, for the engine.
    pub async fn open_secrets(&self, tenant: TenantId, installation: InstallationId) -> Result<OpenSecrets, AppError> {
        let sealed = self.store().read(Rows::Tenant(tenant)).await?.installation_secrets(tenant, installation).await?;
        self.opened(tenant, installation, sealed.as_deref())
    }

    fn opened(&self, tenant: TenantId, id: InstallationId, sealed: Option<&[u8]>) -> Result<OpenSecrets, AppError> {
        match sealed {
            Some(sealed) => self.vault().open(tenant, id, sealed).map_err(AppError::internal),
            None => Ok(OpenSecrets::default()),
        }
    }

    async fn with_plugin(&self, caller: &Caller, installation: Installation) -> Result<InstallationView, AppError> {
        let plugin = self.plugin(caller, &installation.plugin, Some(&installation.version)).await?;
        Ok(InstallationView { installation, plugin })
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

fn check_installation_name(name: &str) -> Result<(), AppError> {
    let good = (2..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good { Ok(()) } else { Err(AppError::invalid("name", "use 2 to 64 characters of a-z, 0-9 and -")) }
}

/// Fills in the defaults of the schema's top level.
pub fn with_defaults(manifest: &Manifest, mut config: Value) -> Value {
    let properties = manifest.config.as_ref().and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    if let Some(object) = config.as_object_mut() {
        for (name, property) in properties.into_iter().flatten() {
            if let (false, Some(default)) = (object.contains_key(name), property.get("default")) {
                object.insert(name.clone(), default.clone());
            }
        }
    }
    config
}

/// The configuration with its defaults, checked against the schema.
pub(crate) fn checked_config(manifest: &Manifest, config: Value, problems: &mut Vec<Problem>) -> Value {
    let config = if config.is_null() { Value::Object(serde_json::Map::new()) } else { config };
    if !config.is_object() {
        problems.push(Problem::new("config", "give a JSON object"));
        return config;
    }
    let config = with_defaults(manifest, config);
    if config.to_string().len() > CONFIG_BYTES_MAX {
        problems.push(Problem::new("config", format!("has more than {CONFIG_BYTES_MAX} bytes")));
        return config;
    }
    let Some(schema) = &manifest.config else { return config };
    match jsonschema::validator_for(schema) {
        Ok(validator) => problems.extend(
            validator
                .iter_errors(&config)
                .take(20)
                .map(|error| Problem::new(format!("config{}", error.instance_path()), error.to_string())),
        ),
        Err(error) => problems.push(Problem::new("config", format!("the plugin's schema is broken: {error}"))),
    }
    config
}

/// Grants are exactly what the manifest requests; a tenant that allows less is told what is missing.
pub(crate) fn checked_grants(manifest: &Manifest, input: Option<GrantsInput>, problems: &mut Vec<Problem>) -> Grants {
    let requested = Grants::requested(manifest);
    let granted = match input {
        Some(GrantsInput::Requested) => return requested,
        Some(GrantsInput::Lists(lists)) => lists,
        None => Grants::default(),
    };
    let missing = requested.missing_from(&granted);
    if !missing.is_empty() {
        let list = missing.join(", ");
        problems.push(Problem::new(
            "grants",
            format!("the plugin asks for more than is granted ({list}); grant it or choose another version"),
        ));
    }
    for extra in granted.missing_from(&requested) {
        problems.push(Problem::new("grants", format!("{extra} is not requested by the plugin; leave it out")));
    }
    requested
}

fn merge_secrets(
    manifest: &Manifest,
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
        for wish in wishes.iter().filter(|wish| !secrets.0.contains_key(&wish.name)) {
            problems
                .push(Problem::new(format!("secrets/{}", wish.name), "must be set before the plugin is switched on"));
        }
    }
}
