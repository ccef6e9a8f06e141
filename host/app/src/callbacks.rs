//! Requests of channels, which anybody may send: each waits in a bounded line for the engine, which has the connectors.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guanxi_domain::connector::{Incoming, Refusal, Response};
use guanxi_domain::tenant::TenantId;
use tokio::sync::{mpsc, oneshot};

use crate::{App, AppError};

/// Requests that wait for the engine, of all tenants.
const WAITING_MAX: usize = 256;
/// Requests of one tenant that wait or are worked on: nobody takes the others' places.
const OF_TENANT_MAX: usize = 32;
/// Seconds that a channel is asked to wait when too much is waiting.
const RETRY_AFTER: u32 = 2;

/// A request of a channel, on its way to the connector.
pub struct Callback {
    /// Whose installation.
    pub tenant: TenantId,
    /// Its name.
    pub installation: String,
    /// The request.
    pub incoming: Incoming,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Response, CallbackError>>,
}

/// Why a request of a channel was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The connector says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connector cannot say anything now: says why.
    #[error("the connector cannot take this now: {0}")]
    Unable(String),
    /// As everywhere.
    #[error(transparent)]
    App(#[from] AppError),
}

pub(crate) struct Callbacks {
    line: mpsc::Sender<Callback>,
    /// Until the engine takes it.
    waiting: Mutex<Option<mpsc::Receiver<Callback>>>,
    of_tenants: Mutex<HashMap<TenantId, usize>>,
}

/// A place among those of one tenant; given back when dropped.
struct Place<'c>(&'c Callbacks, TenantId);

impl Callbacks {
    pub(crate) fn new() -> Self {
        let (line, waiting) = mpsc::channel(WAITING_MAX);
        Self { line, waiting: Mutex::new(Some(waiting)), of_tenants: Mutex::default() }
    }

    fn place(&self, tenant: TenantId) -> Option<Place<'_>> {
        let mut of_tenants = self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_tenants.entry(tenant).or_default();
        (*count < OF_TENANT_MAX).then(|| {
            *count += 1;
            Place(self, tenant)
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut of_tenants = self.0.of_tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of_tenants.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                of_tenants.remove(&self.1);
            }
        }
    }
}

impl App {
    /// Hands a request of a channel to a tenant's connector; returns its reply once what happened is durable. Nobody shows a
    /// token here: whether it is the channel who asks, the connector finds out.
    pub async fn receive(&self, slug: &str, installation: &str, incoming: Incoming) -> Result<Response, CallbackError> {
        let callbacks = &self.inner.callbacks;
        let tenant = self.tenant_called(slug).await?.id;
        let _place = callbacks.place(tenant).ok_or(AppError::Overloaded(RETRY_AFTER))?;
        let (answer, answered) = oneshot::channel();
        let callback = Callback { tenant, installation: installation.to_owned(), incoming, answer };
        callbacks.line.try_send(callback).map_err(|_| AppError::Overloaded(RETRY_AFTER))?;
        answered.await.map_err(|_| AppError::Overloaded(RETRY_AFTER))?
    }

    /// The line of waiting requests, for the one who works it off; `None` if somebody does.
    pub fn callbacks(&self) -> Option<mpsc::Receiver<Callback>> {
        self.inner.callbacks.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
