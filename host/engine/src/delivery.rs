//! From the outbox to the channels. Every connector of every tenant has a queue of its own, worked off by a task of its
//! own, so a hanging provider delays only its own messages.

mod attempt;
pub(crate) mod backoff;
mod contacts;
mod standing;
mod under_way;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use guanxi_app::{AppError, Live, LiveKind};
use guanxi_domain::Millis;
use guanxi_domain::event::{EventBody, NewEvent, SENT};
use guanxi_domain::ids::{EventId, InstallationId, derived_uuid};
use guanxi_domain::message::{Message, MessageStatus};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Released, Scope as Rows, Settled};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Engine, notices};
use attempt::Tried;
use standing::Standing;
pub(crate) use under_way::UnderWay;

/// Queues that are worked off at the same time.
const QUEUES_MAX: usize = 256;
/// Queues that are looked at; more than are worked off, for some wait for their connector.
const QUEUES_SEEN: u32 = 10_000;
/// Messages claimed at once.
const CLAIM: u32 = 256;
/// Fewer than so many wait so long for others before they are settled: nobody waits for it, and the others have more of
/// the database.
const UNPACED: usize = 32;
const PACE: Duration = Duration::from_millis(5);
/// How many exchanges long a claim lasts: the claimed messages go out in waves, each with a few exchanges.
const LEASE_EXCHANGES: u32 = 12;

type Queue = (TenantId, InstallationId);

/// Starts a task for every queue in which something is due.
pub(crate) async fn supervise(engine: Engine, stop: CancellationToken) {
    let workers = Workers { engine, stop, tasks: TaskTracker::new(), busy: Arc::default() };
    while !workers.stop.is_cancelled() {
        let pause = match workers.start_due().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the outbox waits");
                workers.engine.options.pause
            }
        };
        workers.start_told(pause).await;
    }
    workers.tasks.close();
    workers.tasks.wait().await;
}

/// The tasks that work off queues.
struct Workers {
    engine: Engine,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Queues that have a task, and whether it was told of more meanwhile.
    busy: Arc<Mutex<HashMap<Queue, bool>>>,
}

impl Workers {
    /// Starts a task for every queue with something due; returns when to look again.
    async fn start_due(&self) -> Result<Duration, AppError> {
        let now = self.engine.app.ambient().now();
        let mut read = self.engine.app.store().read(Rows::Host).await?;
        let due = read.due_queues(now, QUEUES_SEEN).await?;
        let next = read.next_due().await?;
        drop(read);
        due.into_iter().for_each(|queue| self.start(queue));
        // What is due now has its task; only what becomes due later sets the alarm.
        let later = next.and_then(|at| u64::try_from(at - now).ok()).filter(|ms| *ms > 0);
        let pause = self.engine.options.pause;
        Ok(later.map_or(pause, Duration::from_millis).min(pause))
    }

    /// Until `pause` is over, starts a task for every queue that is told of.
    async fn start_told(&self, pause: Duration) {
        let alarm = tokio::time::sleep(pause);
        tokio::pin!(alarm);
        let told = &self.engine.app.signals().queued;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                queues = told.heard() => queues.into_iter().for_each(|queue| self.start(queue)),
                () = &mut alarm => return,
            }
        }
    }

    fn start(&self, queue: Queue) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(more) = busy.get_mut(&queue) {
            *more = true;
            return;
        }
        if busy.len() >= QUEUES_MAX {
            return;
        }
        busy.insert(queue, false);
        let (engine, busy, stop) = (self.engine.clone(), Arc::clone(&self.busy), self.stop.clone());
        self.tasks.spawn(async move {
            if let Err(error) = work_off(&engine, queue, &stop).await {
                tracing::warn!(tenant = queue.0.0, connector = %queue.1, %error, "a queue waits");
            }
            let more = busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&queue);
            if more == Some(true) {
                engine.app.signals().queued.ring(queue);
            }
        });
    }
}

