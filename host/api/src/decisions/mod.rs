//! Decision receipts: what was decided, why, and everything needed to decide it again.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod replay;

use guanxi_app::DecisionView;
use guanxi_domain::Millis;
use guanxi_domain::ids::{DecisionId, InstallationId, PersonId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::problem::{ApiResult, Problem};

/// What a campaign decided about one event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionBody {
    /// `dec_…`.
    #[schema(value_type = String)]
    pub id: DecisionId,
    /// About whom, `per_…`.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The event's place in the log.
    pub position: i64,
    /// Milliseconds since the epoch.
    pub at: Millis,
    /// `acted`, `refused`, `skipped` or `failed`.
    #[schema(example = "acted")]
    pub outcome: String,
    /// The installation's name.
    pub installation: String,
    /// `ins_…`.
    #[schema(value_type = String)]
    pub installation_id: InstallationId,
    /// The plugin that the installation has now.
    pub plugin: String,
    /// The version that the installation has now; `digest` names the one that decided.
    pub plugin_version: String,
    /// SHA-256 of the component that decided, lower-case hex.
    pub digest: String,
    /// What it asked for and what became of it.
    #[schema(value_type = Vec<Object>)]
    pub operations: Box<RawValue>,
    /// Why, or why not.
    #[schema(value_type = Vec<String>)]
    pub reasons: Box<RawValue>,
    /// Fuel that the decision took.
    pub fuel: u64,
    /// Whether it was made beside the one that took effect: nothing of what it asks for was done.
    pub shadow: bool,
}

impl DecisionBody {
    pub(crate) fn of(view: DecisionView) -> ApiResult<Self> {
        let row = view.row;
        Ok(Self {
            id: row.id,
            person: row.person,
            position: row.position,
            at: row.at,
            outcome: row.outcome,
            installation: view.installation,
            installation_id: row.installation,
            plugin: view.plugin.0,
            plugin_version: view.plugin.1,
            digest: row.digest,
            operations: stored(row.operations)?,
            reasons: stored(row.reasons)?,
            fuel: row.fuel,
            shadow: row.shadow,
        })
    }
}

/// JSON that the host stored, handed on as it is.
fn stored(json: String) -> ApiResult<Box<RawValue>> {
    RawValue::from_string(json).map_err(|error| Problem::internal(&error))
}
