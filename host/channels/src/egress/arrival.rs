//! What comes in over sessions that the egress keeps: handed to whoever has the connectors, and answered once it is kept.

use std::sync::Arc;

use guanxi_domain::connector::Incoming;
use guanxi_domain::tenant::TenantId;
use tokio::sync::{mpsc, oneshot};

/// Arrivals that wait, of all sessions.
const WAITING_MAX: usize = 256;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder {
    /// Whose installation.
    pub tenant: TenantId,
    /// Its name.
    pub installation: Arc<str>,
}

/// Something that came over a session.
#[derive(Debug)]
pub struct Arrival {
    /// For whom.
    pub holder: Holder,
    /// For the connector to read.
    pub incoming: Incoming,
    /// Whether it is kept. Dropped is as good as `false`: the other side is told to say it again.
    pub kept: oneshot::Sender<bool>,
}

/// The line in which arrivals wait.
pub(super) fn line() -> (mpsc::Sender<Arrival>, mpsc::Receiver<Arrival>) {
    mpsc::channel(WAITING_MAX)
}
