//! The plugins of each tenant, loaded and ready to be called, with how they have behaved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_app::{App, AppError, OpenSecrets, decode_secret};
use guanxi_channels::{EgressPolicy, SecretText, Secrets as EgressSecrets, granted_hosts};
use guanxi_domain::Millis;
use guanxi_domain::candidate::Candidate;
use guanxi_domain::grants::{self, Bounds as OperationBounds, Grants, Sight, classes_within, kinds_within};
use guanxi_domain::ids::{CandidateId, InstallationId};
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::manifest::{CampaignSpec, ConnectorSpec, FieldWish, HistoryWish, Manifest};
use guanxi_domain::plugin_log::Level;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_runtime::{Call, CallError, Plugin, Runtime, RuntimeError, Secrets};
use guanxi_store::Scope as Rows;
use sha2::{Digest, Sha256};

use crate::logs::Gauge;
use crate::usage::{Budget, Meter, Meters};

/// One installation, ready to be called.
pub(crate) struct Unit {
    /// Its grants are those of the tenant, as far as the operator lets it.
    pub(crate) installation: Installation,
    /// What the operator lets it do at most.
    allowance: Option<Grants>,
    /// The earlier events that a campaign asks for and may be told of.
    pub(crate) history: Option<HistoryWish>,
    /// The classes that a campaign asks for and may see, each as far as it may, and what they show together.
    pub(crate) classes: Vec<FieldWish>,
    pub(crate) sight: Sight,
    /// How often operations are carried out for it at most.
    pub(crate) bounds: OperationBounds,
    pub(crate) plugin: Plugin,
    /// The configuration as the plugin gets it.
    pub(crate) config: String,
    /// SHA-256 of `config`, lower-case hex, for receipts.
    pub(crate) config_hash: String,
    /// Tells whatever decides for an installation apart: the installation's own id, or that of a candidate.
    pub(crate) key: InstallationId,
    health: Mutex<Health>,
    gauge: Gauge,
    meter: Arc<Meter>,
    /// Of all plugins of the tenant together.
    budget: Arc<Budget>,
}

/// What a connector's unit may use on its way out.
pub(crate) struct Passport {
    pub(crate) policy: EgressPolicy,
    pub(crate) secrets: Secrets,
}

/// All live installations of one tenant, by name.
pub(crate) type Units = Arc<Vec<Arc<Unit>>>;

/// What stands beside an installation, ready to be called.
pub(crate) struct Trial {
    pub(crate) candidate: CandidateId,
    /// The installation as it would be.
    pub(crate) unit: Arc<Unit>,
}

/// All candidates of one tenant that ran when they were looked for.
pub(crate) type Trials = Arc<Vec<Arc<Trial>>>;

/// What decides for one tenant.
#[derive(Clone)]
pub(crate) struct Squad {
    read_at: Millis,
    pub(crate) units: Units,
    /// What stands beside its installations, live or not.
    pub(crate) trials: Trials,
    pub(crate) budget: Arc<Budget>,
}

/// The plugins of all tenants.
pub struct Fleet {
    app: App,
    runtime: Runtime,
    /// By digest; nothing for one whose contract is not run here, which is told of once.
    plugins: tokio::sync::Mutex<HashMap<String, Option<Plugin>>>,
    tenants: Mutex<HashMap<TenantId, Squad>>,
    meters: Meters,
}

/// What operators let plugins do at most, by name.
type Allowances = HashMap<String, Grants>;

/// What plugins of one tenant are held to.
type Bounds<'b> = (&'b Allowances, &'b Arc<Budget>);

/// How long a tenant's installations are believed without looking again.
const FRESH_MS: Millis = 1_000;

impl Unit {
    pub(crate) fn manifest(&self) -> &Manifest {
        self.plugin.manifest()
    }

    /// Whether the plugin may be called now.
    pub(crate) fn is_well(&self, now: Millis) -> bool {
        self.pause(now).is_none()
    }

    /// Why the plugin is not called now, if it is not.
    pub(crate) fn pause(&self, now: Millis) -> Option<&'static str> {
        if self.health().is_quarantined(now) {
            return Some("the plugin is in quarantine");
        }
        self.budget.is_used_up(now).then_some("the tenant's fuel of today is used up")
    }

    /// Counts what a call about so many items cost.
    pub(crate) fn count<T>(&self, work: WorkKind, call: &Call<T>, items: usize, now: Millis) {
        self.meter.count(work, call, items);
        self.budget.burn(call.fuel, now);
    }

    /// Counts operations of the pipeline that the host refused.
    pub(crate) fn count_refusals(&self, refusals: usize) {
        if refusals > 0 {
            self.meter.count_refusals(WorkKind::Pipeline, refusals);
        }
    }

    /// What is kept of what a call about so many people said, why it crashed among it; `failure` is what the plugin said
    /// instead of an answer.
    pub(crate) fn said<T>(
        &self,
        call: &mut Call<T>,
        failure: Option<String>,
        people: usize,
        now: Millis,
    ) -> Vec<(Level, String)> {
        self.gauge.take(call, failure, people, now)
    }

    /// Whether it stands beside what the installation runs.
    pub(crate) fn is_candidate(&self) -> bool {
        self.key != self.installation.id
    }

    /// Whether the operator lets it do what it was loaded with.
    fn is_allowed_as(&self, allowances: &Allowances) -> bool {
        allowances.get(&self.installation.plugin) == self.allowance.as_ref()
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

    /// Notes that it tried what it may not do; returns the new health.
    pub(crate) fn note_overreach(&self, what: &str) -> Health {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        *health = health.after_overreach(what);
        health.clone()
    }
}

