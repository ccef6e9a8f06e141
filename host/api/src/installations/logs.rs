//! `GET /api/v1/tenants/{tenant}/installations/{name}/logs`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, LogPlace, LogRow};
use guanxi_domain::Millis;
use guanxi_domain::ids::{CallId, DecisionId, MessageId};
use guanxi_domain::plugin_log::{Asked, Level};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::{ApiResult, Problem};

const LIST: &str = "logs";

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// `debug`, `info`, `warn`, `error` or `crash`: lines that matter at least so much; all if not given.
    #[param(example = "warn")]
    pub level: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// A line that a plugin logged, or why a call of it came to nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginLogLine)]
pub struct LogLineBody {
    /// When the call was, milliseconds since the epoch.
    pub at: Millis,
    /// `debug`, `info`, `warn`, `error`, or `crash` if the host says why the call came to nothing.
    #[schema(example = "info")]
    pub level: &'static str,
    /// What it says.
    pub line: String,
    /// The call, `cal_…`: lines of the same call have the same.
    #[schema(value_type = String)]
    pub call: CallId,
    /// What the call was for: `decide`, `score` or `deliver`.
    #[schema(example = "decide")]
    pub asked: &'static str,
    /// The first decision that came of the call, `dec_…`; receipts of the others show the same lines.
    #[schema(value_type = Option<String>)]
    pub decision: Option<DecisionId>,
    /// The message that was to be delivered, `msg_…`.
    #[schema(value_type = Option<String>)]
    pub message: Option<MessageId>,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
}

/// List what an installation logged
///
/// Newest first. Lines are kept as long as receipts, and at most about the newest 10,000 of an installation.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/installations/{name}/logs",
    tag = "installations",
    operation_id = "list_installation_logs",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
        LogsQuery,
    ),
    responses((status = 200, description = "A page of lines", body = Page<LogLineBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Query(query): Query<LogsQuery>,
) -> ApiResult<Json<Page<LogLineBody>>> {
    let level = match query.level.as_deref() {
        None => Level::Debug,
        Some(word) => Level::parse(word)
            .ok_or_else(|| Problem::invalid("level", "is one of `debug`, `info`, `warn`, `error` and `crash`"))?,
    };
    let before = cursor::read::<(Millis, CallId, u32)>(LIST, query.cursor.as_deref())?;
    let before = before.map(|(at, call, number)| LogPlace { at, call, number });
    let size = cursor::page_size(query.limit);
    let lines = app.installation_logs(&caller, &tenant, &name, level, before, Some(size)).await?;
    let key = |last: &LogRow| (last.place.at, last.place.call, last.place.number);
    cursor::page(LIST, size, lines, key, |line| Ok(line.into())).map(Json)
}

impl From<LogRow> for LogLineBody {
    fn from(LogRow { place, level, line, digest, asked, message }: LogRow) -> Self {
        let decision = DecisionId::from_slice(place.call.as_bytes()).filter(|_| asked == Asked::Decide);
        Self {
            at: place.at,
            level: level.as_str(),
            line,
            call: place.call,
            asked: asked.as_str(),
            decision,
            message,
            digest,
        }
    }
}
