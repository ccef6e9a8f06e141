//! `GET /api/v1/tenants/{tenant}/installations/{name}/callbacks`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, SeenCallback};
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// A request of a channel, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelCallback)]
pub struct CallbackBody {
    /// When it came, milliseconds since the epoch.
    pub at: Millis,
    /// `GET` or `POST`.
    pub method: String,
    /// `taken`, `refused` by the connector, or `unable`: the connector could not say anything.
    #[schema(example = "refused")]
    pub outcome: &'static str,
    /// The status that the connector answered with, if it took it.
    pub status: Option<u16>,
    /// Why it was not taken.
    #[schema(example = "the signature is missing or wrong")]
    pub reason: Option<String>,
}

/// List what a channel sent lately
///
/// The last 20 requests to this installation that the answering process has seen since it started, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}/callbacks",
    tag = "channels",
    operation_id = "list_callbacks",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    responses((status = 200, description = "All of them", body = Page<CallbackBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<Json<Page<CallbackBody>>> {
    let seen = app.seen_callbacks(&caller, &tenant, &name).await?;
    Ok(Json(cursor::whole(seen, CallbackBody::from)))
}

impl From<SeenCallback> for CallbackBody {
    fn from(SeenCallback { at, method, outcome, status, reason }: SeenCallback) -> Self {
        Self { at, method, outcome: outcome.as_str(), status, reason }
    }
}
