//! Puts the parts together as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use guanxi_app::{
    Admission, AdmittedPlugin, App, Appender, Decided, Door, Fetch, Forget, IngestLimits, Load, LoadedPlugin, Problem,
    Started,
};
use guanxi_channels::{AllowPrivate, Egress, EgressOptions};
use guanxi_domain::Millis;
use guanxi_domain::caller::Caller;
use guanxi_domain::campaign::Moment;
use guanxi_domain::connector::Outbound;
use guanxi_domain::ids::TokenId;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Manifest;
use guanxi_domain::scoring::{Column, Marks};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::Usage;
use guanxi_engine::{Engine, EngineOptions};
use guanxi_runtime::{CacheOptions, CallError, Plugin, Runtime, RuntimeOptions, Secrets};
use guanxi_store::{SchemaState, Store, StoreOptions};
use tokio::sync::Semaphore;
use tracing_subscriber::EnvFilter;

use crate::ambient;
use crate::config::Config;
use crate::keys;
use crate::registry::Registry;

/// The parts of one process.
pub struct Parts {
    pub app: App,
    pub appender: Appender,
    pub engine: Engine,
    pub store: Store,
}

/// Starts logging to standard error.
pub fn start_telemetry(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).with_context(|| format!("`{}` is no log filter", config.log))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if config.log_json { lines.json().try_init() } else { lines.try_init() };
    started.map_err(|error| anyhow::anyhow!("logging does not start: {error}"))
}

/// Opens the database, without changing anything in it.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
    Store::open(&config.database_url, &StoreOptions::default()).await.context("the database cannot be opened")
}

/// Opens the database, brings its schema up to date, and puts everything together.
pub async fn build(config: &Config) -> anyhow::Result<Parts> {
    let store = open_store(config).await?;
    if store.schema().await? == SchemaState::Behind {
        store.migrate().await.context("the database's schema cannot be brought up to date")?;
    }
    let ambient = ambient::of_this_machine()?;
    let vault = keys::vault(config, &ambient)?;
    let cache_key = keys::load_or_make(&config.data_dir.join("cache.key"), &ambient)?;
    let cache = CacheOptions { dir: config.data_dir.join("compiled"), key: cache_key };
    let options = RuntimeOptions { cache: Some(cache), drafts: config.draft_plugins, ..RuntimeOptions::default() };
    let runtime = Runtime::new(options)?;
    let exchange = Duration::from_secs(config.egress_timeout_seconds);
    let egress = Egress::new(EgressOptions {
        allow_private: AllowPrivate::parse(&config.egress_allow_private)?,
        allow_http: config.egress_allow_http,
        total_timeout: exchange,
        ..EgressOptions::default()
    })?;
    let limits = IngestLimits { backlog: config.backlog_max, ..IngestLimits::default() };
    let door = Door {
        admission: admission(runtime.clone()),
        fetch: fetch(Registry::new(config.registry_allow_http.clone())),
        load: load(runtime.clone()),
        forget: forget(runtime.clone()),
        unsigned: config.unsigned_plugins,
        drafts: config.draft_plugins,
    };
    let options = EngineOptions {
        exchange,
        receipt_bytes: config.receipt_bytes_max,
        exchanges: config.exchanges,
        ..EngineOptions::default()
    };
    let (app, appender) = App::new(store.clone(), ambient, vault, door, limits);
    if let Some(url) = &config.public_url {
        app.publish_at(url.clone());
    }
    let engine = Engine::new(app.clone(), runtime, egress, options);
    Ok(Parts { app, appender, engine, store })
}

/// Whoever has the database and its keys at hand is an operator.
pub fn local_operator() -> Caller {
    Caller { token: TokenId::from_uuid(uuid::Uuid::nil()), tenant: TenantId::OPERATOR, scopes: Vec::new() }
}

