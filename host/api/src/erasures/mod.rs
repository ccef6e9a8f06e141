//! Forgetting people. What is told of an erasure are ids that lead to nothing.

pub(crate) mod erase;
pub(crate) mod get;
pub(crate) mod list;

use std::collections::BTreeMap;

use guanxi_domain::Millis;
use guanxi_domain::erasure::{Erasure, ErasureStatus};
use guanxi_domain::ids::{ErasureId, PersonId};
use serde::Serialize;
use utoipa::ToSchema;

/// That somebody is to be forgotten, or was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub struct ErasureBody {
    /// `era_…`
    #[schema(value_type = String)]
    pub id: ErasureId,
    /// Whom it was asked for, `per_…`.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// `waiting`, `running` or `done`. From `running` on nobody sees the person.
    #[schema(value_type = String, example = "done")]
    pub status: ErasureStatus,
    /// Why.
    pub reason: String,
    /// The token that asked, `tok_…`.
    pub requested_by: String,
    /// Milliseconds since the epoch.
    pub requested_at: Millis,
    /// When nothing was left.
    pub done_at: Option<Millis>,
    /// The person and everybody who was joined with them; empty while it waits.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
    /// How many rows of which tables were deleted or rewritten.
    pub rows: BTreeMap<String, u64>,
}

impl From<Erasure> for ErasureBody {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id,
            person: erasure.person,
            status: erasure.status,
            reason: erasure.report.reason,
            requested_by: erasure.requested_by,
            requested_at: erasure.requested_at,
            done_at: erasure.done_at,
            people: erasure.report.people,
            rows: erasure.report.rows,
        }
    }
}
