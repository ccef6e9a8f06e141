//! Audiences on advertising channels, kept in step with their segments. Commits of the pipeline mark whoever has to be looked
//! at again ([`mark`]); a turn looks at some of them ([`look`]), notes what the channel is to be told, and tells one change
//! of it ([`tell`]). A change adds or removes and may be told twice. Each audience is one process's at a time, by a task of its
//! own.

mod look;
mod mark;
mod tell;

use std::sync::Arc;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::audience::WALK_EVERY;
use guanxi_domain::ids::AudienceId;
use guanxi_domain::limits::CONNECTOR_REQUESTS_MAX;
use guanxi_domain::manifest::AudienceSpec;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{AudienceProgress, AudienceRow, Scope as Rows, Work};
use tokio_util::sync::CancellationToken;

use crate::Engine;
use crate::crew::Crew;
use crate::fleet::Unit;

pub(crate) use mark::{mark, mark_moved};

/// Audiences that are worked on at the same time, of all tenants.
const TASKS_MAX: usize = 32;
/// Audiences that are looked at; more than are worked on, for some are busy.
const SEEN: u32 = 1_000;
/// How often people are looked at in one turn, so many at once.
const PIECES: u32 = 10;
/// When to look again at what may not be called now.
const PAUSED: Millis = 30_000;
/// What such an audience came to, in a word.
const PAUSE: &str = "paused";
/// How many exchanges long a lease is: those of a change, and time for the rest.
const LEASE_EXCHANGES: u32 = CONNECTOR_REQUESTS_MAX + 4;
/// Identifiers that leave at once when an audience ends.
const LEAVING: u32 = 10_000;

type Place = (TenantId, AudienceId);

/// Starts a turn for every audience for which there is something to do.
pub(crate) async fn supervise(engine: Engine, stop: CancellationToken) {
    let workers = Workers { engine, crew: Crew::new(TASKS_MAX) };
    loop {
        if let Err(error) = workers.start_due().await {
            tracing::warn!(%error, "audiences wait");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = workers.engine.app.signals().gathered.notified() => {}
            () = tokio::time::sleep(workers.engine.options.pause) => {}
        }
    }
    workers.crew.dismiss().await;
}

/// The tasks that work on audiences.
struct Workers {
    engine: Engine,
    crew: Crew<Place>,
}

impl Workers {
    async fn start_due(&self) -> Result<(), AppError> {
        let now = self.engine.app.ambient().now();
        let due = self.engine.app.store().read(Rows::Host).await?.due_audiences(now, SEEN).await?;
        due.into_iter().for_each(|place| self.start(place));
        Ok(())
    }

    fn start(&self, place: Place) {
        let engine = self.engine.clone();
        let app = self.engine.app.clone();
        let work = async move { turn(&engine, place).await };
        self.crew.start(place, work, move |done| match done {
            // There is more, and others may have waited for the task.
            Ok(true) => app.signals().gathered.notify_one(),
            Ok(false) => {}
            Err(error) => tracing::warn!(tenant = place.0.0, audience = %place.1, %error, "an audience waits"),
        });
    }
}

/// Looks at some people and tells one change; whether there is more at once.
async fn turn(engine: &Engine, (tenant, id): Place) -> Result<bool, AppError> {
    let now = engine.app.ambient().now();
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    let claimed = work.claim_audience(tenant, id, now, lease(engine, now)).await?;
    work.commit().await?;
    let Some(row) = claimed else { return Ok(false) };
    let units = engine.fleet.units(tenant).await?;
    let unit = units.iter().find(|u| u.installation.id == row.audience.installation && u.plugin.keeps_audiences());
    let progress = row.progress.clone();
    let Some(unit) = unit else {
        let problem = Some("the connector is switched off, or keeps no audiences any more".to_owned());
        let paused = AudienceProgress { outcome: Some(PAUSE.to_owned()), problem, due_at: now + PAUSED, ..progress };
        Turn { engine, tenant, row: &row, unit: None, progress: paused }.end().await?;
        return Ok(false);
    };
    let was_paused = progress.outcome.as_deref() == Some(PAUSE);
    let progress = match was_paused {
        true => AudienceProgress { outcome: None, problem: None, ..progress },
        false => progress,
    };
    let mut turn = Turn { engine, tenant, row: &row, unit: Some(unit), progress };
    let looked = match row.audience.ending {
        true => turn.leave().await?,
        false => turn.look().await?,
    };
    let told = match looked {
        Some(_) => turn.tell(unit).await?,
        None => None,
    };
    let (Some(looks), Some(tells)) = (looked, told) else { return Ok(false) };
    turn.rest(looks || tells).await
}

