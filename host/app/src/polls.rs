//! Channels that must be asked: how far each was asked, asking at once, and where to go on. The engine asks; what comes of it
//! is kept here, events and cursor together.

use guanxi_domain::JsonMap;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::NewEvent;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::Mode;
use guanxi_domain::limits::POLL_CURSOR_BYTES_MAX;
use guanxi_domain::manifest::PollSpec;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{PollReset, PollRow, PolledPage, Scope as Rows};

use crate::{App, AppError, InstallationView};

/// The most characters of a reason.
const REASON_MAX: usize = 500;
/// The facet of connectors whose channel must be asked.
pub(crate) const POLL: &str = "connector-poll";
/// Kind of the events that tell who set where a channel is asked on.
pub const POLL_RESET: &str = "guanxi.poll-reset";

/// How far a channel was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PollView {
    /// Whether its installation is switched on.
    pub live: bool,
    /// Seconds from one time to the next while there is nothing new.
    pub every_seconds: u32,
    /// How far; nothing if it never was asked.
    pub row: Option<PollRow>,
}

impl InstallationView {
    /// Whether its component serves this optional part of the contract, such as `connector-poll`.
    pub fn serves(&self, facet: &str) -> bool {
        let facets = self.plugin.report.get("facets").and_then(serde_json::Value::as_array);
        facets.into_iter().flatten().any(|served| served.as_str() == Some(facet))
    }

    /// Whether its channel must be asked.
    pub fn polls(&self) -> bool {
        self.serves(POLL)
    }
}

impl App {
    /// How far the channel of an installation was asked.
    pub async fn poll_state(&self, caller: &Caller, slug: &str, name: &str) -> Result<PollView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        self.poll_view(caller, slug, tenant, name).await
    }

    /// Has the channel of an installation asked at once. Needs `manage`.
    pub async fn poll_now(&self, caller: &Caller, slug: &str, name: &str) -> Result<PollView, AppError> {
        let (tenant, id) = self.polled(caller, slug, name).await?;
        let now = self.ambient().now();
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.start_poll(tenant, id, now).await?;
        work.ask_poll(tenant, id, now).await?;
        work.commit().await?;
        self.signals().polled.notify_one();
        self.poll_view(caller, slug, tenant, name).await
    }

    /// Sets where the channel of an installation is asked on: at `cursor`, or from the beginning. What comes again is known by
    /// its key and not kept twice. Who did it and why stands in the log. Needs `manage`.
    pub async fn reset_poll(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        cursor: Option<&str>,
        reason: &str,
    ) -> Result<PollView, AppError> {
        let (tenant, id) = self.polled(caller, slug, name).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_MAX || reason.contains('\0') {
            return Err(AppError::invalid("reason", format!("say why, in 1 to {REASON_MAX} characters")));
        }
        if cursor.is_some_and(|cursor| cursor.len() > POLL_CURSOR_BYTES_MAX || cursor.contains('\0')) {
            return Err(AppError::invalid(
                "cursor",
                format!("has at most {POLL_CURSOR_BYTES_MAX} bytes and no zero byte"),
            ));
        }
        let now = self.ambient().now();
        let reset = PollReset { at: now, by: caller.token.to_string(), reason: reason.to_owned() };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.start_poll(tenant, id, now).await?;
        work.reset_poll(tenant, id, cursor, &reset).await?;
        work.commit().await?;
        let told = [("actor", reset.by.clone()), ("installation", name.to_owned()), ("reason", reset.reason)];
        let told: JsonMap = told.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        self.request(tenant, POLL_RESET, None, JsonMap::new(), &told).await?;
        self.signals().polled.notify_one();
        self.poll_view(caller, slug, tenant, name).await
    }

    /// Keeps a page: its events and where to go on, both or neither. How many of the events are new; nothing if the turn is
    /// over by now. `Overloaded` if more comes in than is worked off.
    pub async fn keep_page(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        events: &[NewEvent],
        page: PolledPage,
    ) -> Result<Option<i64>, AppError> {
        self.check_room(tenant)?;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let appended = work.append(tenant, events).await?;
        let new = appended.iter().filter(|appended| appended.position.is_some()).count();
        let new = i64::try_from(new).unwrap_or(i64::MAX);
        if !work.put_poll_page(tenant, installation, &PolledPage { events: new, ..page }).await? {
            return Ok(None);
        }
        work.commit().await?;
        if let Some(head) = appended.iter().filter_map(|appended| appended.position).max() {
            self.appended_up_to(tenant, head);
        }
        Ok(Some(new))
    }

    /// The installation whose channel must be asked, for somebody who may have it asked.
    async fn polled(&self, caller: &Caller, slug: &str, name: &str) -> Result<(TenantId, InstallationId), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let view = self.installation(caller, slug, name).await?;
        if !view.polls() {
            return Err(NOT_ASKED);
        }
        if view.installation.mode != Mode::Live {
            return Err(AppError::Conflict("this installation is switched off; switch it on first".to_owned()));
        }
        Ok((tenant, view.installation.id))
    }

    async fn poll_view(&self, caller: &Caller, slug: &str, tenant: TenantId, name: &str) -> Result<PollView, AppError> {
        let view = self.installation(caller, slug, name).await?;
        if !view.polls() {
            return Err(NOT_ASKED);
        }
        let row = self.store().read(Rows::Tenant(tenant)).await?.poll(tenant, view.installation.id).await?;
        let every_seconds = poll_spec(&view).every_seconds;
        Ok(PollView { live: view.installation.mode == Mode::Live, every_seconds, row })
    }
}

const NOT_ASKED: AppError = AppError::NotFound("channel that is asked");

fn poll_spec(view: &InstallationView) -> PollSpec {
    let spec = view.plugin.manifest.connector.as_ref().and_then(|spec| spec.poll.clone());
    spec.unwrap_or_default()
}
