//! From the outbox to the channels. Every class of messages of every connector of every tenant is a queue of its own, worked
//! off by a task of its own: a hanging provider delays only its own messages, and a campaign no replies.

mod attempt;
pub(crate) mod backoff;
mod claim;
mod contacts;
mod counts;
mod gate;
mod places;
mod queue;
mod settle;
mod standing;
mod tape;
mod tracking;
pub(crate) mod trial;
mod under_way;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guanxi_app::AppError;
use guanxi_store::{Queue, Scope as Rows};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;

pub(crate) use gate::Gates;
pub(crate) use places::Places;
pub(crate) use under_way::UnderWay;

/// Queues that have a task; it waits for one of the [`Places`] before it works.
const QUEUES_MAX: usize = 10_000;
/// Queues that are looked at.
const QUEUES_SEEN: u32 = 10_000;

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
        let next = read.next_due(now).await?;
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
            if let Err(error) = queue::work_off(&engine, queue, &stop).await {
                tracing::warn!(tenant = queue.0.0, connector = %queue.1, class = queue.2.as_str(), %error, "a queue waits");
            }
            let more = busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&queue);
            if more == Some(true) {
                engine.app.signals().queued.ring(queue);
            }
        });
    }
}
