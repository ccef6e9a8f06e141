//! `GET /api/v1/tenants/{tenant}/channels`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, ChannelView, Lack, SessionState};
use guanxi_domain::Millis;
use guanxi_domain::channel_health::Sums;
use guanxi_domain::ids::InstallationId;
use serde::Serialize;
use utoipa::ToSchema;

use super::callbacks::CallbackBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// One connector of a tenant with how its channel does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelBody {
    /// `ins_…`.
    #[schema(value_type = String)]
    pub id: InstallationId,
    /// The installation's name.
    pub name: String,
    /// The channel that it serves.
    pub channel: String,
    /// `off`, `quarantined`, `waits-for-session`, `paused`, `resting` or `live`.
    #[schema(example = "live")]
    pub state: &'static str,
    /// Until when it rests or pauses, milliseconds since the epoch.
    pub until: Option<Millis>,
    /// Why it does.
    pub reason: Option<String>,
    /// What keeps messages from leaving, in the order in which it is put right.
    pub lacks: Vec<LackBody>,
    /// Path of the address at which the channel calls back, below the host's own; `null` if it does not.
    #[schema(example = "/hooks/acme/wechat")]
    pub callback_path: Option<String>,
    /// Its session, if its channel ever wanted one.
    pub session: Option<SessionBody>,
    /// How many messages wait, by class.
    pub waiting: BTreeMap<String, i64>,
    /// Whether more wait than the 10,000 that are counted.
    pub waiting_more: bool,
    /// What tries of the last hour came to.
    pub hour: SumsBody,
    /// And of the last day.
    pub day: SumsBody,
    /// The last message that did not arrive.
    pub last_failure: Option<FailureBody>,
    /// The last request of the channel that this process has seen.
    pub last_callback: Option<CallbackBody>,
}

/// Something that keeps messages from leaving.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelLack)]
pub struct LackBody {
    /// `secret`, `grant`, `allowance`, `approval`, `config` or `switched-off`.
    #[schema(example = "secret")]
    pub kind: &'static str,
    /// Which secret, grant, allowance or place of the configuration.
    pub name: Option<String>,
    /// What is wrong there.
    pub problem: Option<String>,
}

/// A session, without the token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelSession)]
pub struct SessionBody {
    /// When it ends, milliseconds since the epoch; `null` if there is none.
    pub expires_at: Option<Millis>,
    /// Why none was given the last time.
    pub problem: Option<String>,
}

/// What tries came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelSums)]
pub struct SumsBody {
    /// The channel took it.
    pub sent: i64,
    /// Given up.
    pub failed: i64,
    /// Not sent in time.
    pub expired: i64,
    /// Nobody knows whether it arrived.
    pub uncertain: i64,
    /// Tried again later.
    pub again: i64,
    /// Half of those sent took no longer, milliseconds, rounded up.
    pub median_ms: Option<i64>,
    /// Of a hundred sent one took longer.
    pub p99_ms: Option<i64>,
}

/// A message that did not arrive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelFailure)]
pub struct FailureBody {
    /// When it ended, milliseconds since the epoch.
    pub at: Millis,
    /// `failed`, `expired` or `uncertain`.
    pub status: &'static str,
    /// Why.
    pub reason: Option<String>,
}

/// List channels
///
/// Every connector of the tenant, by name.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/channels",
    tag = "channels",
    operation_id = "list_channels",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "All of them", body = Page<ChannelBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<ChannelBody>>> {
    let channels = app.channels(&caller, &tenant).await?;
    Ok(Json(cursor::whole(channels, |view| ChannelBody::of(view, &tenant))))
}

impl ChannelBody {
    fn of(view: ChannelView, tenant: &str) -> Self {
        let name = view.view.installation.name.clone();
        Self {
            id: view.view.installation.id,
            channel: view.spec().map(|spec| spec.channel.clone()).unwrap_or_default(),
            state: view.state.as_str(),
            until: view.until,
            reason: view.reason.clone(),
            lacks: view.lacks().into_iter().map(LackBody::from).collect(),
            callback_path: view.receives.then(|| format!("/hooks/{tenant}/{name}")),
            session: view.session.map(|SessionState { expires_at, problem, .. }| SessionBody { expires_at, problem }),
            waiting: view.waiting.into_iter().map(|(class, count)| (class.as_str().to_owned(), count)).collect(),
            waiting_more: view.waiting_more,
            hour: view.hour.into(),
            day: view.day.into(),
            last_failure: view.last_failure.map(|last| FailureBody {
                at: last.at,
                status: last.status.as_str(),
                reason: last.reason,
            }),
            last_callback: view.last_callback.map(CallbackBody::from),
            name,
        }
    }
}

impl From<Lack> for LackBody {
    fn from(lack: Lack) -> Self {
        let named = |kind, name| Self { kind, name: Some(name), problem: None };
        match lack {
            Lack::Secret(name) => named("secret", name),
            Lack::Grant(name) => named("grant", name),
            Lack::Allowance(name) => named("allowance", name),
            Lack::Config(name, problem) => Self { problem: Some(problem), ..named("config", name) },
            Lack::Approval => Self { kind: "approval", name: None, problem: None },
            Lack::SwitchedOff => Self { kind: "switched-off", name: None, problem: None },
        }
    }
}

impl From<Sums> for SumsBody {
    fn from(Sums { sent, failed, expired, uncertain, again, median_ms, p99_ms }: Sums) -> Self {
        Self { sent, failed, expired, uncertain, again, median_ms, p99_ms }
    }
}
