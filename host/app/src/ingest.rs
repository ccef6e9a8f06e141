//! Events come in: many requests share one durable append, and what is too much is refused at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::NewEvent;
use guanxi_domain::ids::EventId;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_store::{Appended, Scope as Rows, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::{App, AppError};

/// Seconds that a sender is asked to wait when too much is waiting.
const RETRY_AFTER: u32 = 2;
/// The most events of one append.
const APPEND_MAX: usize = 4_000;

/// Who sends events.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The tenant of the write key.
    pub tenant: Tenant,
    /// Whether it is trusted to know who is who.
    pub vouches: bool,
}

impl Sender {
    /// Prepares an event for the log: attributes take the types that the tenant gave them, and what is named together
    /// is believed if the sender is.
    pub fn prepare(&self, event: &mut NewEvent) {
        event.body.vouched = self.vouches;
        self.tenant.settings.shape(&mut event.body);
    }
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct IngestLimits {
    /// Requests between the network and the database.
    pub requests: usize,
    /// Events of one tenant that are in the log and not decided yet.
    pub backlog: i64,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self { requests: 1_024, backlog: 200_000 }
    }
}

/// What became of the events of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Accepted {
    /// Now in the log.
    pub accepted: usize,
    /// Were in the log already, by their message ids.
    pub duplicates: usize,
}

pub(crate) struct Ingest {
    queue: mpsc::Sender<Request>,
    limits: IngestLimits,
    progress: Mutex<HashMap<TenantId, Progress>>,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    head: i64,
    position: i64,
}

struct Request {
    tenant: TenantId,
    events: Vec<NewEvent>,
    reply: oneshot::Sender<Result<Accepted, AppError>>,
}

/// Writes what ingest accepts; one per process.
pub struct Appender {
    app: App,
    queue: Queue,
}

pub(crate) struct Queue(mpsc::Receiver<Request>);

impl Ingest {
    pub(crate) fn new(limits: IngestLimits) -> (Self, Queue) {
        let (queue, requests) = mpsc::channel(limits.requests.max(1));
        (Self { queue, limits, progress: Mutex::default() }, Queue(requests))
    }

    fn lag(&self, tenant: TenantId) -> i64 {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.get(&tenant).map_or(0, |p| p.head - p.position)
    }

    fn note(&self, tenant: TenantId, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(progress.entry(tenant).or_default());
    }
}

impl App {
    /// Whose write key this is. An operator's token belongs to no tenant and is no write key.
    pub async fn sender(&self, caller: &Caller) -> Result<Sender, AppError> {
        let home = self.home(caller).await?.ok_or(AppError::Forbidden("ingest"))?;
        let tenant = self.tenant_for(caller, home.slug.as_str(), Scope::Ingest).await?;
        Ok(Sender { tenant, vouches: caller.scopes.contains(&Scope::Vouch) })
    }

    /// A fresh event id.
    pub fn event_id(&self) -> EventId {
        EventId::from_uuid(self.ambient().uuid())
    }

    /// Puts events into the tenant's log; returns once they are durable. `Overloaded` if too much waits.
    pub async fn ingest(&self, tenant: TenantId, events: Vec<NewEvent>) -> Result<Accepted, AppError> {
        if events.is_empty() {
            return Ok(Accepted { accepted: 0, duplicates: 0 });
        }
        self.check_room(tenant)?;
        let ingest = &self.inner.ingest;
        let (reply, answer) = oneshot::channel();
        ingest.queue.try_send(Request { tenant, events, reply }).map_err(|_| AppError::Overloaded(RETRY_AFTER))?;
        answer.await.map_err(|_| AppError::Overloaded(RETRY_AFTER))?
    }

    /// `Overloaded` if more of the tenant's log is undecided than may be.
    pub(crate) fn check_room(&self, tenant: TenantId) -> Result<(), AppError> {
        let ingest = &self.inner.ingest;
        if ingest.lag(tenant) > ingest.limits.backlog {
            return Err(AppError::Overloaded(RETRY_AFTER));
        }
        Ok(())
    }

