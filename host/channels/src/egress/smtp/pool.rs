//! Connections that wait for the next letter: few, not for long, and only for who opened them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::letter::Door;
use super::session::Session;

/// Connections that wait, of all doors.
const WAITING_MAX: usize = 128;
/// Of one.
const OF_DOOR_MAX: usize = 8;

/// Those that wait, the oldest first.
pub(super) struct Pool {
    waiting: Mutex<VecDeque<Waiting>>,
    longest: Duration,
}

struct Waiting {
    door: Door,
    session: Session,
    since: Instant,
}

impl Pool {
    /// Empty; connections wait at most so long.
    pub(super) fn new(longest: Duration) -> Self {
        Self { waiting: Mutex::default(), longest }
    }

    /// The one that has waited shortest for this door.
    pub(super) fn take(&self, door: &Door) -> Option<Session> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|one| one.since.elapsed() < self.longest);
        let place = waiting.iter().rposition(|one| one.door == *door)?;
        waiting.remove(place).map(|one| one.session)
    }

    /// Lets a connection wait; the oldest give way.
    pub(super) fn put(&self, door: &Door, session: Session) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.iter().filter(|one| one.door == *door).count() >= OF_DOOR_MAX {
            return;
        }
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(Waiting { door: door.clone(), session, since: Instant::now() });
    }
}
