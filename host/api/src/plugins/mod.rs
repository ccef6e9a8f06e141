//! The host's library of plugins.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod upload;

use guanxi_app::PluginView;
use guanxi_domain::Millis;
use guanxi_domain::manifest::Manifest;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One version of a plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginBody {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// Bytes of the component.
    pub size: i64,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// What it says of itself: its `plugin.toml`.
    #[schema(value_type = Object)]
    pub manifest: Manifest,
    /// What the check at the door found.
    #[schema(value_type = Object)]
    pub report: Value,
}

impl From<PluginView> for PluginBody {
    fn from(view: PluginView) -> Self {
        Self {
            name: view.manifest.name.clone(),
            version: view.manifest.version.clone(),
            digest: view.digest,
            size: view.size,
            created_at: view.created_at,
            manifest: view.manifest,
            report: view.report,
        }
    }
}
