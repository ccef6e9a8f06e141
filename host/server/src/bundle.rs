//! The first-party plugins that this binary carries.

use anyhow::{Context, ensure};
use guanxi_app::{App, AppError};
use guanxi_domain::caller::Caller;

include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Puts the plugins that this binary carries into the host's library; those that are there already are left alone.
pub async fn upload(app: &App, operator: &Caller) -> anyhow::Result<()> {
    let known = app.plugins(operator).await?;
    for component in PLUGINS {
        let digest = guanxi_package::digest(component);
        if known.iter().any(|plugin| plugin.digest == digest && plugin.publisher.is_some()) {
            continue;
        }
        match app.bundle_plugin(operator, component.to_vec()).await {
            Ok(plugin) => {
                tracing::info!(plugin = %plugin.manifest.name, version = %plugin.manifest.version, "added to the library")
            }
            Err(AppError::Conflict(reason)) => {
                let manifest = guanxi_package::manifest(component).context("a bundled plugin is unreadable")?;
                tracing::warn!(plugin = %manifest.name, reason, "the library keeps what it has under this name");
            }
            Err(error) => return Err(error).context("a bundled plugin is refused"),
        }
    }
    Ok(())
}

/// The version of a plugin that this binary carries.
pub fn version(name: &str) -> anyhow::Result<String> {
    for component in PLUGINS {
        let manifest = guanxi_package::manifest(component)?;
        if manifest.name == name {
            return Ok(manifest.version);
        }
    }
    ensure!(
        !PLUGINS.is_empty(),
        "this binary was built without the first-party plugins; build it with `cargo xtask build`"
    );
    anyhow::bail!("this binary carries no plugin called `{name}`")
}
