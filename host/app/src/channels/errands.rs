//! What staff try out on a channel: the engine has the connectors, so each errand waits in a bounded line for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use guanxi_domain::exchange::Exchange;
use guanxi_domain::ids::MessageId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use tokio::sync::{mpsc, oneshot};

use crate::{App, AppError};

/// Errands that wait, of all tenants.
const WAITING_MAX: usize = 32;
/// Seconds that somebody is asked to wait when too many wait.
const RETRY_AFTER: u32 = 5;
/// How long somebody waits for what an errand came to: less than requests of clients may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Something to try out on a channel.
pub enum Errand {
    /// Get a session now.
    CheckSession {
        /// Whose installation.
        tenant: TenantId,
        /// Its name.
        installation: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<SessionCheck, AppError>>,
    },
    /// Send a message that is to nobody whom the host knows.
    SendTest {
        /// Whose installation.
        tenant: TenantId,
        /// Its name.
        installation: String,
        /// What to send.
        test: TestMessage,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<SentTest, AppError>>,
    },
}

/// A message to try a channel with.
#[derive(Debug, Clone, PartialEq)]
pub struct TestMessage {
    /// Its id, as the channel gets it.
    pub id: MessageId,
    /// `kind:value`.
    pub address: String,
    /// The neutral content.
    pub content: JsonMap,
}

/// What asking for a session came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCheck {
    /// Whether the channel wants sessions at all.
    pub wanted: bool,
    /// When the session ends, if there is one.
    pub expires_at: Option<Millis>,
    /// Why there is none, in the channel's words.
    pub problem: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: i64,
}

/// What a test message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentTest {
    /// The outcome class: `sent`, `rejected`, `timeout` …
    pub outcome: String,
    /// Details in words.
    pub detail: Option<String>,
    /// The channel's own id for it.
    pub channel_id: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// Every request with its answer.
    pub exchanges: Vec<Exchange>,
}

pub(super) struct Line {
    line: mpsc::Sender<Errand>,
    /// Until the engine takes it.
    waiting: Mutex<Option<mpsc::Receiver<Errand>>>,
}

impl Line {
    pub(super) fn new() -> Self {
        let (line, waiting) = mpsc::channel(WAITING_MAX);
        Self { line, waiting: Mutex::new(Some(waiting)) }
    }

    /// Hands an errand to the engine and waits for what it comes to.
    pub(super) async fn run<T>(
        &self,
        errand: impl FnOnce(oneshot::Sender<Result<T, AppError>>) -> Errand,
    ) -> Result<T, AppError> {
        if self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Err(AppError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        self.line.try_send(errand(answer)).map_err(|_| AppError::Overloaded(RETRY_AFTER))?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(answered) => answered.map_err(|_| AppError::Overloaded(RETRY_AFTER))?,
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(AppError::Conflict(format!("the channel has not answered for {seconds} s; try again later")))
            }
        }
    }
}

impl App {
    /// The line of errands, for the one who works it off; `None` if somebody does.
    pub fn errands(&self) -> Option<mpsc::Receiver<Errand>> {
        self.inner.desk.errands.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
