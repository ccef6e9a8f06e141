//! Channels that must be asked. Each is asked by one process at a time, in turns of a few pages by a task of its own, so that a
//! slow provider delays only itself. A page's events and where to go on are kept in one transaction: what was asked for and
//! not kept is asked for again, and what comes twice is known by its key.

use std::sync::Arc;
use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::connector::{Outcome, Page, PollStep};
use guanxi_domain::event::{NewEvent, received};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::limits::{CONNECTOR_REQUESTS_MAX, POLL_PAGES_MAX};
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{PollEnd, PollRow, PolledPage, Scope as Rows};
use tokio_util::sync::CancellationToken;

use crate::Engine;
use crate::crew::Crew;
use crate::delivery::backoff;
use crate::fleet::{Passport, Unit};
use crate::talk::{Ended, Heard, Next, Said, Talk, Trouble};

/// Channels that are asked at the same time, of all tenants.
const TASKS_MAX: usize = 128;
/// Channels that are looked at; more than are asked, for some are busy.
const SEEN: u32 = 1_000;
/// How often to look for installations that are new.
const NEW: Duration = Duration::from_secs(5);
/// When to look again at what may not be called now.
const PAUSED: Millis = 30_000;
/// And at what this process does not know yet.
const UNKNOWN: Millis = 2_000;
/// How many exchanges long a lease is: those of a page, and time to keep it.
const LEASE_EXCHANGES: u32 = CONNECTOR_REQUESTS_MAX + 2;

type Channel = (TenantId, InstallationId);

/// How a poll ends: with a page, or with why there is none.
type Polled = Result<Page, Outcome>;

/// Starts a turn for every channel that is to be asked.
pub(crate) async fn supervise(engine: Engine, stop: CancellationToken) {
    let workers = Workers { engine, stop, crew: Crew::new(TASKS_MAX) };
    let mut look = tokio::time::interval(NEW);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if let Err(error) = workers.start_due().await {
            tracing::warn!(%error, "channels wait to be asked");
        }
        tokio::select! {
            () = workers.stop.cancelled() => break,
            _ = look.tick() => if let Err(error) = workers.take_up().await {
                tracing::warn!(%error, "new channels wait to be asked");
            },
            () = workers.engine.app.signals().polled.notified() => {}
            () = tokio::time::sleep(workers.engine.options.pause) => {}
        }
    }
    workers.crew.dismiss().await;
}

/// The tasks that ask channels.
struct Workers {
    engine: Engine,
    stop: CancellationToken,
    crew: Crew<Channel>,
}

impl Workers {
    /// Has installations asked whose component does so and that nobody knew.
    async fn take_up(&self) -> Result<(), AppError> {
        let (store, now) = (self.engine.app.store(), self.engine.app.ambient().now());
        let new = store.read(Rows::Host).await?.unasked_channels(SEEN).await?;
        for (tenant, installation) in new {
            let mut work = store.begin(Rows::Tenant(tenant)).await?;
            work.start_poll(tenant, installation, now).await?;
            work.commit().await?;
        }
        self.start_due().await
    }

    async fn start_due(&self) -> Result<(), AppError> {
        let now = self.engine.app.ambient().now();
        let due = self.engine.app.store().read(Rows::Host).await?.due_polls(now, SEEN).await?;
        due.into_iter().for_each(|channel| self.start(channel));
        Ok(())
    }

    fn start(&self, channel: Channel) {
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        let app = self.engine.app.clone();
        let work = async move { turn(&engine, channel, &stop).await };
        self.crew.start(channel, work, move |done| match done {
            // There is more, and others may have waited for the task.
            Ok(true) => app.signals().polled.notify_one(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(tenant = channel.0.0, installation = %channel.1, %error, "a channel waits to be asked")
            }
        });
    }
}

