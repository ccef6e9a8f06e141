//! `POST /api/v1/tenants/{tenant}/installations/{name}/check-session`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, SessionCheck};
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// What asking a channel for a session came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionCheck)]
pub struct CheckBody {
    /// Whether the channel wants sessions at all; what follows is empty if not.
    pub wanted: bool,
    /// Whether there is a session now.
    pub ok: bool,
    /// When it ends, milliseconds since the epoch.
    pub expires_at: Option<Millis>,
    /// Why there is none, in the channel's words.
    pub problem: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: i64,
}

/// Get a session of a channel
///
/// As the next message would: one that is good already is not asked for again. The installation may be switched off. At most
/// 10 checks and test messages a minute and tenant.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/check-session",
    tag = "channels",
    operation_id = "check_session",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "What it came to", body = CheckBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn check(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<CheckBody>> {
    Ok(Json(app.check_session(&caller, &tenant, &name).await?.into()))
}

impl From<SessionCheck> for CheckBody {
    fn from(SessionCheck { wanted, expires_at, problem, took_ms }: SessionCheck) -> Self {
        Self { wanted, ok: wanted && problem.is_none(), expires_at, problem, took_ms }
    }
}
