//! Channels that must be asked: how far each was asked.

pub(crate) mod get;
pub(crate) mod now;
pub(crate) mod reset;

use guanxi_app::PollView;
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

/// How far the channel of an installation was asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Poll)]
pub struct PollBody {
    /// Whether the installation is switched on.
    pub live: bool,
    /// Seconds from one time to the next while there is nothing new.
    pub every_seconds: u32,
    /// Where it goes on, in the channel's own terms; `null` for the beginning.
    pub cursor: Option<String>,
    /// Since when the cursor is that, milliseconds since the epoch.
    pub cursor_at: Option<Millis>,
    /// What the last turn came to: `done`, or a class such as `retry-after`, `quota-exhausted`, `refresh-session`, `crashed`,
    /// `unreachable`, `paused`.
    pub outcome: Option<String>,
    /// Why, if it did not end well; or what could not be read of events that came.
    pub problem: Option<String>,
    /// How often in a row nothing came of it.
    pub failures: u32,
    /// When a page last came, milliseconds since the epoch.
    pub succeeded_at: Option<Millis>,
    /// When the last turn ended, milliseconds since the epoch.
    pub polled_at: Option<Millis>,
    /// When it is asked next, milliseconds since the epoch.
    pub next_at: Option<Millis>,
    /// Events that came so far, repetitions not counted.
    pub events: i64,
    /// Who last set the cursor, and why.
    pub reset: Option<PollResetBody>,
}

/// Somebody set the cursor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PollReset)]
pub struct PollResetBody {
    /// Milliseconds since the epoch.
    pub at: Millis,
    /// The token.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl From<PollView> for PollBody {
    fn from(view: PollView) -> Self {
        let PollView { live, every_seconds, row } = view;
        let row = row.as_ref();
        let reset = row.and_then(|row| row.reset.clone());
        Self {
            live,
            every_seconds,
            cursor: row.and_then(|row| row.cursor.clone()),
            cursor_at: row.map(|row| row.cursor_at),
            outcome: row.and_then(|row| row.outcome.clone()),
            problem: row.and_then(|row| row.problem.clone()),
            failures: row.map_or(0, |row| row.failures),
            succeeded_at: row.and_then(|row| row.succeeded_at),
            polled_at: row.and_then(|row| row.polled_at),
            next_at: row.map(|row| row.due_at),
            events: row.map_or(0, |row| row.events),
            reset: reset.map(|reset| PollResetBody { at: reset.at, by: reset.by, reason: reset.reason }),
        }
    }
}
