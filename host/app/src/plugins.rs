//! The host's library of plugins: uploaded by operators, checked at the door, seen by everybody.

use std::sync::Arc;

use futures::future::BoxFuture;
use guanxi_domain::caller::Caller;
use guanxi_domain::limits::{COMPONENT_BYTES_MAX, PAGE_MAX};
use guanxi_domain::manifest::Manifest;
use guanxi_store::{PluginRow, Scope as Rows};

use crate::{App, AppError, Problem};

/// Checks a component; handed in by the binary, which knows the runtime.
pub type Admission = Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Result<AdmittedPlugin, Vec<Problem>>> + Send + Sync>;

/// A component that passed the check.
#[derive(Debug, Clone)]
pub struct AdmittedPlugin {
    /// The component itself.
    pub component: Vec<u8>,
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The same as it was written.
    pub manifest_toml: String,
    /// The admission report, a JSON object.
    pub report: serde_json::Value,
}

/// One version of one plugin.
#[derive(Debug, Clone)]
pub struct PluginView {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// The admission report, a JSON object.
    pub report: serde_json::Value,
    /// Bytes.
    pub size: i64,
    /// When it was uploaded.
    pub created_at: guanxi_domain::Millis,
}

impl App {
    /// Takes a component into the library. Operators only. The same bytes twice change nothing; other bytes under a
    /// version that is taken are refused.
    pub async fn upload_plugin(&self, caller: &Caller, component: Vec<u8>) -> Result<PluginView, AppError> {
        self.operator(caller)?;
        if component.len() > COMPONENT_BYTES_MAX {
            return Err(AppError::TooLarge(format!("a component has at most {COMPONENT_BYTES_MAX} bytes")));
        }
        let admitted = (self.inner.admission)(component).await.map_err(AppError::Invalid)?;
        let row = PluginRow {
            name: admitted.manifest.name.clone(),
            version: admitted.manifest.version.clone(),
            digest: admitted.digest.clone(),
            manifest: admitted.manifest_toml,
            report: admitted.report.to_string(),
            size: i64::try_from(admitted.component.len()).unwrap_or(i64::MAX),
            created_at: self.ambient().now(),
        };
        let mut work = self.store().begin(Rows::Host).await?;
        work.insert_plugin(&row, &admitted.component).await?;
        work.commit().await?;
        view(row)
    }

    /// Every version of every plugin, newest first, at most a page.
    pub async fn plugins(&self, _caller: &Caller) -> Result<Vec<PluginView>, AppError> {
        let rows = self.store().read(Rows::Host).await?.plugins(PAGE_MAX).await?;
        rows.into_iter().map(view).collect()
    }

    /// One version of a plugin; the newest if `version` is not given.
    pub async fn plugin(&self, _caller: &Caller, name: &str, version: Option<&str>) -> Result<PluginView, AppError> {
        let mut work = self.store().read(Rows::Host).await?;
        let row = match version {
            Some(version) => work.plugin(name, version).await?,
            None => work.latest_plugin(name).await?,
        };
        view(row.ok_or(AppError::NotFound("plugin version"))?)
    }
}

fn view(row: PluginRow) -> Result<PluginView, AppError> {
    Ok(PluginView {
        manifest: Manifest::parse(&row.manifest).map_err(AppError::internal)?,
        digest: row.digest,
        report: serde_json::from_str(&row.report).map_err(AppError::internal)?,
        size: row.size,
        created_at: row.created_at,
    })
}
