//! Where things are: the checkout, the target directory and the packages in it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};

/// The checkout as cargo sees it.
pub struct Workspace {
    /// The checkout.
    pub root: PathBuf,
    /// Where build products go: `CARGO_TARGET_DIR` or `./target`.
    pub target: PathBuf,
    /// The members.
    pub packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo cannot read the workspace")?;
        Ok(Self {
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
            packages: metadata.packages,
        })
    }

    /// The member's folder, relative to the checkout.
    pub fn folder<'a>(&self, package: &'a Package) -> &'a Path {
        let manifest = package.manifest_path.as_std_path();
        let folder = manifest.parent().unwrap_or(manifest);
        folder.strip_prefix(&self.root).unwrap_or(folder)
    }

    /// The members below a folder, such as `plugins`.
    pub fn members_under(&self, folder: &str) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| self.folder(package).starts_with(folder))
    }

    /// Cargo, in the checkout. Every call names the bundle and none tells of this program, so that no two build the server
    /// differently, whoever starts them.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).env("GUANXI_BUNDLE", self.target.join("plugins"));
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// The directory of binaries of a profile.
    pub fn binaries(&self, release: bool) -> PathBuf {
        self.target.join(if release { "release" } else { "debug" })
    }
}
