//! Requests of channels, which anybody may send: each waits in a bounded line for the engine, which has the connectors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Kept until the request is worked off, though whoever sent it may have gone.
    pub place: Place,
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
    taken: Taken,
}

/// Places that are taken, by tenant.
type Taken = Arc<Mutex<HashMap<TenantId, usize>>>;

/// A place among those of one tenant; given back when dropped.
pub struct Place {
    taken: Taken,
    tenant: TenantId,
}

impl Callbacks {
    pub(crate) fn new() -> Self {
        let (line, waiting) = mpsc::channel(WAITING_MAX);
        Self { line, waiting: Mutex::new(Some(waiting)), taken: Taken::default() }
    }

    fn place(&self, tenant: TenantId) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(tenant).or_default();
        (*count < OF_TENANT_MAX).then(|| {
            *count += 1;
            Place { taken: Arc::clone(&self.taken), tenant }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

impl App {
    /// Hands a request of a channel to a tenant's connector; returns its reply once what happened is durable. Nobody shows a
    /// token here: whether it is the channel who asks, the connector finds out.
    pub async fn receive(&self, slug: &str, installation: &str, incoming: Incoming) -> Result<Response, CallbackError> {
        let tenant = self.tenant_called(slug).await?.id;
        self.receive_for(tenant, installation, incoming).await
    }

    /// The same for what came over a session of the installation's own.
    pub async fn receive_for(
        &self,
        tenant: TenantId,
        installation: &str,
        incoming: Incoming,
    ) -> Result<Response, CallbackError> {
        let callbacks = &self.inner.callbacks;
        let place = callbacks.place(tenant).ok_or(AppError::Overloaded(RETRY_AFTER))?;
        let (answer, answered) = oneshot::channel();
        let (at, method) = (self.ambient().now(), incoming.method.clone());
        let callback = Callback { tenant, installation: installation.to_owned(), incoming, answer, place };
        callbacks.line.try_send(callback).map_err(|_| AppError::Overloaded(RETRY_AFTER))?;
        let answered = answered.await.map_err(|_| AppError::Overloaded(RETRY_AFTER))?;
        self.inner.desk.seen.note(tenant, installation, &method, at, &answered);
        answered
    }

    /// The line of waiting requests, for the one who works it off; `None` if somebody does.
    pub fn callbacks(&self) -> Option<mpsc::Receiver<Callback>> {
        self.inner.callbacks.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_3_a_tenant_has_so_many_places_until_its_requests_are_worked_off() {
        let callbacks = Callbacks::new();
        let mut line = callbacks.waiting.lock().unwrap().take().unwrap();
        let [acme, bolt] = [TenantId(1), TenantId(2)];
        for _ in 0..OF_TENANT_MAX {
            let place = callbacks.place(acme).expect("a place");
            let incoming =
                Incoming { method: "POST".into(), query: String::new(), headers: Vec::new(), body: Vec::new() };
            // Whoever sent it hangs up at once.
            let (answer, _) = oneshot::channel();
            let callback = Callback { tenant: acme, installation: "two-way".into(), incoming, answer, place };
            assert!(callbacks.line.try_send(callback).is_ok());
        }
        assert!(callbacks.place(acme).is_none(), "what was sent still waits");
        assert!(callbacks.place(bolt).is_some(), "others have their own");
        drop(line.try_recv().expect("the first"));
        assert!(callbacks.place(acme).is_some());
        drop(line);
    }
}
