//! What happens right now, for consoles that look on. Whoever is too slow misses items; the record is the store.

use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::tenant::TenantId;
use tokio::sync::broadcast;

use crate::{App, AppError};

/// Items kept for a slow onlooker.
const WINDOW: usize = 1_024;

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveKind {
    /// An event was processed.
    Event,
    /// A campaign decided.
    Decision,
    /// A message changed its status.
    Message,
    /// A plugin was quarantined or came back.
    Plugin,
}

/// One thing that just happened.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Live {
    /// Whose.
    #[serde(skip)]
    pub tenant: TenantId,
    /// What sort.
    pub kind: LiveKind,
    /// When.
    pub at: Millis,
    /// The typed id of the event, decision, message or installation.
    pub id: String,
    /// The person, if there is one.
    pub person: Option<String>,
    /// What people call the person.
    pub name: Option<String>,
    /// The event's kind, the plugin's name, the message's channel.
    pub what: String,
    /// Details in a few words.
    pub detail: String,
}

pub(crate) struct Bus {
    sender: broadcast::Sender<Arc<Live>>,
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::channel(WINDOW).0 }
    }
}

impl App {
    /// Looks on at one tenant; items of other tenants must be left out by [`Live::tenant`], which is returned first.
    pub async fn watch(
        &self,
        caller: &Caller,
        slug: &str,
    ) -> Result<(TenantId, broadcast::Receiver<Arc<Live>>), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok((tenant.id, self.inner.live.sender.subscribe()))
    }

    /// Whether anybody looks on, so that nobody formats what nobody sees.
    pub fn is_watched(&self) -> bool {
        self.inner.live.sender.receiver_count() > 0
    }

    /// Tells everybody who looks on.
    pub fn tell(&self, item: Live) {
        // An error means that nobody looks on.
        drop(self.inner.live.sender.send(Arc::new(item)));
    }
}
