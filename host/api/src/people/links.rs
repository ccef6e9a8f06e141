//! How links, members and actions look outside.

use guanxi_app::{IdentityAction, Member, Outcome};
use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Link, Touch};
use serde::Serialize;
use utoipa::ToSchema;

/// An identity of a person, and why it is believed to be theirs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkBody {
    /// `kind:value`.
    #[schema(value_type = String)]
    pub identity: Identity,
    /// `unverified`, `verified`, `disputed`, `invalid` (leads nowhere, nothing is delivered there) or `stale`.
    pub state: &'static str,
    /// Who said so: an event's channel, `import:imp_…`, `staff`.
    pub source: String,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Why the state is what it is.
    pub reason: Option<String>,
    /// Who changed it last; `null` while it stands as it came.
    pub changed_by: Option<String>,
    /// Milliseconds since the epoch.
    pub changed_at: Millis,
    /// The place in the log of the event that named it first.
    pub first_position: i64,
}

/// Somebody who was joined with others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberBody {
    /// `per_…`.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// What people call them, if it is known.
    pub name: Option<String>,
    /// Their own identities, strongest first.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<Identity>,
    /// Events of their own.
    pub event_count: i64,
}

/// A contact with the brand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Touch)]
pub struct TouchBody {
    /// Milliseconds since the epoch.
    pub at: Millis,
    /// Through which channel.
    pub channel: Option<String>,
    /// At which place of contact.
    pub touchpoint: Option<String>,
}

/// Something that was done about identities.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityAction)]
pub struct ActionBody {
    /// The place in the log of the event that asked for it or caused it.
    pub position: i64,
    /// `link`, `confirm`, `dispute`, `invalidate`, `recheck`, `merge`, `split` or `dismiss`.
    pub action: &'static str,
    /// To whom; after a merge the person who stands for all, `per_…`.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Who else.
    #[schema(value_type = Option<String>)]
    pub other: Option<PersonId>,
    /// Which identity.
    #[schema(value_type = Option<String>)]
    pub identity: Option<Identity>,
    /// Who did it: a token, or `host` by itself.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Why it was refused; `null` if it was done.
    pub refused: Option<String>,
    /// Milliseconds since the epoch.
    pub at: Millis,
}

/// What came of a request that goes through the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outcome)]
pub struct OutcomeBody {
    /// Its place in the log.
    pub position: i64,
    /// What was done; `null` if it still waits to be decided.
    pub action: Option<ActionBody>,
}

impl From<Outcome<IdentityAction>> for OutcomeBody {
    fn from(outcome: Outcome<IdentityAction>) -> Self {
        match outcome {
            Outcome::Decided(action) => Self { position: action.position, action: Some(action.into()) },
            Outcome::Waits(position) => Self { position, action: None },
        }
    }
}

impl From<IdentityAction> for ActionBody {
    fn from(row: IdentityAction) -> Self {
        Self {
            position: row.position,
            action: row.action.as_str(),
            person: row.person,
            other: row.other,
            identity: row.identity,
            actor: row.actor,
            reason: row.reason,
            refused: row.refused,
            at: row.at,
        }
    }
}

impl From<Link> for LinkBody {
    fn from(link: Link) -> Self {
        Self {
            identity: link.identity,
            state: link.state.as_str(),
            source: link.source,
            confidence: link.confidence,
            reason: link.reason,
            changed_by: link.changed_by,
            changed_at: link.changed_at,
            first_position: link.first_position,
        }
    }
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self {
            id: member.person.id,
            name: member.person.display_name(),
            identities: member.links.into_iter().map(|link| link.identity).collect(),
            event_count: member.person.facts.event_count,
        }
    }
}

impl From<Touch> for TouchBody {
    fn from(touch: Touch) -> Self {
        Self { at: touch.at, channel: touch.channel, touchpoint: touch.touchpoint }
    }
}
