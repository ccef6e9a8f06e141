//! `GET /api/v1/tenants/{tenant}/undelivered`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, UndeliveredGroup};
use guanxi_domain::Millis;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::message::MessageStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::StatusName;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// Messages that did not arrive, for the same reason over the same connector.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UndeliveredGroup)]
pub struct UndeliveredBody {
    /// The connector's installation, `ins_…`.
    #[schema(value_type = String)]
    pub connector: InstallationId,
    /// `failed`, `expired` or `uncertain`.
    #[schema(value_type = StatusName)]
    pub status: MessageStatus,
    /// The outcome class of their last try, such as `rejected`; the status of what was never tried.
    #[schema(example = "rejected")]
    pub outcome: String,
    /// How many.
    pub count: i64,
    /// When the last one ended, milliseconds since the epoch.
    pub last_at: Millis,
    /// Why, in the words of one of them.
    pub example: Option<String>,
}

/// Sum up what did not arrive
///
/// By connector and reason, the most first; of the newest 20,000 messages that ended without arriving.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/undelivered",
    tag = "messages",
    operation_id = "list_undelivered",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "Groups of messages", body = Page<UndeliveredBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<UndeliveredBody>>> {
    let groups = app.undelivered(&caller, &tenant).await?;
    Ok(Json(cursor::whole(groups, UndeliveredBody::from)))
}

impl From<UndeliveredGroup> for UndeliveredBody {
    fn from(group: UndeliveredGroup) -> Self {
        let UndeliveredGroup { connector, status, outcome, count, last_at, example } = group;
        Self { connector, status, outcome, count, last_at, example }
    }
}
