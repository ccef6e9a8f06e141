//! Compiled plugins on disk. Loading machine code runs it, so a file is trusted only if it carries a mark that only
//! this host can make; any other file is compiled anew and overwritten.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::{CacheOptions, RuntimeError};

const MARK_BYTES: usize = 32;

/// A directory of files `<digest>-<engine>.cwasm`, each a mark followed by what wasmtime serialised.
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; 32],
    /// Differs between versions and settings of the engine, whose code does not mix.
    engine: u64,
    /// Tells the temporary files of concurrent writers apart.
    written: AtomicU64,
}

impl Cache {
    pub(crate) fn open(options: CacheOptions, engine: &Engine) -> Result<Self, RuntimeError> {
        std::fs::create_dir_all(&options.dir)
            .map_err(|source| RuntimeError::Cache { path: options.dir.display().to_string(), source })?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { dir: options.dir, key: options.key, engine: hasher.finish(), written: AtomicU64::new(0) })
    }

    /// The compiled component, if it is there, whole and ours.
    pub(crate) fn get(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        let file = std::fs::read(&path).ok()?;
        let compiled = self.verified(digest, &file);
        if compiled.is_none() {
            tracing::warn!(path = %path.display(), "compiled plugin is not authentic, compiling it again");
        }
        #[expect(unsafe_code, reason = "the mark proves that this host serialised these bytes with this key")]
        let component = unsafe { Component::deserialize(engine, compiled?) };
        component
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "compiled plugin does not load"))
            .ok()
    }

    /// Keeps a compiled component. A full or read-only disk costs the next start some time, nothing else.
    pub(crate) fn put(&self, digest: &str, component: &Component) {
        let path = self.path(digest);
        let bytes = match component.serialize() {
            Ok(bytes) => bytes,
            Err(error) => return tracing::warn!(%error, "cannot serialise a compiled plugin"),
        };
        if let Err(error) = self.write(&path, digest, &bytes) {
            tracing::warn!(path = %path.display(), %error, "cannot keep a compiled plugin");
        }
    }

    /// Removes a compiled component.
    pub(crate) fn remove(&self, digest: &str) {
        let path = self.path(digest);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "cannot remove a compiled plugin"),
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{:016x}.cwasm", self.engine))
    }

    fn write(&self, path: &Path, digest: &str, bytes: &[u8]) -> std::io::Result<()> {
        let count = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
        let Some(mac) = self.mac(digest, bytes) else { return Ok(()) };
        let mut file = mac.finalize().into_bytes().to_vec();
        file.extend_from_slice(bytes);
        std::fs::write(&temporary, file)?;
        std::fs::rename(&temporary, path)
    }

    fn verified<'a>(&self, digest: &str, file: &'a [u8]) -> Option<&'a [u8]> {
        let (mark, bytes) = file.split_at_checked(MARK_BYTES)?;
        self.mac(digest, bytes)?.verify_slice(mark).ok()?;
        Some(bytes)
    }

    fn mac(&self, digest: &str, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).ok()?;
        mac.update(digest.as_bytes());
        mac.update(bytes);
        Some(mac)
    }
}