fn lease(engine: &Engine, now: Millis) -> Millis {
    let lease = engine.options.exchange * LEASE_EXCHANGES;
    now.saturating_add(Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX / 2))
}

/// One turn of one audience.
struct Turn<'t> {
    engine: &'t Engine,
    tenant: TenantId,
    row: &'t AudienceRow,
    unit: Option<&'t Arc<Unit>>,
    /// How far it has come.
    progress: AudienceProgress,
}

impl Turn<'_> {
    fn id(&self) -> AudienceId {
        self.row.audience.id
    }

    fn now(&self) -> Millis {
        self.engine.app.ambient().now()
    }

    fn takes(&self) -> AudienceSpec {
        let spec = self.unit.and_then(|unit| unit.manifest().connector.as_ref()?.audience.clone());
        spec.unwrap_or_default()
    }

    /// Notes how far it has come and goes on; `false` if the turn is over by now, and nothing may be written. First in each
    /// transaction, so that nobody who changes the same members waits for the other.
    async fn go_on(&mut self, work: &mut Work) -> Result<bool, AppError> {
        let until = lease(self.engine, self.now());
        self.progress.due_at = until;
        Ok(work.settle_audience(self.tenant, self.id(), self.row.lease, &self.progress, until).await?)
    }

    async fn end(self) -> Result<(), AppError> {
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.tenant)).await?;
        work.settle_audience(self.tenant, self.id(), self.row.lease, &self.progress, 0).await?;
        Ok(work.commit().await?)
    }

    /// Has some of those who are left in an audience that ends leave it; whether there are more. Nothing if the turn is over.
    async fn leave(&mut self) -> Result<Option<bool>, AppError> {
        let mut work = self.engine.app.store().begin_unhurried(Rows::Tenant(self.tenant)).await?;
        if !self.go_on(&mut work).await? {
            return Ok(None);
        }
        let leaving = work.remove_all_audience_members(self.tenant, self.id(), LEAVING).await?;
        work.commit().await?;
        Ok(Some(leaving > 0))
    }

    /// Ends the turn until there is something to do; whether that is at once. An audience that ends is gone once nobody is left.
    async fn rest(mut self, more: bool) -> Result<bool, AppError> {
        let (tenant, id, now) = (self.tenant, self.id(), self.now());
        let mut read = self.engine.app.store().read(Rows::Tenant(tenant)).await?;
        let (to_add, to_remove) = read.audience_waits(tenant, id).await?;
        let disallowed = read.next_disallowed(tenant, id).await?;
        drop(read);
        if self.row.audience.ending && !more && !to_add && !to_remove {
            let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
            if work.settle_audience(tenant, id, self.row.lease, &self.progress, 0).await? {
                work.drop_audience(tenant, id).await?;
                work.commit().await?;
            }
            return Ok(false);
        }
        let waits = to_add || to_remove;
        let more = more || (waits && self.progress.held_until <= now);
        let walk = self.progress.walked_at + WALK_EVERY;
        let held = waits.then_some(self.progress.held_until);
        let next = held.into_iter().chain(disallowed).fold(walk, Millis::min);
        self.progress.due_at = if more { now } else { next.max(now + 1) };
        self.end().await?;
        Ok(more)
    }
}
