//! Building plugins written in Rust: cargo for `wasm32-unknown-unknown`, then the package. Used by
//! `guanxi plugin build`, by the workspace's own tasks and by tests, so that all of them build the same bytes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::read;
use crate::{PackageError, embed};

const TARGET: &str = "wasm32-unknown-unknown";
/// The profile of a workspace that knows plugins; without it, `release` is used.
const PROFILE: &str = "plugin";

/// Whether a component of a crate says how its functions are called, which nothing but people needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As the profile of its workspace says: usually not.
    AsProfiled,
    /// In any case. What is computed stays the same.
    Kept,
}

/// One package that was built from source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The crate's directory.
    pub dir: PathBuf,
    /// The component with its manifest.
    pub package: Vec<u8>,
}

/// Builds the crate in `dir` and packages it with the `plugin.toml` beside its Cargo.toml.
pub fn build_crate(dir: &Path, target_dir: &Path, names: Names) -> Result<Vec<u8>, PackageError> {
    let built = built(dir, &[], target_dir, names)?;
    match built.into_iter().next_back() {
        Some(built) => Ok(built.package),
        None => Err(PackageError::NoArtifact(dir.display().to_string())),
    }
}

/// Builds several crates of the workspace around `dir` in one go; with none named, the crate in `dir`.
/// Every library of type `cdylib` among them becomes a package.
pub fn build_crates(dir: &Path, crates: &[&str], target_dir: &Path) -> Result<Vec<Built>, PackageError> {
    built(dir, crates, target_dir, Names::AsProfiled)
}

fn built(dir: &Path, crates: &[&str], target_dir: &Path, names: Names) -> Result<Vec<Built>, PackageError> {
    let messages = cargo_build(dir, crates, target_dir, names)?;
    let mut built = Vec::new();
    for line in messages.lines() {
        let Some(artifact) = serde_json::from_str(line).ok().and_then(Artifact::from_message) else { continue };
        let module = read(&artifact.wasm)?;
        let manifest = artifact.dir.join("plugin.toml");
        let text = String::from_utf8(read(&manifest)?).map_err(|_| PackageError::ManifestNotText)?;
        built.push(Built { package: embed(&module, &text)?, dir: artifact.dir });
    }
    if built.is_empty() {
        return Err(PackageError::NoArtifact(dir.display().to_string()));
    }
    Ok(built)
}

#[derive(serde::Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    target: Option<MessageTarget>,
}

#[derive(serde::Deserialize)]
struct MessageTarget {
    crate_types: Vec<String>,
}

struct Artifact {
    dir: PathBuf,
    wasm: PathBuf,
}

impl Artifact {
    fn from_message(message: Message) -> Option<Self> {
        if message.reason != "compiler-artifact" || !message.target?.crate_types.iter().any(|kind| kind == "cdylib") {
            return None;
        }
        let wasm = message.filenames.into_iter().find(|file| file.extension().is_some_and(|e| e == "wasm"))?;
        Some(Self { dir: message.manifest_path.parent()?.to_owned(), wasm })
    }
}

fn cargo_build(dir: &Path, crates: &[&str], target_dir: &Path, names: Names) -> Result<String, PackageError> {
    let mut command = cargo(dir);
    command.args(["build", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    let profile = if knows_profile(dir)? { PROFILE } else { "release" };
    command.arg("--profile").arg(profile);
    if names == Names::Kept {
        command.arg("--config").arg(format!("profile.{profile}.strip=false"));
    }
    command.arg("--target-dir").arg(target_dir);
    for name in crates {
        command.args(["-p", name]);
    }
    // Flags for the host's linker or coverage make no sense for plugins, and would change their bytes. Every host runs
    // 128-bit vectors, which is what columns are for.
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-Ctarget-feature=+simd128");
    let output = command.stdin(Stdio::null()).output().map_err(PackageError::NoCargo)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    if complaints.contains("target may not be installed") {
        return Err(PackageError::NoTarget);
    }
    Err(PackageError::Build(complaints))
}

fn knows_profile(dir: &Path) -> Result<bool, PackageError> {
    let output = cargo(dir)
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .map_err(PackageError::NoCargo)?;
    if !output.status.success() {
        return Err(PackageError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let root = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let text = String::from_utf8_lossy(&read(&root)?).into_owned();
    let table: toml::Table = toml::from_str(&text).map_err(|e| PackageError::Build(e.to_string()))?;
    Ok(table.get("profile").is_some_and(|profiles| profiles.get(PROFILE).is_some()))
}

fn cargo(dir: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(dir);
    command
}
