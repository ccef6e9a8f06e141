//! Channels as staff see them: how each does, what it still lacks, and what can be tried out on it.

mod errands;
mod seen;
mod trying;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::channel_health::{Sums, slot};
use guanxi_domain::channel_state::ChannelMood;
use guanxi_domain::grants::Grants;
use guanxi_domain::installation::Mode;
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::message::MessageClass;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use guanxi_store::{LastFailure, Scope as Rows, SessionRow, UndeliveredGroup, WAITING_COUNTED_MAX};

use crate::installations::checked_config;
use crate::{App, AppError, InstallationView};

pub use errands::{Errand, SentTest, SessionCheck, TestMessage};
pub use seen::{CallbackOutcome, SeenCallback};
pub use trying::{TestInput, TestReport};

/// An hour, milliseconds.
const HOUR: Millis = 3_600_000;
/// Checks and test messages of one tenant in [`TRIES_WINDOW`].
const TRIES_MAX: u32 = 10;
const TRIES_WINDOW: Duration = Duration::from_secs(60);

/// What staff try out, and what channels told lately.
pub(crate) struct Desk {
    errands: errands::Line,
    pub(crate) seen: seen::Seen,
    tries: moka::sync::Cache<TenantId, Arc<AtomicU32>>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let tries = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(TRIES_WINDOW).build();
        Self { errands: errands::Line::new(), seen: seen::Seen::default(), tries }
    }

    /// Counts a try of a tenant; channels count them, too, and what is sent costs.
    fn try_once(&self, tenant: TenantId) -> Result<(), AppError> {
        let tries = self.tries.get_with(tenant, Arc::default).fetch_add(1, Ordering::Relaxed);
        let wait = u32::try_from(TRIES_WINDOW.as_secs()).unwrap_or(u32::MAX);
        if tries < TRIES_MAX { Ok(()) } else { Err(AppError::Overloaded(wait)) }
    }
}

/// What a channel does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelStatus {
    /// Its connector is switched off.
    Off,
    /// Its connector is not called for a while because it crashed.
    Quarantined,
    /// It gave no session; messages wait.
    WaitsForSession,
    /// It asked for patience, or a quota is used up; messages wait.
    Paused,
    /// It failed several times in a row; messages wait until one of them finds that it works again.
    Resting,
    /// Messages leave.
    Live,
}

impl ChannelStatus {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Quarantined => "quarantined",
            Self::WaitsForSession => "waits-for-session",
            Self::Paused => "paused",
            Self::Resting => "resting",
            Self::Live => "live",
        }
    }
}

/// What a channel lacks until messages can leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A secret of this name is granted and not set.
    Secret(String),
    /// The plugin asks for this and the tenant does not grant it.
    Grant(String),
    /// The operator does not allow this.
    Allowance(String),
    /// A version waits for somebody's approval.
    Approval,
    /// The configuration does not fit its schema: where and why.
    Config(String, String),
    /// It is switched off.
    SwitchedOff,
}

/// One connector of a tenant.
#[derive(Debug, Clone)]
pub struct ChannelView {
    /// The installation with its plugin.
    pub view: InstallationView,
    /// What it does right now.
    pub state: ChannelStatus,
    /// Until when it rests or pauses, if that is known.
    pub until: Option<Millis>,
    /// Why it does.
    pub reason: Option<String>,
    /// Whether its channel wants a session.
    pub has_session: bool,
    /// Whether its channel calls back.
    pub receives: bool,
    /// Its session, if it ever wanted one; without the token.
    pub session: Option<SessionState>,
    /// How many messages wait, by class.
    pub waiting: Vec<(MessageClass, i64)>,
    /// Whether more wait than are counted.
    pub waiting_more: bool,
    /// What tries of the last hour came to.
    pub hour: Sums,
    /// And of the last day.
    pub day: Sums,
    /// The last message that did not arrive.
    pub last_failure: Option<LastFailure>,
    /// The last request of the channel that this process has seen.
    pub last_callback: Option<SeenCallback>,
}

/// A session without what it lets in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// When it ends; nothing if there is none.
    pub expires_at: Option<Millis>,
    /// Why none was given the last time.
    pub problem: Option<String>,
    /// Before this nobody asks again.
    pub retry_at: Millis,
}

