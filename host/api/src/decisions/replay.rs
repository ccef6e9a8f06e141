//! `POST /api/v1/tenants/{tenant}/decisions/{id}/replay`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, Replay};
use guanxi_domain::ids::DecisionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// A decision executed again, beside what was kept of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replay)]
pub struct ReplayBody {
    /// `dec_…`.
    #[schema(value_type = String)]
    pub id: DecisionId,
    /// Whether answer and fuel are the same.
    pub same: bool,
    /// How many decisions were made by the same call, which are all executed again.
    pub moments: usize,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// SHA-256 of the configuration, lower-case hex.
    pub config_hash: String,
    /// The answer: SHA-256 of it then and now, lower-case hex.
    pub answer: ThenAndNow<String>,
    /// Fuel of the whole call.
    pub fuel: ThenAndNow<u64>,
    /// What the plugin asks for now, why, and what it would keep.
    #[schema(value_type = Option<Object>)]
    pub decision: Option<serde_json::Value>,
    /// Why there is no decision.
    pub failure: Option<String>,
    /// What the plugin logs now.
    #[schema(value_type = Vec<Object>)]
    pub log: serde_json::Value,
}

/// Something that must not change.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThenAndNow<T> {
    /// As the receipt has it.
    pub then: T,
    /// As it came out again.
    pub now: T,
}

/// Decide again
///
/// Calls the component that decided with the configuration and everything it saw then. Nothing else happens: nobody is told
/// and nothing is sent. `409` if what that takes is no longer there, such as after the person was forgotten.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/decisions/{id}/replay",
    tag = "decisions",
    operation_id = "replay_decision",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`dec_…`"),
    ),
    responses((status = 200, description = "Then and now", body = ReplayBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn replay(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, DecisionId)>,
) -> ApiResult<Json<ReplayBody>> {
    Ok(Json(app.replay_decision(&caller, &tenant, id).await?.into()))
}

impl From<Replay> for ReplayBody {
    fn from(replay: Replay) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (decision, failure) = match &replay.answer {
            Ok(decision) => (serde_json::to_value(decision).ok(), None),
            Err(failure) => (None, Some(failure.clone())),
        };
        Self {
            same: replay.is_same(),
            moments: replay.moments,
            answer: ThenAndNow { then: hex(&replay.call.answer), now: hex(&replay.answer_hash) },
            fuel: ThenAndNow { then: replay.call.fuel, now: replay.fuel },
            decision,
            failure,
            log: replay.log,
            id: replay.row.id,
            digest: replay.row.digest,
            config_hash: replay.row.config_hash,
        }
    }
}
