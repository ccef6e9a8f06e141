//! The machine: which programs it has, who we are, and how to get what is missing.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// The program's path, if it is on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

/// Whether we are root.
pub fn is_root() -> Result<bool> {
    Ok(process::read(Command::new("id").arg("-u"))? == "0")
}

/// Installs Debian packages if we may; otherwise says what to do.
pub fn install(packages: &[&str], what: &str) -> Result<()> {
    let list = packages.join(" ");
    if find("apt-get").is_none() || !is_root()? {
        bail!("{what} is missing: install it (on Debian and Ubuntu: `sudo apt-get install {list}`) and run this again");
    }
    println!("installing {list} for {what}");
    process::run(apt().args(["update", "--quiet"]))?;
    process::run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
        .with_context(|| format!("{what} could not be installed: install {list} and run this again"))
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
