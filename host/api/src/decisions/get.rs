//! `GET /api/v1/tenants/{tenant}/decisions/{id}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, DecisionView};
use guanxi_domain::ids::DecisionId;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{DecisionBody, stored};
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// A decision with everything needed to decide it again.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionDetail {
    /// What lists show, too.
    #[serde(flatten)]
    pub decision: DecisionBody,
    /// What the plugin saw.
    #[schema(value_type = Object)]
    pub input: Box<RawValue>,
    /// What the plugin logged.
    #[schema(value_type = Vec<Object>)]
    pub log: Box<RawValue>,
    /// SHA-256 of the configuration that was in force.
    pub config_hash: String,
    /// The only randomness there was: an unsigned 64-bit number, as text because JSON readers round it.
    pub seed: String,
}

/// Show a decision
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/decisions/{id}",
    tag = "decisions",
    operation_id = "get_decision",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`dec_…`"),
    ),
    responses((status = 200, description = "The receipt", body = DecisionDetail)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, DecisionId)>,
) -> ApiResult<Json<DecisionDetail>> {
    DecisionDetail::of(app.decision(&caller, &tenant, id).await?).map(Json)
}

impl DecisionDetail {
    fn of(mut view: DecisionView) -> ApiResult<Self> {
        Ok(Self {
            input: stored(std::mem::take(&mut view.row.input))?,
            log: stored(std::mem::take(&mut view.row.log))?,
            config_hash: std::mem::take(&mut view.row.config_hash),
            seed: view.row.seed.to_string(),
            decision: DecisionBody::of(view)?,
        })
    }
}