impl Fleet {
    pub(crate) fn new(app: App, runtime: Runtime) -> Self {
        Self {
            app,
            runtime,
            plugins: tokio::sync::Mutex::default(),
            tenants: Mutex::default(),
            meters: Meters::default(),
        }
    }

    /// Forgets what it believes about installations, so that the next call looks again.
    pub(crate) fn refresh(&self) {
        for believed in self.tenants.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            believed.read_at = 0;
        }
    }

    /// The live installations of a tenant. One that cannot be loaded is told of and left out.
    pub(crate) async fn units(&self, tenant: TenantId) -> Result<Units, AppError> {
        Ok(self.squad(tenant).await?.units)
    }

    /// One installation by its name, live or not; nothing if there is none or it cannot be loaded.
    pub(crate) async fn unit(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<Unit>>, AppError> {
        let squad = self.squad(tenant).await?;
        if let Some(unit) = squad.units.iter().find(|unit| unit.installation.name == name) {
            return Ok(Some(Arc::clone(unit)));
        }
        let mut read = self.app.store().read(Rows::Tenant(tenant)).await?;
        let Some(installation) = read.installation(tenant, name).await? else { return Ok(None) };
        let allowances = read.allowances().await?;
        drop(read);
        Ok(self.load(tenant, installation, (&allowances, &squad.budget), None).await?.map(Arc::new))
    }

    /// What is counted of calls.
    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Everything that decides for a tenant.
    pub(crate) async fn squad(&self, tenant: TenantId) -> Result<Squad, AppError> {
        let now = self.app.ambient().now();
        let known = self.tenants.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(known) = &known
            && now - known.read_at < FRESH_MS
        {
            return Ok(known.clone());
        }
        let (old_units, old_trials) = known.map(|squad| (squad.units, squad.trials)).unwrap_or_default();
        let mut read = self.app.store().read(Rows::Tenant(tenant)).await?;
        let all = read.installations(tenant).await?;
        let candidates = read.running_candidates(tenant).await?;
        let allowances = read.allowances().await?;
        let budget = self.meters.budget(&mut read, tenant, now).await?;
        drop(read);
        let (mut units, mut trials, mut fresh) = (Vec::with_capacity(all.len()), Vec::new(), Vec::new());
        for candidate in candidates {
            let known = old_trials.iter().find(|trial| trial.candidate == candidate.id);
            match known.filter(|trial| trial.unit.is_allowed_as(&allowances)) {
                Some(trial) => trials.push(Arc::clone(trial)),
                None => {
                    let trial = self.trial(tenant, &all, candidate, (&allowances, &budget)).await?.map(Arc::new);
                    fresh.extend(trial.as_ref().map(|trial| Arc::clone(&trial.unit)));
                    trials.extend(trial);
                }
            }
        }
        for installation in all.into_iter().filter(|i| i.mode == Mode::Live) {
            let same = old_units.iter().find(|unit| {
                (unit.installation.id, unit.installation.updated_at) == (installation.id, installation.updated_at)
                    && unit.is_allowed_as(&allowances)
            });
            match same {
                Some(unit) => units.push(Arc::clone(unit)),
                None => {
                    let unit = self.load(tenant, installation, (&allowances, &budget), None).await?.map(Arc::new);
                    fresh.extend(unit.clone());
                    units.extend(unit);
                }
            }
        }
        self.keep_configurations(tenant, &fresh).await?;
        let squad = Squad { read_at: now, units: Arc::new(units), trials: Arc::new(trials), budget };
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, squad.clone());
        Ok(squad)
    }

    /// The installation beside which a candidate stands, as the candidate wants it.
    async fn trial(
        &self,
        tenant: TenantId,
        all: &[Installation],
        candidate: Candidate,
        bounds: Bounds<'_>,
    ) -> Result<Option<Trial>, AppError> {
        let Some(installation) = all.iter().find(|installation| installation.id == candidate.installation) else {
            return Ok(None);
        };
        let spec = candidate.spec;
        let installation = Installation {
            version: spec.version,
            digest: spec.digest,
            config: spec.config,
            grants: spec.grants,
            mode: Mode::Live,
            health: Health::default(),
            ..installation.clone()
        };
        let unit = self.load(tenant, installation, bounds, Some(candidate.id)).await?;
        Ok(unit.map(|unit| Trial { candidate: candidate.id, unit: Arc::new(unit) }))
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
        let mut open = self.app.open_secrets(tenant, unit.installation.id).await?;
        open.0.retain(|name, _| unit.installation.grants.allows_secret(name));
        let policy = policy(unit, &open).held_by(tenant, &unit.installation.name);
        Ok(Passport { policy, secrets: decoded(spec, &open) })
    }

    async fn load(
        &self,
        tenant: TenantId,
        mut installation: Installation,
        (allowances, budget): Bounds<'_>,
        candidate: Option<CandidateId>,
    ) -> Result<Option<Unit>, AppError> {
        let Some(plugin) = self.plugin(&installation).await? else { return Ok(None) };
        let allowance = allowances.get(&installation.plugin).cloned();
        let requested = Grants::requested(plugin.manifest());
        let bounds = grants::bounds(&requested, allowance.as_ref(), &installation.grants);
        installation.grants = installation.grants.under(allowance.as_ref());
        let history = history(plugin.manifest(), &installation.grants);
        let classes = classes(plugin.manifest(), &installation.grants);
        let sight = Sight::of(classes.iter().map(|wish| wish.name.as_str()));
        let config = installation.config.to_string();
        let config_hash = Sha256::digest(config.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let health = Mutex::new(installation.health.clone());
        let own = candidate.and_then(|id| InstallationId::from_slice(id.as_bytes()));
        let key = own.unwrap_or(installation.id);
        let meter = self.meters.meter(tenant, installation.id);
        let budget = Arc::clone(budget);
        let gauge = Gauge::default();
        Ok(Some(Unit {
            installation,
            allowance,
            history,
            classes,
            sight,
            bounds,
            plugin,
            config,
            config_hash,
            key,
            health,
            gauge,
            meter,
            budget,
        }))
    }

    /// The plugin of an installation; nothing if it cannot be loaded, which operators read in the log.
    async fn plugin(&self, installation: &Installation) -> Result<Option<Plugin>, AppError> {
        let Installation { name, digest, .. } = installation;
        let mut plugins = self.plugins.lock().await;
        if let Some(plugin) = plugins.get(digest) {
            return Ok(plugin.clone());
        }
        let Some(component) = self.app.store().read(Rows::Host).await?.component(digest).await? else {
            tracing::error!(installation = %name, %digest, "the library lacks the installed component");
            return Ok(None);
        };
        let runtime = self.runtime.clone();
        let loaded = tokio::task::spawn_blocking(move || runtime.load(&component)).await.map_err(AppError::internal)?;
        let known = match loaded {
            Ok(plugin) => Some(plugin),
            Err(error) => {
                tracing::error!(installation = %name, %digest, %error, "the installed component does not load");
                if !matches!(error, RuntimeError::Contract(_) | RuntimeError::Package(_)) {
                    return Ok(None);
                }
                None
            }
        };
        // Who writes a plugin brings a version with each save; those that nobody runs any more go.
        plugins.retain(|_, loaded| loaded.as_ref().is_none_or(Plugin::is_shared));
        plugins.insert(digest.clone(), known.clone());
        Ok(known)
    }
}

