//! The real programs that the tests drive Guanxi with: a browser, a registry, and clients from Python's and Node's registries in
//! pinned versions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;
use crate::{process, system};

const CHROMIUM: &str = "GUANXI_TEST_CHROMIUM";
const REGISTRY: &str = "GUANXI_TEST_REGISTRY";
const NODE_MIN: u32 = 20;

/// Where they are.
pub struct Counterparts {
    /// A Python that has tests/requirements.txt.
    pub python: PathBuf,
    /// The directory with what tests/node/package.json names.
    pub node_modules: PathBuf,
    /// The browser.
    pub chromium: PathBuf,
    /// A registry of OCI images.
    pub registry: PathBuf,
}

impl Counterparts {
    /// Installs what is missing or out of date.
    pub fn ensure(workspace: &Workspace) -> Result<Self> {
        Ok(Self {
            python: python(workspace)?,
            node_modules: node_modules(workspace)?,
            chromium: program(CHROMIUM, "chromium", &["chromium-browser", "google-chrome"], "Chromium")?,
            registry: program(REGISTRY, "docker-registry", &[], "The registry of OCI images")?,
        })
    }
}

/// A program that the variable names, or one on PATH; `name` is its package's name, too.
fn program(variable: &str, name: &str, other_names: &[&str], what: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    let find = || system::find(name).or_else(|| other_names.iter().find_map(|name| system::find(name)));
    if find().is_none() {
        system::install(&[name], what)?;
    }
    find().with_context(|| format!("{what} is not on PATH: install it or set {variable} to its path"))
}

fn python(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.root.join("tests/requirements.txt");
    let environment = workspace.target.join("venv");
    let python = environment.join("bin/python");
    let stamp = Stamp::new(&environment, &[&requirements])?;
    if stamp.holds() && python.is_file() {
        return Ok(python);
    }
    let has_venv = |python: &Path| process::read(Command::new(python).args(["-c", "import ensurepip, venv"])).is_ok();
    if !system::find("python3").is_some_and(|python| has_venv(&python)) {
        system::install(&["python3", "python3-venv"], "Python with venv")?;
    }
    println!("installing Python packages into {}", environment.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    process::run(pip.arg(&requirements))?;
    process::read(Command::new(&python).args(["-m", "pip", "check"]))
        .context("tests/requirements.txt is incomplete")?;
    stamp.write()?;
    Ok(python)
}

fn node_modules(workspace: &Workspace) -> Result<PathBuf> {
    let source = workspace.root.join("tests/node");
    let files = [source.join("package.json"), source.join("package-lock.json")];
    let directory = workspace.target.join("node");
    let modules = directory.join("node_modules");
    let [package, lock] = &files;
    let stamp = Stamp::new(&directory, &[package, lock])?;
    if stamp.holds() && modules.is_dir() {
        return Ok(modules);
    }
    ensure_node()?;
    println!("installing Node packages into {}", modules.display());
    fs::create_dir_all(&directory)?;
    for file in &files {
        let name = file.file_name().context("a package file without a name")?;
        fs::copy(file, directory.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
    process::run(npm.current_dir(&directory))?;
    stamp.write()?;
    Ok(modules)
}

fn ensure_node() -> Result<()> {
    if system::find("node").is_none() || system::find("npm").is_none() {
        system::install(&["nodejs", "npm"], "Node with npm")?;
    }
    let version = process::read(Command::new("node").arg("--version"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= NODE_MIN),
        "Node {version} is too old for the tests: put Node {NODE_MIN} or newer on PATH and run this again"
    );
    Ok(())
}

/// Remembers, beside what was installed, from which files it was.
struct Stamp {
    path: PathBuf,
    content: String,
}

impl Stamp {
    fn new(directory: &Path, sources: &[&Path]) -> Result<Self> {
        let read =
            |source: &&Path| fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()));
        let content = sources.iter().map(read).collect::<Result<Vec<_>>>()?.concat();
        Ok(Self { path: directory.join("installed-from"), content })
    }

    fn holds(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|content| content == self.content)
    }

    fn write(&self) -> Result<()> {
        ensure!(self.path.parent().is_some_and(Path::is_dir), "nothing was installed");
        fs::write(&self.path, &self.content).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