/// Asks a channel for a few pages; whether there is more at once.
async fn turn(engine: &Engine, (tenant, id): Channel, stop: &CancellationToken) -> Result<bool, AppError> {
    let now = engine.app.ambient().now();
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    let claimed = work.claim_poll(tenant, id, now, lease(engine, now)).await?;
    work.commit().await?;
    let Some(row) = claimed else { return Ok(false) };
    let units = engine.fleet.units(tenant).await?;
    let unit = units.iter().find(|unit| unit.installation.id == id && unit.plugin.polls());
    let spec = unit.and_then(|unit| Some((unit, unit.manifest().connector.as_ref()?)));
    let Some((unit, spec)) = spec else {
        // What this process has not loaded yet, or what no longer asks anybody.
        let unknown = Trouble::new("paused", "the installation is not loaded");
        let is_known = units.iter().any(|unit| unit.installation.id == id);
        let wait = if is_known { PAUSED } else { UNKNOWN };
        return end(engine, (tenant, id), &row, Err(unknown), wait).await;
    };
    if let Some(why) = unit.pause(now) {
        return end(engine, (tenant, id), &row, Err(Trouble::new("paused", why)), PAUSED).await;
    }
    let every = Millis::from(spec.poll.clone().unwrap_or_default().every_seconds) * 1_000;
    let passport = match engine.fleet.passport(tenant, unit, spec).await {
        Ok(passport) => passport,
        Err(error) => {
            return end(engine, (tenant, id), &row, Err(Trouble::new("failed", error.to_string())), every).await;
        }
    };
    let asking = Asking { engine, tenant, unit, spec, passport: &passport, lease: row.lease };
    let (came, row) = asking.pages(row, stop).await?;
    let more = matches!(came, Ok(true));
    let wait = if more { 0 } else { every };
    end(engine, (tenant, id), &row, came.map(drop), wait).await?;
    Ok(more)
}

fn lease(engine: &Engine, now: Millis) -> Millis {
    let lease = engine.options.exchange * LEASE_EXCHANGES;
    now.saturating_add(Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX / 2))
}

/// Writes down how a turn ended; `wait` is until the next after a good one. Never more at once.
async fn end(
    engine: &Engine,
    (tenant, id): Channel,
    row: &PollRow,
    came: Result<(), Trouble>,
    wait: Millis,
) -> Result<bool, AppError> {
    let ambient = engine.app.ambient();
    let now = ambient.now();
    let (due_at, failures, outcome, problem) = match came {
        // What could not be read of its events stands there already.
        Ok(()) => (now + wait, 0, "done", row.problem.clone()),
        Err(trouble) if trouble.class == "paused" => (now + wait, row.failures, trouble.class, Some(trouble.detail)),
        Err(trouble) => {
            let failures = row.failures.saturating_add(1);
            let waited = now + backoff::wait(failures, u32::from_le_bytes(ambient.bytes()));
            // A channel may ask for more patience, never for less.
            let due_at = trouble.again_at.map_or(waited, |at| at.max(waited));
            (due_at, failures, trouble.class, Some(trouble.detail))
        }
    };
    let end = PollEnd { lease: row.lease, due_at, failures, outcome: outcome.to_owned(), problem, now };
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    work.end_poll(tenant, id, &end).await?;
    work.commit().await?;
    Ok(false)
}

/// One turn of one channel.
struct Asking<'a> {
    engine: &'a Engine,
    tenant: TenantId,
    unit: &'a Arc<Unit>,
    spec: &'a ConnectorSpec,
    passport: &'a Passport,
    lease: i64,
}