/// Fetches packages; what goes wrong is told to operators, who named the place.
fn fetch(registry: Registry) -> Fetch {
    Arc::new(move |reference: String| {
        let registry = registry.clone();
        Box::pin(async move {
            registry.pull(&reference).await.map_err(|error| Problem::new("reference", format!("{error:#}")))
        })
    })
}

/// A component, ready to be called as the engine calls it.
struct Loaded(Plugin);

impl LoadedPlugin for Loaded {
    fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    fn decide(&self, config: &str, moments: &[Moment]) -> Decided {
        let mut call = self.0.decide(config, moments, &CallLimits::default());
        let (answers, crashed) = (call.answers(moments.len()), call.result.is_err());
        let timed_out = call.result.as_ref().is_err_and(CallError::is_timeout);
        let log = serde_json::to_value(&call.log).unwrap_or_default();
        Decided { answers, crashed, timed_out, fuel: call.fuel, took: call.took, log }
    }

    fn send(&self, config: &str, message: &Outbound, secrets: Vec<(String, Vec<u8>)>) -> Started {
        let call = self.0.send(config, message, &Secrets::new(secrets), &CallLimits::default());
        let usage = Usage {
            calls: 1,
            items: 1,
            crashes: call.result.is_err().into(),
            timeouts: call.result.as_ref().is_err_and(CallError::is_timeout).into(),
            refusals: 0,
            fuel: call.fuel,
            micros: u64::try_from(call.took.as_micros()).unwrap_or(u64::MAX),
        };
        let step = match call.result {
            Ok(answer) => answer.map_err(|failure| failure.to_string()),
            Err(error) => Err(error.to_string()),
        };
        Started { step, usage }
    }

    fn score(&self, config: &str, columns: &[Column], people: usize, now: Millis) -> Marks {
        let rows = u32::try_from(people).unwrap_or(u32::MAX);
        let call = self.0.score(config, columns, rows, now, true, &CallLimits::default());
        let crashed = call.result.is_err();
        let micros = u64::try_from(call.took.as_micros()).unwrap_or(u64::MAX);
        let answer = match call.result {
            Ok(answer) => answer.map_err(|failure| failure.to_string()),
            Err(error) => Err(error.to_string()),
        };
        Marks { answer, crashed, fuel: call.fuel, micros }
    }
}

fn load(runtime: Runtime) -> Load {
    Arc::new(move |component: Vec<u8>| {
        let runtime = runtime.clone();
        Box::pin(async move {
            let loaded = tokio::task::spawn_blocking(move || runtime.load(&component)).await;
            let plugin = loaded.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            Ok(Arc::new(Loaded(plugin)) as Arc<dyn LoadedPlugin>)
        })
    })
}

fn forget(runtime: Runtime) -> Forget {
    Arc::new(move |digest: &str| runtime.forget(digest))
}

/// Checks uploads one at a time: compiling takes a core and much memory.
fn admission(runtime: Runtime) -> Admission {
    let turn = Arc::new(Semaphore::new(1));
    Arc::new(move |component: Vec<u8>| {
        let (runtime, turn) = (runtime.clone(), Arc::clone(&turn));
        Box::pin(async move {
            let broken = |problem: String| vec![Problem::new("component", problem)];
            let _turn = turn.acquire_owned().await.map_err(|error| broken(error.to_string()))?;
            let checked = tokio::task::spawn_blocking(move || {
                let admitted = runtime.admit(&component);
                (admitted, component)
            });
            let (admitted, component) = checked.await.map_err(|error| broken(error.to_string()))?;
            match admitted {
                Ok(admitted) => Ok(AdmittedPlugin {
                    component,
                    digest: admitted.digest,
                    manifest: admitted.manifest,
                    manifest_toml: admitted.manifest_toml,
                    report: serde_json::to_value(&admitted.report).map_err(|error| broken(error.to_string()))?,
                }),
                Err(refusal) => {
                    let told =
                        refusal.problems.into_iter().map(|p| Problem::new(p.at, format!("{}; {}", p.what, p.remedy)));
                    Err(told.collect())
                }
            }
        })
    })
}
