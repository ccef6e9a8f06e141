//! The runtime: one engine, one linker, one ticker, and the plugins that are loaded at the moment.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use guanxi_domain::contract;
use guanxi_domain::manifest::Manifest;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::guanxi::plugin as host;
use crate::cache::Cache;
use crate::engine::{Slots, Ticker, engine};
use crate::plugin::Prepared;
use crate::state::State;
use crate::{Plugin, RuntimeError, draft};

/// How a runtime is set up.
pub struct RuntimeOptions {
    /// Calls that may run at the same time; further ones wait.
    pub instances: u32,
    /// Where compiled plugins are kept between starts; nowhere if absent.
    pub cache: Option<CacheOptions>,
    /// Whether plugins for [drafts](guanxi_domain::contract::DRAFTS) of the contract are run.
    pub drafts: bool,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self { instances: 64, cache: None, drafts: false }
    }
}

/// Where compiled plugins are kept.
pub struct CacheOptions {
    /// A directory of this host alone; made if missing.
    pub dir: PathBuf,
    /// Authenticates what this host wrote there: a file with another key's mark is never run.
    pub key: [u8; 32],
}

/// Compiles and runs plugins; cheap to clone.
#[derive(Clone)]
pub struct Runtime(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) drafts: bool,
    cache: Option<Cache>,
    loaded: Mutex<HashMap<String, Weak<Prepared>>>,
}

/// What plugins need of the runtime during a call; lives as long as any of them.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) slots: Slots,
    _ticker: Ticker,
}

impl Runtime {
    /// Starts the engine and its ticker.
    pub fn new(options: RuntimeOptions) -> Result<Self, RuntimeError> {
        let instances = options.instances.max(1);
        let engine = engine(instances)?;
        let shared = Shared {
            linker: linker(&engine).map_err(|e| RuntimeError::Engine(e.into()))?,
            slots: Slots::new(instances),
            _ticker: Ticker::start(&engine)?,
            engine,
        };
        let cache = options.cache.map(|cache| Cache::open(cache, &shared.engine)).transpose()?;
        let (shared, drafts, loaded) = (Arc::new(shared), options.drafts, Mutex::default());
        Ok(Self(Arc::new(Inner { shared, drafts, cache, loaded })))
    }

    /// Loads a package that was admitted before, compiled from the cache if it is there. The same package is
    /// loaded once, however often it is asked for.
    pub fn load(&self, component: &[u8]) -> Result<Plugin, RuntimeError> {
        let digest = guanxi_package::digest(component);
        if let Some(prepared) = self.0.loaded().get(&digest).and_then(Weak::upgrade) {
            return Ok(Plugin(prepared));
        }
        let manifest = guanxi_package::manifest(component)?;
        contract::check(&manifest.contract, self.0.drafts)?;
        let compiled = self.compile(component, &digest)?;
        self.prepare(&compiled, manifest, digest)
    }

    /// Forgets the compiled form of a package that nobody loads any more; who has it goes on.
    pub fn forget(&self, digest: &str) {
        if let Some(cache) = &self.0.cache {
            cache.remove(digest);
        }
    }

    /// Links a compiled component and remembers it.
    pub(crate) fn prepare(
        &self,
        compiled: &Component,
        manifest: Manifest,
        digest: String,
    ) -> Result<Plugin, RuntimeError> {
        let prepared = Arc::new(Prepared::new(Arc::clone(&self.0.shared), compiled, manifest, digest.clone())?);
        let mut loaded = self.0.loaded();
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert(digest, Arc::downgrade(&prepared));
        Ok(Plugin(prepared))
    }

    /// Compiles a component, or takes the authenticated result of an earlier time.
    pub(crate) fn compile(&self, component: &[u8], digest: &str) -> Result<Component, RuntimeError> {
        let engine = &self.0.shared.engine;
        if let Some(compiled) = self.0.cache.as_ref().and_then(|cache| cache.get(engine, digest)) {
            return Ok(compiled);
        }
        let compiled = Component::from_binary(engine, component).map_err(|e| RuntimeError::Compile(e.into()))?;
        if let Some(cache) = &self.0.cache {
            cache.put(digest, &compiled);
        }
        Ok(compiled)
    }
}

impl Inner {
    fn loaded(&self) -> std::sync::MutexGuard<'_, HashMap<String, Weak<Prepared>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that a plugin of any track can import; no WASI.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    host::host::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    host::secrets::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    draft::add_to_linker(&mut linker)?;
    Ok(linker)
}