impl Asking<'_> {
    /// Takes pages until there is nothing more, there are enough for a turn, or something is wrong; whether there is more,
    /// and how far it has come.
    async fn pages(
        &self,
        mut row: PollRow,
        stop: &CancellationToken,
    ) -> Result<(Result<bool, Trouble>, PollRow), AppError> {
        for _ in 0..POLL_PAGES_MAX {
            if stop.is_cancelled() {
                break;
            }
            let ended = self.ask(row.cursor.clone()).await;
            ended.keep(self.engine, self.unit, self.tenant).await?;
            let page = match ended.result {
                Ok(Ok(page)) => page,
                Ok(Err(outcome)) => return Ok((Err(Trouble::of(outcome, self.engine.app.ambient().now())), row)),
                Err(trouble) => return Ok((Err(trouble), row)),
            };
            let (more, told) = (page.more, page.events.len());
            let moves = page.cursor != row.cursor;
            let (events, unread) = self.read(page.events).await?;
            let now = self.engine.app.ambient().now();
            let cursor = page.cursor.clone();
            let lease_until = lease(self.engine, now);
            let page = PolledPage { lease: self.lease, cursor, events: 0, now, lease_until };
            let new = match self.engine.app.keep_page(self.tenant, row.installation, &events, page.clone()).await {
                Ok(Some(new)) => new,
                // Somebody else goes on from here.
                Ok(None) => return Ok((Ok(false), row)),
                Err(AppError::Overloaded(seconds)) => {
                    let again_at = Some(now + Millis::from(seconds) * 1_000);
                    let busy = Trouble::new("busy", "more comes in than is worked off");
                    return Ok((Err(Trouble { again_at, ..busy }), row));
                }
                Err(error) => return Err(error),
            };
            row = PollRow { cursor: page.cursor, failures: 0, problem: unread, ..row };
            if !more {
                return Ok((Ok(false), row));
            }
            if !moves && new == 0 {
                let why =
                    format!("the connector says that there is more and stays where it is, with {told} events known");
                return Ok((Err(Trouble::new("stuck", why)), row));
            }
        }
        Ok((Ok(true), row))
    }

    async fn ask(&self, cursor: Option<String>) -> Ended<Polled> {
        let Self { engine, tenant, unit, passport, .. } = *self;
        let (asked, secrets, limits) = (Arc::clone(unit), passport.secrets.clone(), engine.options.limits);
        let now = engine.app.ambient().now();
        let ask = move |heard: Heard| -> Said<Polled> {
            let (plugin, config) = (&asked.plugin, asked.config.as_str());
            let call = match heard {
                None => plugin.poll(config, cursor.as_deref(), now, &secrets, &limits),
                Some((continuation, response, at)) => {
                    plugin.resume_poll(config, &continuation, &response, at, &secrets, &limits)
                }
            };
            call.map(|said| {
                said.map(|step| match step {
                    PollStep::Perform { request, continuation } => Next::Perform(request, continuation),
                    PollStep::Done(page) => Next::Done(Ok(page)),
                    PollStep::Failed(outcome) => Next::Done(Err(outcome)),
                })
            })
        };
        let refused = |polled: &Polled| matches!(polled, Err(Outcome::RefreshSession));
        Talk { engine, tenant, unit, passport }.hold::<Polled>(Arc::new(ask), refused).await
    }

    /// The events of a page, ready for the log, and what is told of those that cannot be read: they are left out, so that one
    /// mistake of a connector does not keep everything that follows.
    async fn read(
        &self,
        told: Vec<guanxi_domain::connector::Received>,
    ) -> Result<(Vec<NewEvent>, Option<String>), AppError> {
        let app = &self.engine.app;
        let (settings, now) = (app.settings(self.tenant).await?, app.ambient().now());
        let gate = received::Gate {
            installation: self.unit.installation.id,
            channel: &self.spec.channel,
            region: settings.region.as_deref(),
        };
        let (mut events, mut unread, mut first) = (Vec::with_capacity(told.len()), 0_usize, None);
        for event in told {
            match received::read(event, gate, now, app.event_id()) {
                Ok(mut event) => {
                    settings.shape(&mut event.body);
                    events.push(event);
                }
                Err(bad) => {
                    unread += 1;
                    first.get_or_insert_with(|| bad.to_string());
                }
            }
        }
        let why = first.map(|first| format!("{unread} events of a page cannot be read; the first: {first}"));
        if let Some(why) = &why {
            let installation = &self.unit.installation.name;
            tracing::warn!(tenant = self.tenant.0, installation, why, "a connector reads what are no events");
        }
        Ok((events, why.map(|why| Trouble::new("unread", why).detail)))
    }
}
