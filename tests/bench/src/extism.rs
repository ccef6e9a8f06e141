//! The peer: the same campaign as an Extism plugin, in a package of its own (`tests/bench/extism`), because Extism brings
//! its own wasmtime and nobody else should have to build that.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::moments::{WELCOME_CONFIG, introduction};
use crate::surroundings::Surroundings;

/// Builds guest and host, runs them, and returns the p50 of a fresh plugin and one call, in microseconds.
pub fn measure(surroundings: &Surroundings) -> Result<f64> {
    let folder = surroundings.source.join("extism");
    let target = surroundings.output.join("extism");
    cargo(&folder.join("guest"), &target, &["build", "--release", "--target", "wasm32-unknown-unknown"])?;
    cargo(&folder, &target, &["build", "--release"])?;
    let input = serde_json::json!({ "config": WELCOME_CONFIG, "moment": introduction() }).to_string();
    let output = Command::new(target.join("release/guanxi-bench-extism"))
        .arg(target.join("wasm32-unknown-unknown/release/guanxi_bench_extism_guest.wasm"))
        .arg(input)
        .output()
        .context("cannot start the Extism peer")?;
    ensure!(output.status.success(), "the Extism peer failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?.trim().parse().context("the Extism peer prints microseconds")
}

fn cargo(folder: &std::path::Path, target: &std::path::Path, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).current_dir(folder).env("CARGO_TARGET_DIR", target).args(arguments).status()?;
    ensure!(status.success(), "cargo {} in {} failed", arguments.join(" "), folder.display());
    Ok(())
}