    /// Tells ingest that the tenant's log was appended to elsewhere, and wakes who decides it.
    pub(crate) fn appended_up_to(&self, tenant: TenantId, head: i64) {
        self.inner.ingest.note(tenant, |p| p.head = p.head.max(head));
        self.signals().appended.ring(tenant);
    }

    /// Tells ingest how far the tenant's log was decided.
    pub fn decided(&self, tenant: TenantId, position: i64) {
        self.inner.ingest.note(tenant, |p| {
            p.position = p.position.max(position);
            p.head = p.head.max(position);
        });
        self.signals().progressed.notify_waiters();
    }

    /// Tells ingest where a tenant's log stands; at start.
    pub fn backlog(&self, tenant: TenantId, head: i64, position: i64) {
        self.inner.ingest.note(tenant, |p| *p = Progress { head, position });
    }
}

impl Appender {
    pub(crate) fn new(app: App, queue: Queue) -> Self {
        Self { app, queue }
    }

    /// Appends until no [`App`] is left that could send, or `stop` is done; what was taken is finished first.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut requests = Vec::new();
        loop {
            tokio::select! {
                taken = self.queue.0.recv_many(&mut requests, 256) => if taken == 0 { return },
                () = &mut stop => self.queue.0.close(),
            }
            while !requests.is_empty() {
                let mut events = 0;
                let few = requests.iter().take_while(|request| {
                    events += request.events.len();
                    events <= APPEND_MAX
                });
                let count = few.count().max(1);
                let rest = requests.split_off(count);
                self.append(std::mem::replace(&mut requests, rest)).await;
            }
        }
    }

    async fn append(&self, requests: Vec<Request>) {
        let mut by_tenant: Vec<(TenantId, Vec<NewEvent>)> = Vec::new();
        let mut shares = Vec::with_capacity(requests.len());
        for request in requests {
            let index = by_tenant.iter().position(|(tenant, _)| *tenant == request.tenant).unwrap_or(by_tenant.len());
            if index == by_tenant.len() {
                by_tenant.push((request.tenant, Vec::new()));
            }
            if let Some((_, events)) = by_tenant.get_mut(index) {
                shares.push((index, events.len()..events.len() + request.events.len(), request.reply));
                events.extend(request.events);
            }
        }
        match self.write(&by_tenant).await {
            Ok(appended) => {
                for (index, range, reply) in shares {
                    let mine = appended.get(index).and_then(|all| all.get(range)).unwrap_or_default();
                    let accepted = mine.iter().filter(|a| a.position.is_some()).count();
                    // An error means that the sender hung up; its events are kept all the same.
                    drop(reply.send(Ok(Accepted { accepted, duplicates: mine.len() - accepted })));
                }
                for (tenant, _) in &by_tenant {
                    self.app.signals().appended.ring(*tenant);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "events were not accepted");
                let transient = error.is_transient();
                for (_, _, reply) in shares {
                    let answer =
                        if transient { AppError::Unavailable } else { AppError::internal("the append failed") };
                    drop(reply.send(Err(answer)));
                }
            }
        }
    }

    async fn write(&self, by_tenant: &[(TenantId, Vec<NewEvent>)]) -> Result<Vec<Vec<Appended>>, StoreError> {
        let mut work = self.app.store().begin(Rows::Host).await?;
        let mut appended = Vec::with_capacity(by_tenant.len());
        for (tenant, events) in by_tenant {
            appended.push(work.append(*tenant, events).await?);
        }
        work.commit().await?;
        for ((tenant, _), appended) in by_tenant.iter().zip(&appended) {
            if let Some(head) = appended.iter().filter_map(|a| a.position).max() {
                self.app.inner.ingest.note(*tenant, |p| p.head = p.head.max(head));
            }
        }
        Ok(appended)
    }
}
