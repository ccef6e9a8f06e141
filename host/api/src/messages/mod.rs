//! Messages on their way to people.

pub(crate) mod cancel;
pub(crate) mod exchange;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod rates;
pub(crate) mod retry;
pub(crate) mod undelivered;

use guanxi_app::ChangedMessages;
use guanxi_domain::ids::{DecisionId, InstallationId, MessageId, PersonId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::{JsonMap, Millis};
use serde::Serialize;
use utoipa::ToSchema;

/// One message to one person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageBody {
    /// `msg_…`, the same for every try.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// To whom, `per_…`.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The connector's installation, `ins_…`.
    #[schema(value_type = String)]
    pub connector: InstallationId,
    /// The decision that asked for it, `dec_…`.
    #[schema(value_type = String)]
    pub decision: DecisionId,
    /// The channel.
    pub channel: String,
    /// `kind:value` of the identity it goes to.
    pub address: String,
    /// What it says.
    #[schema(value_type = Object)]
    pub content: JsonMap,
    /// `reply`, `transactional` or `marketing`.
    #[schema(value_type = String, example = "marketing")]
    pub class: MessageClass,
    /// The purpose it serves.
    pub purpose: String,
    /// Where it is.
    #[schema(value_type = StatusName)]
    pub status: MessageStatus,
    /// Why it failed or waits.
    pub reason: Option<String>,
    /// The channel's own id for it.
    pub channel_id: Option<String>,
    /// Tries so far.
    pub attempts: u32,
    /// When it was decided, milliseconds since the epoch.
    pub created_at: Millis,
    /// Not sent before, milliseconds since the epoch.
    pub not_before: Millis,
    /// Not sent after, milliseconds since the epoch.
    pub expires_at: Option<Millis>,
    /// When its status last changed, milliseconds since the epoch.
    pub updated_at: Millis,
    /// When it reached the person, as the channel says.
    pub delivered_at: Option<Millis>,
    /// When they read it, as the channel says.
    pub read_at: Option<Millis>,
    /// When they followed a link in it, as the channel says.
    pub clicked_at: Option<Millis>,
    /// When the channel lost it after it had taken it, or it came back.
    pub bounced_at: Option<Millis>,
}

/// Where a message is on its way. `uncertain`: the host stopped between request and answer, and the channel cannot
/// recognise a repetition. `cancelled`: called off before it left.
#[derive(ToSchema)]
#[schema(as = MessageStatus, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the domain's status, which knows nothing of OpenAPI")]
pub enum StatusName {
    Queued,
    Sending,
    Sent,
    Failed,
    Expired,
    Uncertain,
    Cancelled,
}

/// How many messages were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// So many.
    pub count: u32,
    /// There may be more: ask again.
    pub more: bool,
}

impl From<ChangedMessages> for Changed {
    fn from(ChangedMessages { count, more }: ChangedMessages) -> Self {
        Self { count, more }
    }
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let Told { delivered_at, read_at, clicked_at, bounced_at } = message.told;
        Self {
            id: message.id,
            person: message.person,
            connector: message.connector,
            decision: message.decision,
            channel: message.channel,
            address: message.address,
            content: message.content,
            class: message.class,
            purpose: message.purpose,
            status: message.status,
            reason: message.reason,
            channel_id: message.channel_id,
            attempts: message.attempts,
            created_at: message.created_at,
            not_before: message.not_before,
            expires_at: message.expires_at,
            updated_at: message.updated_at,
            delivered_at,
            read_at,
            clicked_at,
            bounced_at,
        }
    }
}
