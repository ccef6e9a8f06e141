//! What staff change of people goes through the log like everything else: a request is an event of the host's own, and
//! whoever asked is answered when it is decided.

use std::time::Duration;

use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::ids::{EventId, PersonId};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::Scope as Rows;
use serde::Serialize;

use crate::{App, AppError};

/// How long somebody waits for their request to be decided; it goes on without them.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the log is looked at for what another node decides.
const LOOK: Duration = Duration::from_millis(100);

/// A request that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// Its place.
    pub position: i64,
    /// When it was made.
    pub at: Millis,
}

impl App {
    /// Appends an event of the host's own; returns when it is durable. `properties` is one JSON object.
    pub async fn request(
        &self,
        tenant: TenantId,
        kind: &str,
        person: Option<PersonId>,
        traits: JsonMap,
        properties: &impl Serialize,
    ) -> Result<Requested, AppError> {
        let now = self.ambient().now();
        let id = EventId::from_uuid(self.ambient().uuid());
        let properties = match serde_json::to_value(properties).map_err(AppError::internal)? {
            serde_json::Value::Object(properties) => properties,
            _ => return Err(AppError::internal("a request is an object")),
        };
        let event = NewEvent {
            id,
            message_id: format!("{kind}/{id}"),
            kind: kind.to_owned(),
            occurred_at: now,
            received_at: now,
            body: EventBody { person, traits, properties, ..EventBody::default() },
        };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let appended = work.append(tenant, std::slice::from_ref(&event)).await?;
        work.commit().await?;
        let position = appended.first().and_then(|appended| appended.position);
        let position = position.ok_or_else(|| AppError::internal("an event id was given twice"))?;
        self.signals().appended.ring(tenant);
        Ok(Requested { position, at: now })
    }

    /// Waits until the log is decided up to `position`; `false` if that takes too long.
    pub async fn decided_at(&self, tenant: TenantId, position: i64) -> Result<bool, AppError> {
        let look = async {
            loop {
                let progress = self.signals().progressed.notified();
                if self.store().read(Rows::Tenant(tenant)).await?.position(tenant).await? >= position {
                    return Ok(true);
                }
                tokio::select! {
                    () = progress => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or(Ok(false))
    }
}
