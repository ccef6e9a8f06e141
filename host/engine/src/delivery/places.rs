//! Who may work at a time: so many queues of each class, and of those whose requests go to the same hosts only a part, so
//! that a provider that hangs for hundreds of tenants leaves room for the others. Whoever finds no place waits for one
//! in turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_domain::message::MessageClass;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Queues of one class that are worked off at the same time.
const PLACES: usize = 256;
/// How many of those go to the same hosts at most.
const PLACES_OF_ONE: usize = 64;
/// So many keys are kept before those that nobody uses are dropped.
const KEPT: usize = 4_096;

/// The places of all queues.
pub(crate) struct Places {
    all: HashMap<MessageClass, Arc<Semaphore>>,
    of: Mutex<HashMap<(MessageClass, String), Arc<Semaphore>>>,
}

/// Gives its place back when dropped.
pub(crate) struct Place {
    _own: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Default for Places {
    fn default() -> Self {
        let all = MessageClass::ALL.into_iter().map(|class| (class, Arc::new(Semaphore::new(PLACES))));
        Self { all: all.collect(), of: Mutex::default() }
    }
}

impl Places {
    /// Waits for a place of a queue whose requests go to `hosts`.
    pub(crate) async fn take(&self, class: MessageClass, hosts: &str) -> Place {
        let own = self.of(class, hosts).acquire_owned().await.ok();
        let all = match self.all.get(&class) {
            Some(all) => Arc::clone(all).acquire_owned().await.ok(),
            None => None,
        };
        Place { _own: own, _all: all }
    }

    fn of(&self, class: MessageClass, hosts: &str) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if of.len() >= KEPT {
            of.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = of.entry((class, hosts.to_owned())).or_insert_with(|| Arc::new(Semaphore::new(PLACES_OF_ONE)));
        Arc::clone(places)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn ch_8_hosts_that_hang_leave_room_for_others_and_for_more_urgent_messages() {
        let places = Places::default();
        let take = || places.take(MessageClass::Marketing, "hangs.example").now_or_never();
        let mut held: Vec<Place> = std::iter::repeat_with(take).take(PLACES_OF_ONE).map(Option::unwrap).collect();
        assert!(places.take(MessageClass::Marketing, "hangs.example").now_or_never().is_none());
        assert!(places.take(MessageClass::Reply, "hangs.example").now_or_never().is_some());
        assert!(places.take(MessageClass::Marketing, "works.example").now_or_never().is_some());
        held.pop();
        assert!(places.take(MessageClass::Marketing, "hangs.example").now_or_never().is_some());
    }
}
