//! Where the bench finds what `cargo xtask bench` prepared, and how large it measures.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use guanxi_runtime::{Plugin, Runtime};

/// What was prepared.
pub struct Surroundings {
    /// Folder of the first-party components.
    plugins: PathBuf,
    /// Folder of the tests' guests.
    guests: PathBuf,
    /// The server.
    pub binary: PathBuf,
    /// A PostgreSQL role that may create databases.
    pub postgres: String,
    /// Where the report and the databases under measurement go: a real disk, so that a commit costs what it costs.
    pub output: PathBuf,
    /// The bench's own folder in the checkout.
    pub source: PathBuf,
    /// Small sizes.
    pub quick: bool,
    /// Measure Extism, too.
    pub with_extism: bool,
}

impl Surroundings {
    /// Reads the environment.
    pub fn find(quick: bool, with_extism: bool) -> Result<Self> {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let root = source.parent().and_then(Path::parent).context("the bench lies two folders deep")?;
        let output = root.join("target/bench");
        std::fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
        Ok(Self {
            plugins: variable("GUANXI_TEST_PLUGINS")?.into(),
            guests: variable("GUANXI_TEST_GUESTS")?.into(),
            binary: variable("GUANXI_TEST_BINARY")?.into(),
            postgres: variable("GUANXI_TEST_DATABASE_URL")?,
            output,
            source,
            quick,
            with_extism,
        })
    }

    /// One size for a real run, another for a quick one.
    pub fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// The package of a first-party plugin.
    pub fn plugin(&self, name: &str) -> Result<Vec<u8>> {
        read(&self.plugins.join(format!("{name}.wasm")))
    }

    /// A first-party plugin, ready to be called.
    pub fn loaded(&self, runtime: &Runtime, name: &str) -> Result<Plugin> {
        Ok(runtime.load(&self.plugin(name)?)?)
    }

    /// The package of a guest of the tests.
    pub fn guest_package(&self, name: &str) -> Result<Vec<u8>> {
        read(&self.guests.join(format!("{name}.wasm")))
    }

    /// A hostile guest, ready to be called.
    pub fn guest(&self, runtime: &Runtime, name: &str) -> Result<Plugin> {
        Ok(runtime.load(&self.guest_package(name)?)?)
    }
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set; run `cargo xtask bench`"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
