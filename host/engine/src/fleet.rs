//! The plugins of each tenant, loaded and ready to be called, with how they have behaved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_app::{App, AppError, OpenSecrets, decode_secret};
use guanxi_channels::{EgressPolicy, SecretText, Secrets as EgressSecrets};
use guanxi_domain::Millis;
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::manifest::{ConnectorSpec, Manifest};
use guanxi_domain::tenant::TenantId;
use guanxi_runtime::{CallError, Plugin, Runtime, Secrets};
use guanxi_store::Scope as Rows;
use sha2::{Digest, Sha256};

/// One installation, ready to be called.
pub(crate) struct Unit {
    pub(crate) installation: Installation,
    pub(crate) plugin: Plugin,
    /// The configuration as the plugin gets it.
    pub(crate) config: String,
    /// SHA-256 of `config`, lower-case hex, for receipts.
    pub(crate) config_hash: String,
    health: Mutex<Health>,
}

/// What a connector's unit may use on its way out.
pub(crate) struct Passport {
    pub(crate) policy: EgressPolicy,
    pub(crate) secrets: Secrets,
}

/// All live installations of one tenant, by name.
pub(crate) type Units = Arc<Vec<Arc<Unit>>>;

/// The plugins of all tenants.
pub struct Fleet {
    app: App,
    runtime: Runtime,
    plugins: tokio::sync::Mutex<HashMap<String, Plugin>>,
    tenants: Mutex<HashMap<TenantId, (Millis, Units)>>,
}

/// How long a tenant's installations are believed without looking again.
const FRESH_MS: Millis = 1_000;

impl Unit {
    pub(crate) fn manifest(&self) -> &Manifest {
        self.plugin.manifest()
    }

    /// Whether the plugin may be called now.
    pub(crate) fn is_well(&self, now: Millis) -> bool {
        !self.health().is_quarantined(now)
    }

    pub(crate) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how a call ended; returns the new health if it changed.
    pub(crate) fn note(&self, result: Result<(), &CallError>, now: Millis) -> Option<Health> {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match result {
            Ok(()) => health.after_success(),
            Err(error) if error.is_crash() => health.after_crash(&error.to_string(), now),
            Err(_) => return None,
        };
        (next != *health).then(|| {
            *health = next.clone();
            next
        })
    }
}

impl Fleet {
    pub(crate) fn new(app: App, runtime: Runtime) -> Self {
        Self { app, runtime, plugins: tokio::sync::Mutex::default(), tenants: Mutex::default() }
    }

    /// Forgets what it believes about installations, so that the next call looks again.
    pub(crate) fn refresh(&self) {
        for (read_at, _) in self.tenants.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            *read_at = 0;
        }
    }

    /// The live installations of a tenant. One that cannot be loaded is told of and left out.
    pub(crate) async fn units(&self, tenant: TenantId) -> Result<Units, AppError> {
        let now = self.app.ambient().now();
        let known = self.tenants.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some((read_at, units)) = &known
            && now - read_at < FRESH_MS
        {
            return Ok(Arc::clone(units));
        }
        let all = self.app.store().read(Rows::Tenant(tenant)).await?.installations(tenant).await?;
        let old = known.map(|(_, units)| units).unwrap_or_default();
        let mut units = Vec::with_capacity(all.len());
        let mut fresh = Vec::new();
        for installation in all.into_iter().filter(|i| i.mode == Mode::Live) {
            let same = old.iter().find(|unit| {
                unit.installation.id == installation.id && unit.installation.updated_at == installation.updated_at
            });
            match same {
                Some(unit) => units.push(Arc::clone(unit)),
                None => {
                    let unit = self.load(installation).await?.map(Arc::new);
                    fresh.extend(unit.clone());
                    units.extend(unit);
                }
            }
        }
        self.keep_configurations(tenant, &fresh).await?;
        let units = Arc::new(units);
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant, (now, Arc::clone(&units)));
        Ok(units)
    }

    /// Keeps the configurations of campaigns before they decide anything: receipts name them by hash.
    async fn keep_configurations(&self, tenant: TenantId, units: &[Arc<Unit>]) -> Result<(), AppError> {
        let mut missing = Vec::new();
        let mut read = self.app.store().read(Rows::Tenant(tenant)).await?;
        for unit in units.iter().filter(|unit| unit.manifest().campaign.is_some()) {
            if read.configuration(tenant, &unit.config_hash).await?.is_none() {
                missing.push((unit.config_hash.as_str(), unit.config.as_str()));
            }
        }
        drop(read);
        if missing.is_empty() {
            return Ok(());
        }
        let mut work = self.app.store().begin(Rows::Tenant(tenant)).await?;
        work.keep_configurations(tenant, &missing).await?;
        Ok(work.commit().await?)
    }

    /// What a connector may use: granted hosts, secrets, opened for this moment.
    pub(crate) async fn passport(
        &self,
        tenant: TenantId,
        unit: &Unit,
        spec: &ConnectorSpec,
    ) -> Result<Passport, AppError> {
        let open = self.app.open_secrets(tenant, unit.installation.id).await?;
        Ok(Passport { policy: policy(unit, &open), secrets: decoded(spec, &open) })
    }

    async fn load(&self, installation: Installation) -> Result<Option<Unit>, AppError> {
        let Some(plugin) = self.plugin(&installation.digest).await? else {
            tracing::error!(installation = %installation.name, digest = %installation.digest, "the plugin cannot be loaded");
            return Ok(None);
        };
        let config = installation.config.to_string();
        let config_hash = Sha256::digest(config.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let health = Mutex::new(installation.health.clone());
        Ok(Some(Unit { installation, plugin, config, config_hash, health }))
    }

    async fn plugin(&self, digest: &str) -> Result<Option<Plugin>, AppError> {
        let mut plugins = self.plugins.lock().await;
        if let Some(plugin) = plugins.get(digest) {
            return Ok(Some(plugin.clone()));
        }
        let Some(component) = self.app.store().read(Rows::Host).await?.component(digest).await? else {
            return Ok(None);
        };
        let runtime = self.runtime.clone();
        let loaded = tokio::task::spawn_blocking(move || runtime.load(&component)).await.map_err(AppError::internal)?;
        match loaded {
            Ok(plugin) => {
                plugins.insert(digest.to_owned(), plugin.clone());
                Ok(Some(plugin))
            }
            Err(error) => {
                tracing::error!(%digest, %error, "a stored component does not load");
                Ok(None)
            }
        }
    }
}

/// Granted hosts; one that can no longer be read reaches nothing.
fn policy(unit: &Unit, open: &OpenSecrets) -> EgressPolicy {
    let hosts = unit.installation.grants.egress.iter().filter_map(|entry| match entry.strip_prefix("config:") {
        Some(pointer) => host_of(unit.installation.config.pointer(pointer)?.as_str()?),
        None => Some(entry.clone()),
    });
    let secrets = open.0.iter().map(|(name, text)| (name.clone(), SecretText::new(text.as_str())));
    EgressPolicy::new(hosts, Arc::new(secrets.collect::<EgressSecrets>())).unwrap_or_default()
}

fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

fn decoded(spec: &ConnectorSpec, open: &OpenSecrets) -> Secrets {
    let bytes = spec.secrets.iter().filter_map(|wish| {
        let text = open.0.get(&wish.name)?;
        // Checked when it was set; what no longer decodes is not there for the plugin.
        Some((wish.name.clone(), decode_secret(wish.format, text).ok()?))
    });
    Secrets::new(bytes)
}
