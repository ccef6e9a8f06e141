//! Candidates: what decides beside what an installation runs.

pub(crate) mod get;
pub(crate) mod promote;
pub(crate) mod put;
pub(crate) mod stop;

use guanxi_domain::Millis;
use guanxi_domain::candidate::{Candidate, CandidateStatus, Guard};
use guanxi_domain::ids::{CandidateId, DecisionId, InstallationId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::installations::grants::GrantLists;

/// The latest candidate of an installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
pub struct CandidateBody {
    /// `cnd_…`.
    #[schema(value_type = String)]
    pub id: CandidateId,
    /// Beside what it stands, `ins_…`.
    #[schema(value_type = String)]
    pub installation: InstallationId,
    /// Its version of the plugin.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// Its configuration, with defaults.
    #[schema(value_type = Object)]
    pub config: Value,
    /// What it may do.
    pub grants: GrantLists,
    /// Of a hundred people, for how many it decides with effect.
    #[schema(maximum = 100)]
    pub percent: u8,
    /// What it may not exceed.
    pub guard: GuardBody,
    /// `running`, `stopped`, `promoted` or `fell-back`.
    #[schema(value_type = String, example = "running")]
    pub status: CandidateStatus,
    /// Why it fell back.
    pub reason: Option<String>,
    /// The token that asked, `tok_…`.
    pub started_by: String,
    /// When, milliseconds since the epoch.
    pub started_at: Millis,
    /// When it was stopped, promoted or fell back.
    pub ended_at: Option<Millis>,
    /// What was seen so far: `decisions` about which it decided `effective`ly, that `differ` and on which it `crashed`, sums
    /// `before` (what the installation runs) and `after` (the candidate), and `fuel_p99` of both lately.
    #[schema(value_type = Object)]
    pub evidence: Value,
    /// Receipts of the latest decisions that differ, the newest first.
    #[schema(value_type = Vec<String>)]
    pub differing: Vec<DecisionId>,
}

/// What a candidate may not exceed; else the host takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Guard)]
#[serde(default, deny_unknown_fields)]
pub struct GuardBody {
    /// Of its latest decisions the part that crashes, 0 to 1; up to two crashes are forgiven.
    #[schema(default = 0.01)]
    pub crashes: f64,
    /// Its fuel at the 99th percentile, as a multiple of the other's, 1 to 1000.
    #[schema(default = 4.0)]
    pub fuel: f64,
    /// Of its latest decisions the part that asks for something else, 0 to 1.
    #[schema(default = 0.5)]
    pub divergence: f64,
}

impl Default for GuardBody {
    fn default() -> Self {
        Guard::default().into()
    }
}

impl From<Guard> for GuardBody {
    fn from(Guard { crashes, fuel, divergence }: Guard) -> Self {
        Self { crashes, fuel, divergence }
    }
}

impl From<GuardBody> for Guard {
    fn from(GuardBody { crashes, fuel, divergence }: GuardBody) -> Self {
        Self { crashes, fuel, divergence }
    }
}

impl From<Candidate> for CandidateBody {
    fn from(candidate: Candidate) -> Self {
        let Candidate { spec, evidence, .. } = candidate;
        let [before, after] = evidence.fuel_p99();
        Self {
            id: candidate.id,
            installation: candidate.installation,
            version: spec.version,
            digest: spec.digest,
            config: spec.config,
            grants: spec.grants.into(),
            percent: candidate.percent,
            guard: candidate.guard.into(),
            status: candidate.status,
            reason: candidate.reason,
            started_by: candidate.started_by,
            started_at: candidate.started_at,
            ended_at: candidate.ended_at,
            evidence: json!({
                "decisions": evidence.decisions, "effective": evidence.effective, "differ": evidence.differ,
                "crashed": evidence.crashed, "before": evidence.before, "after": evidence.after,
                "fuel_p99": {"before": before, "after": after},
            }),
            differing: evidence.differing,
        }
    }
}
