//! The host's library of plugins.

pub(crate) mod allowance;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod pull;
pub(crate) mod upload;
pub(crate) mod yank;

use guanxi_app::{AppError, PluginView, YankRow};
use guanxi_domain::Millis;
use guanxi_domain::manifest::Manifest;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Characters of a refusal that are logged.
const REFUSAL_MAX: usize = 2_000;

/// Logs what was turned away at the door and why; whoever brought it gets the whole report.
fn refused(from: &str, error: &AppError) {
    if let AppError::Invalid(problems) = error {
        let problems: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.at, p.problem)).collect();
        let problems: String = problems.join("; ").chars().take(REFUSAL_MAX).collect();
        tracing::warn!(from, problems, "a package was refused at the door");
    }
}

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
    /// Whose it is; `null` if it came unsigned.
    pub publisher: Option<String>,
    /// The public key that signed it, `ed25519:` and base64; `null` if it came unsigned or with Guanxi.
    pub signer: Option<String>,
    /// Where it came from: `bundled`, `upload`, or a place in a registry with a digest.
    pub source: String,
    /// When and why it was taken back; `null` while it is offered.
    pub yanked: Option<YankBody>,
    /// Why this host does not run it, such as a draft of the contract where none are let in; `null` if it does.
    pub unsupported: Option<String>,
}

/// A version that was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Yank)]
pub struct YankBody {
    /// Milliseconds since the epoch.
    pub at: Millis,
    /// Why, in words.
    pub reason: String,
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
            publisher: view.publisher,
            signer: view.signer,
            source: view.source,
            yanked: view.yanked.map(|YankRow { at, reason }| YankBody { at, reason }),
            unsupported: view.unsupported,
        }
    }
}
