//! Backtests: what would have been, had another version or configuration decided, or scored.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod start;
pub(crate) mod stop;

use guanxi_domain::Millis;
use guanxi_domain::backtest::{Backtest, BacktestKind, BacktestStatus, ScoresSpec};
use guanxi_domain::ids::BacktestId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One backtest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backtest)]
pub struct BacktestBody {
    /// `btt_…`.
    #[schema(value_type = String)]
    pub id: BacktestId,
    /// What is compared: `campaign`, or `scorer`.
    #[schema(value_type = String, example = "campaign")]
    pub kind: BacktestKind,
    /// The installation whose decisions or scores are looked at.
    pub installation: String,
    /// The plugin that decides.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// Its configuration, with defaults.
    #[schema(value_type = Object)]
    pub config: Value,
    /// Decisions about events that were received from then on, milliseconds since the epoch,
    pub from: Millis,
    /// and before then. Of a scorer both are when it was asked for.
    pub to: Millis,
    /// Of a scorer, what its scores are compared with: `version`, `digest` and `config` that the installation ran, and of how many
    /// `people` at most.
    #[schema(value_type = Option<Object>)]
    pub against: Option<ScoresSpec>,
    /// `waiting`, `running`, `done`, `stopped` or `failed`.
    #[schema(value_type = String, example = "running")]
    pub status: BacktestStatus,
    /// How much of the time or of the people was looked at, 0 to 1.
    pub progress: f64,
    /// The token that asked, `tok_…`.
    pub requested_by: String,
    /// When, milliseconds since the epoch.
    pub requested_at: Millis,
    /// When it was done, stopped or failed.
    pub ended_at: Option<Millis>,
    /// Why it failed.
    pub error: Option<String>,
    /// What was found so far: `decisions` compared, `differ`, `missing` receipts without input, sums `before` and `after`, people
    /// `gained` and `lost`, what the version asks for and the moments do not have (`unseen`), and `samples` side by side; of a
    /// scorer how scores move (`shift`).
    #[schema(value_type = Object)]
    pub difference: Value,
}

impl From<Backtest> for BacktestBody {
    fn from(backtest: Backtest) -> Self {
        let Backtest { spec, .. } = backtest;
        Self {
            id: backtest.id,
            kind: spec.kind(),
            installation: spec.installation,
            plugin: spec.plugin,
            version: spec.version,
            digest: spec.digest,
            config: spec.config,
            from: spec.from,
            to: spec.to,
            against: spec.scores,
            status: backtest.status,
            progress: backtest.progress,
            requested_by: backtest.requested_by,
            requested_at: backtest.requested_at,
            ended_at: backtest.ended_at,
            error: backtest.error,
            difference: serde_json::to_value(&backtest.difference).unwrap_or_default(),
        }
    }
}
