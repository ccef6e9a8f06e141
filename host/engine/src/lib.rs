//! The engine: takes events from the log, lets plugins decide, commits what follows, and delivers messages.
//!
//! One tenant's log is worked off by one task in order, so that the events of a person never overtake each other; tenants
//! run beside each other. Plugins are called between reading and the one transaction that writes everything.

mod arrivals;
mod audiences;
mod backtests;
mod callbacks;
mod crew;
mod delivery;
mod early;
mod erasure;
mod errands;
mod fleet;
mod gone;
mod imports;
mod logs;
mod notices;
mod pipeline;
mod polls;
mod portraits;
mod receipts;
mod sessions;
mod standings;
mod talk;
mod timers;
mod upkeep;
mod usage;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use guanxi_app::{App, AppError};
use guanxi_channels::Egress;
use guanxi_domain::exchange::Keep;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::tenant::TenantId;
use guanxi_runtime::Runtime;
use guanxi_store::Turnstile;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use fleet::Fleet;

/// How the engine works.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// The most events of one micro-batch.
    pub batch: u32,
    /// How often to look for work that nobody told of (another node's, the command line's).
    pub pause: Duration,
    /// Messages of one connector under way at once.
    pub sends: usize,
    /// How long one exchange with a channel may take, as the egress is set up; leases follow from it.
    pub exchange: Duration,
    /// Limits of every plugin call.
    pub limits: CallLimits,
    /// The most bytes of what a receipt keeps of its plugin's input.
    pub receipt_bytes: usize,
    /// Of which tries the exchanges with channels are kept.
    pub exchanges: Keep,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            batch: 1_024,
            pause: Duration::from_millis(500),
            sends: 64,
            exchange: Duration::from_secs(10),
            limits: CallLimits::default(),
            receipt_bytes: 256 * 1024,
            exchanges: Keep::All,
        }
    }
}

/// The engine of one process.
#[derive(Clone)]
pub struct Engine {
    app: App,
    fleet: Arc<Fleet>,
    recall: Arc<pipeline::Recall>,
    segments: Arc<pipeline::Shelf>,
    sessions: Arc<sessions::Sessions>,
    under_way: Arc<delivery::UnderWay>,
    gates: Arc<delivery::Gates>,
    places: Arc<delivery::Places>,
    early: Arc<early::Early>,
    turnstile: Turnstile,
    egress: Egress,
    options: EngineOptions,
}

impl Engine {
    /// An engine that works off what `app` takes in.
    pub fn new(app: App, runtime: Runtime, egress: Egress, options: EngineOptions) -> Self {
        let fleet = Arc::new(Fleet::new(app.clone(), runtime));
        Self {
            app,
            fleet,
            recall: Arc::new(pipeline::Recall::new()),
            segments: Arc::new(pipeline::Shelf::new()),
            sessions: Arc::default(),
            under_way: Arc::default(),
            gates: Arc::default(),
            places: Arc::default(),
            early: Arc::default(),
            turnstile: Turnstile::new(std::thread::available_parallelism().map_or(1, usize::from)),
            egress,
            options,
        }
    }

    /// Decides everything that is in a tenant's log now, and what follows from it in the log; for work without
    /// [`Self::run`].
    pub async fn catch_up(&self, tenant: TenantId) -> Result<(), AppError> {
        pipeline::catch_up(self, tenant).await
    }

    /// Takes away receipts that are older than their tenants keep them, and log lines that are too many; for work without
    /// [`Self::run`].
    pub async fn forget_receipts(&self) -> Result<(), AppError> {
        receipts::forget(self).await
    }

    /// Works until `stop` is cancelled, then finishes what is under way.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        tasks.spawn(pipeline::supervise(self.clone(), stop.clone()));
        tasks.spawn(timers::run(self.clone(), stop.clone()));
        tasks.spawn(standings::run(self.clone(), stop.clone()));
        tasks.spawn(portraits::run(self.clone(), stop.clone()));
        tasks.spawn(backtests::run(self.clone(), stop.clone()));
        tasks.spawn(imports::run(self.clone(), stop.clone()));
        tasks.spawn(upkeep::run(self.clone(), stop.clone()));
        tasks.spawn(receipts::run(self.clone(), stop.clone()));
        tasks.spawn(usage::run(self.clone(), stop.clone()));
        tasks.spawn(erasure::run(self.clone(), stop.clone()));
        tasks.spawn(callbacks::run(self.clone(), stop.clone()));
        tasks.spawn(errands::run(self.clone(), stop.clone()));
        tasks.spawn(polls::supervise(self.clone(), stop.clone()));
        tasks.spawn(audiences::supervise(self.clone(), stop.clone()));
        tasks.spawn(arrivals::run(self.clone(), stop.clone()));
        tasks.spawn(webhooks::supervise(self.clone(), stop.clone()));
        tasks.spawn(webhooks::keep_up(self.clone(), stop.clone()));
        tasks.spawn(delivery::supervise(self, stop));
        tasks.close();
        tasks.wait().await;
    }
}
