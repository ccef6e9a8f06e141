//! The log of one tenant.

pub(crate) mod list;

use guanxi_domain::event::Event;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{EventId, PersonId};
use guanxi_domain::{JsonMap, Millis};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventBody {
    /// `evt_…`.
    #[schema(value_type = String)]
    pub id: EventId,
    /// Its place in the log.
    pub position: i64,
    /// The sender's own id for it.
    pub message_id: String,
    /// `identify`, `Order Completed`, a CloudEvents type …
    pub kind: String,
    /// When it happened, milliseconds since the epoch, corrected for the sender's clock.
    pub occurred_at: Millis,
    /// When it came in, milliseconds since the epoch.
    pub received_at: Millis,
    /// Who it is about, `kind:value`, strongest first.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<Identity>,
    /// Who it is about, `per_…`, if the host made it.
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// The channel it came through.
    pub channel: Option<String>,
    /// The place of contact.
    pub touchpoint: Option<String>,
    /// Attributes of the person that it sets.
    #[schema(value_type = Object)]
    pub traits: JsonMap,
    /// What the sender said about it.
    #[schema(value_type = Object)]
    pub properties: JsonMap,
    /// What was corrected or left out when it was read.
    pub notes: Vec<String>,
}

impl From<Event> for EventBody {
    fn from(Event { position, event }: Event) -> Self {
        let body = event.body;
        Self {
            id: event.id,
            position,
            message_id: event.message_id,
            kind: event.kind,
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            identities: body.identities,
            person: body.person,
            channel: body.channel,
            touchpoint: body.touchpoint,
            traits: body.traits,
            properties: body.properties,
            notes: body.notes,
        }
    }
}
