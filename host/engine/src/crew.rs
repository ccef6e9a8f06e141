//! Tasks that work side by side on different things, each thing by one of them at a time: addresses of webhooks, channels that
//! are asked, audiences.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::task::TaskTracker;

/// So many tasks at most, by what they work on.
pub(crate) struct Crew<K> {
    most: usize,
    tasks: TaskTracker,
    busy: Arc<Mutex<HashSet<K>>>,
}

impl<K: Copy + Eq + Hash + Send + 'static> Crew<K> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, tasks: TaskTracker::new(), busy: Arc::default() }
    }

    /// Has `work` done on something, unless somebody is at it or nobody is free; `after` hears what came of it once others
    /// may work on it again.
    pub(crate) fn start<T>(
        &self,
        on: K,
        work: impl Future<Output = T> + Send + 'static,
        after: impl FnOnce(T) + Send + 'static,
    ) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.len() >= self.most || !busy.insert(on) {
            return;
        }
        let busy = Arc::clone(&self.busy);
        self.tasks.spawn(async move {
            let done = work.await;
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&on);
            after(done);
        });
    }

    /// Waits until everybody is done; nobody starts any more.
    pub(crate) async fn dismiss(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