async fn work_off(engine: &Engine, (tenant, connector): Queue, stop: &CancellationToken) -> Result<(), AppError> {
    while !stop.is_cancelled() {
        let now = engine.app.ambient().now();
        let units = engine.fleet.units(tenant).await?;
        // What is switched off or in quarantine keeps its messages waiting, and its tries uncounted.
        let Some(unit) = units.iter().find(|u| u.installation.id == connector && u.is_well(now)) else { return Ok(()) };
        let Some(spec) = unit.manifest().connector.as_ref() else { return Ok(()) };
        // Before anything is claimed: what is claimed and does not leave looks as if it had been interrupted on its way.
        let passport = engine.fleet.passport(tenant, unit, spec).await?;
        // A channel that knows repetitions may get a message again after a power cut: only others need to note at once,
        // and for good, that they got it.
        let idempotent = spec.idempotent;
        // On the disk before anything leaves: this claim, and with it the decisions that made the messages.
        let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
        let lease = engine.options.exchange * LEASE_EXCHANGES;
        let until = now + Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX / 2);
        let claimed = work.claim(tenant, connector, now, until, CLAIM).await?;
        work.commit().await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let is_last = claimed.len() < CLAIM as usize;
        let messages: Vec<&Message> = claimed.iter().map(|claimed| &claimed.message).collect();
        let (standing, under_way) = Standing::of(engine, tenant, unit, &messages).await?;
        let courier = attempt::Courier::new(engine, tenant, unit, passport, standing);
        // What is done is settled while slower ones go on.
        let (done, mut settling) = mpsc::channel(CLAIM as usize);
        let send = async move {
            let tries = futures::stream::iter(claimed).map(|claimed| courier.deliver(claimed));
            let mut tries = tries.buffer_unordered(engine.options.sends);
            while let Some(tried) = tries.next().await {
                // An error means that settling has failed, which ends both.
                drop(done.send(tried).await);
            }
            Ok(())
        };
        let settle_all = async {
            let mut tried = Vec::new();
            while settling.recv_many(&mut tried, CLAIM as usize).await > 0 {
                if tried.len() < UNPACED {
                    tokio::time::sleep(PACE).await;
                    while let Ok(more) = settling.try_recv() {
                        tried.push(more);
                    }
                }
                settle(engine, tenant, &tried, idempotent).await?;
                tried.clear();
            }
            Ok::<(), AppError>(())
        };
        tokio::try_join!(send, settle_all)?;
        drop(under_way);
        if is_last {
            // Whoever queued more meanwhile has rung.
            return Ok(());
        }
    }
    Ok(())
}

/// Records how messages ended, when they are tried again or until when they wait, and tells the log of those that ended.
async fn settle(engine: &Engine, tenant: TenantId, tried: &[Tried], idempotent: bool) -> Result<(), AppError> {
    let now = engine.app.ambient().now();
    let settled: Vec<Settled> = tried.iter().filter(|t| !t.waits).map(|t| t.settled.clone()).collect();
    let released: Vec<Released> = tried.iter().filter(|t| t.waits).map(released).collect();
    let attempts: Vec<_> = tried.iter().filter_map(|t| t.attempt.clone()).collect();
    let logs: Vec<_> = tried.iter().flat_map(|t| &t.logs).cloned().collect();
    let ended = tried.iter().filter(|t| t.settled.status != MessageStatus::Queued);
    let events: Vec<NewEvent> = ended.map(|t| event_of(tenant, &t.message, &t.settled, now)).collect();
    let (store, rows) = (engine.app.store(), Rows::Tenant(tenant));
    let mut work = if idempotent { store.begin_unhurried(rows).await? } else { store.begin(rows).await? };
    work.settle(tenant, &settled).await?;
    work.release(tenant, &released).await?;
    work.insert_attempts(tenant, &attempts).await?;
    work.append(tenant, &events).await?;
    work.insert_logs(tenant, &logs).await?;
    let mut notices = Vec::new();
    for (installation, health) in tried.iter().filter_map(|t| t.health.as_ref()) {
        notices.extend(notices::put_health(&mut work, tenant, *installation, health).await?);
    }
    let noticed = engine.app.announce(&mut work, tenant, &notices).await?;
    work.commit().await?;
    engine.app.signals().appended.ring(tenant);
    if noticed {
        engine.app.signals().noticed.notify_one();
    }
    if engine.app.is_watched() {
        for t in tried {
            engine.app.tell(live(tenant, t, now));
        }
    }
    Ok(())
}

fn released(tried: &Tried) -> Released {
    let Settled { id, attempts, ref reason, due_at, now, .. } = tried.settled;
    Released { id, attempts, reason: reason.clone(), due_at, now }
}

fn event_of(tenant: TenantId, message: &Message, settled: &Settled, now: Millis) -> NewEvent {
    let message_id = format!("guanxi.message/{}", message.id);
    let mut properties = guanxi_domain::JsonMap::new();
    properties.insert("message".to_owned(), message.id.to_string().into());
    properties.insert("status".to_owned(), settled.status.as_str().into());
    properties.insert("purpose".to_owned(), message.purpose.clone().into());
    if let Some(reason) = &settled.reason {
        properties.insert("reason".to_owned(), reason.clone().into());
    }
    NewEvent {
        id: EventId::from_uuid(derived_uuid(now, &[&tenant.0.to_be_bytes(), message_id.as_bytes()])),
        message_id,
        kind: SENT.to_owned(),
        occurred_at: now,
        received_at: now,
        body: EventBody {
            person: Some(message.person),
            channel: Some(message.channel.clone()),
            properties,
            depth: message.depth,
            ..EventBody::default()
        },
    }
}

fn live(tenant: TenantId, tried: &Tried, at: Millis) -> Live {
    let status = tried.settled.status.as_str();
    Live {
        tenant,
        kind: LiveKind::Message,
        at,
        id: tried.message.id.to_string(),
        person: Some(tried.message.person.to_string()),
        name: None,
        what: tried.message.channel.clone(),
        detail: tried.settled.reason.as_ref().map_or_else(|| status.to_owned(), |reason| format!("{status}: {reason}")),
    }
}