impl App {
    /// The connectors of a tenant with how they do, by name. Needs `read`.
    pub async fn channels(&self, caller: &Caller, slug: &str) -> Result<Vec<ChannelView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let all = self.installations(caller, slug).await?;
        let mut channels = Vec::new();
        for view in all.into_iter().filter(|view| view.plugin.manifest.connector.is_some()) {
            channels.push(self.channel_of(tenant, view).await?);
        }
        Ok(channels)
    }

    /// One of them. Needs `read`.
    pub async fn channel(&self, caller: &Caller, slug: &str, name: &str) -> Result<ChannelView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let view = self.installation(caller, slug, name).await?;
        connector(&view)?;
        self.channel_of(tenant, view).await
    }

    /// What did not arrive, by connector and reason, the most first. Needs `read`.
    pub async fn undelivered(&self, caller: &Caller, slug: &str) -> Result<Vec<UndeliveredGroup>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.undelivered(tenant).await?)
    }

    async fn channel_of(&self, tenant: TenantId, view: InstallationView) -> Result<ChannelView, AppError> {
        let (now, id) = (self.ambient().now(), view.installation.id);
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let session = read.channel_session(tenant, id).await?.map(|row| SessionState::of(&row, &view, now));
        let waiting = read.waiting_for(tenant, id).await?;
        let hour = read.tries_since(tenant, id, slot(now - HOUR)).await?;
        let day = read.tries_since(tenant, id, slot(now - DAY)).await?;
        let last_failure = read.last_failure(tenant, id).await?;
        drop(read);
        let mood = view.channel.as_ref().map(|(state, seen)| state.mood(*seen));
        let state = if view.installation.mode == Mode::Off {
            ChannelStatus::Off
        } else if view.installation.health.is_quarantined(now) {
            ChannelStatus::Quarantined
        } else if session.as_ref().is_some_and(|session| session.problem.is_some()) {
            ChannelStatus::WaitsForSession
        } else {
            match mood {
                Some((ChannelMood::Resting | ChannelMood::Probing, _)) => ChannelStatus::Resting,
                Some((ChannelMood::Paused, _)) => ChannelStatus::Paused,
                Some((ChannelMood::Open, _)) | None => ChannelStatus::Live,
            }
        };
        let waits = matches!(state, ChannelStatus::Resting | ChannelStatus::Paused);
        Ok(ChannelView {
            state,
            until: mood.and_then(|(_, until)| until).filter(|_| waits),
            reason: view.channel.as_ref().and_then(|(state, _)| state.reason.clone()).filter(|_| waits),
            has_session: has_facet(&view, "connector-session"),
            receives: has_facet(&view, "connector-receive"),
            session,
            waiting_more: waiting.iter().map(|(_, count)| count).sum::<i64>() >= WAITING_COUNTED_MAX,
            waiting,
            hour: Sums::of(&hour),
            day: Sums::of(&day),
            last_failure,
            last_callback: self.inner.desk.seen.of(tenant, &view.installation.name).into_iter().next(),
            view,
        })
    }
}

impl SessionState {
    /// What was asked for another configuration counts no more.
    fn of(row: &SessionRow, view: &InstallationView, now: Millis) -> Self {
        let current = row.made_for == view.installation.updated_at;
        Self {
            expires_at: (current && row.token.is_some() && row.expires_at > now).then_some(row.expires_at),
            problem: row.problem.clone().filter(|_| current),
            retry_at: row.retry_at,
        }
    }
}

impl ChannelView {
    /// Everything that keeps messages from leaving, in the order in which it is put right.
    pub fn lacks(&self) -> Vec<Lack> {
        let (installation, manifest) = (&self.view.installation, &self.view.plugin.manifest);
        let mut lacks: Vec<Lack> = self.view.upgrade.iter().map(|_| Lack::Approval).collect();
        lacks.extend(self.view.withheld().into_iter().map(Lack::Grant));
        lacks.extend(self.view.forbidden().into_iter().map(Lack::Allowance));
        let wishes = manifest.connector.iter().flat_map(|spec| &spec.secrets);
        let unset = wishes.filter(|wish| !installation.secrets.contains(&wish.name));
        lacks.extend(unset.map(|wish| Lack::Secret(wish.name.clone())));
        let mut problems = Vec::new();
        checked_config(manifest, installation.config.clone(), &mut problems);
        lacks.extend(problems.into_iter().map(|problem| Lack::Config(problem.at, problem.problem)));
        if installation.mode == Mode::Off {
            lacks.push(Lack::SwitchedOff);
        }
        lacks
    }

    /// What its manifest says of it as a connector.
    pub fn spec(&self) -> Option<&ConnectorSpec> {
        self.view.plugin.manifest.connector.as_ref()
    }

    /// What it may do.
    pub fn allowed(&self) -> Grants {
        self.view.allowed()
    }
}

/// What the manifest of an installation says of it as a connector.
fn connector(view: &InstallationView) -> Result<&ConnectorSpec, AppError> {
    view.plugin.manifest.connector.as_ref().ok_or(AppError::NotFound("channel"))
}

/// Whether its component exports a facet, as the check at the door has found.
fn has_facet(view: &InstallationView, name: &str) -> bool {
    let facets = view.plugin.report.get("facets").and_then(serde_json::Value::as_array);
    facets.is_some_and(|facets| facets.iter().any(|facet| facet == name))
}
