//! Wakes whoever waits for work, and says whose it is.

use std::collections::HashSet;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Rung for a tenant or a queue; rung twice before anybody looks, it says so once.
#[derive(Debug)]
pub struct Bell<T> {
    rung_for: Mutex<HashSet<T>>,
    rung: Notify,
}

impl<T> Default for Bell<T> {
    fn default() -> Self {
        Self { rung_for: Mutex::default(), rung: Notify::new() }
    }
}

impl<T: Eq + Hash> Bell<T> {
    /// There is something to do for `whom`.
    pub fn ring(&self, whom: T) {
        self.rung_for.lock().unwrap_or_else(PoisonError::into_inner).insert(whom);
        self.rung.notify_one();
    }

    /// Waits until it was rung; for whom since the last time. For one listener.
    pub async fn heard(&self) -> HashSet<T> {
        loop {
            let rung_for = mem::take(&mut *self.rung_for.lock().unwrap_or_else(PoisonError::into_inner));
            if !rung_for.is_empty() {
                return rung_for;
            }
            self.rung.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bell_tells_for_whom_it_was_rung() {
        let bell = Bell::default();
        bell.ring(1);
        bell.ring(2);
        bell.ring(1);
        assert_eq!(bell.heard().await, HashSet::from([1, 2]));
        let (heard, ()) = tokio::join!(bell.heard(), async { bell.ring(3) });
        assert_eq!(heard, HashSet::from([3]));
    }
}