/// What a campaign may look back on.
fn history(manifest: &Manifest, grants: &Grants) -> Option<HistoryWish> {
    let wish = manifest.campaign.as_ref()?.history.as_ref()?;
    let events = kinds_within(&wish.events, &grants.events);
    (!events.is_empty()).then_some(HistoryWish { events, limit: wish.limit })
}

/// The classes that a campaign may see: of what it asks for, as far as that is granted.
fn classes(manifest: &Manifest, granted: &Grants) -> Vec<FieldWish> {
    let wishes = manifest.campaign.iter().flat_map(CampaignSpec::class_wishes);
    let granted = wishes.flat_map(|FieldWish { name, purpose }| {
        let seen = classes_within(&[name], &granted.classes).into_iter();
        seen.map(move |name| FieldWish { name, purpose: purpose.clone() })
    });
    granted.collect()
}

/// Granted hosts; one that can no longer be read reaches nothing.
fn policy(unit: &Unit, open: &OpenSecrets) -> EgressPolicy {
    let hosts = granted_hosts(&unit.installation.grants.egress, &unit.installation.config);
    let secrets = open.0.iter().map(|(name, text)| (name.clone(), SecretText::new(text.as_str())));
    EgressPolicy::new(hosts, Arc::new(secrets.collect::<EgressSecrets>())).unwrap_or_default()
}

fn decoded(spec: &ConnectorSpec, open: &OpenSecrets) -> Secrets {
    let bytes = spec.secrets.iter().filter_map(|wish| {
        let text = open.0.get(&wish.name)?;
        // Checked when it was set; what no longer decodes is not there for the plugin.
        Some((wish.name.clone(), decode_secret(wish.format, text).ok()?))
    });
    Secrets::new(bytes)
}
