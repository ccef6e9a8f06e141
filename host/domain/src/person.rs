//! One person of one tenant: stage, attributes and the facts that follow from their events.

use std::collections::BTreeMap;

use crate::identity::Identity;
use crate::ids::PersonId;
use crate::{JsonMap, Millis};

/// How far a person has come with the brand; later stages are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Known (潜在客户).
    #[default]
    Prospect,
    /// Follows the brand (粉丝).
    Fan,
    /// Has bought (客户).
    Customer,
}

impl Stage {
    /// The word used in SQL, JSON and WIT.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prospect => "prospect",
            Self::Fan => "fan",
            Self::Customer => "customer",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Prospect, Self::Fan, Self::Customer].into_iter().find(|stage| stage.as_str() == text)
    }
}

/// What a person is to the brand besides a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everybody.
    Consumer,
    /// KOL.
    OpinionLeader,
    /// Works for the brand.
    Employee,
    /// Sells for a commission.
    Promoter,
    /// Supplier, distributor or other partner.
    Partner,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Consumer, Self::OpinionLeader, Self::Employee, Self::Promoter, Self::Partner];

    /// The word used in JSON and WIT.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::OpinionLeader => "opinion-leader",
            Self::Employee => "employee",
            Self::Promoter => "promoter",
            Self::Partner => "partner",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Running totals over a person's events, kept with each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, rename_all = "snake_case")]
pub struct Facts {
    /// Events that the person caused.
    pub event_count: i64,
    /// Orders completed and not fully refunded.
    pub order_count: i64,
    /// Minor units over all orders, refunds taken off.
    pub revenue: i64,
    /// First event.
    pub first_seen: Millis,
    /// Latest event.
    pub last_seen: Millis,
    /// Latest order, 0 if none.
    pub last_order_at: Millis,
}

/// How a person stands to others who were joined with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Membership {
    /// Whether this person was made for others that were joined, and shows their combination.
    pub is_group: bool,
    /// The group that this person is part of; nobody's for whoever stands alone.
    pub merged_into: Option<PersonId>,
    /// The outermost of the groups around this person.
    pub root: Option<PersonId>,
}

/// Where something was learnt, and when.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// When it was said.
    pub at: Millis,
    /// By whom: a channel, `import:imp_…`, a plugin's installation, `staff`.
    pub source: String,
}

/// How often something was done, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Activity {
    /// How often.
    pub count: i64,
    /// When last.
    pub last: Millis,
}

/// A contact between a person and the brand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Touch {
    /// When.
    pub at: Millis,
    /// Through which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// At which place of contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touchpoint: Option<String>,
}

/// One person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Stable and opaque.
    pub id: PersonId,
    /// Counts the tenant's people from 1; 0 until the person is stored.
    pub number: u32,
    /// Whether others were joined with this person.
    pub membership: Membership,
    /// How far the person has come.
    pub stage: Stage,
    /// What the person is to the brand, besides a consumer; sorted.
    pub roles: Vec<Role>,
    /// What the brand knows: `name`, `email`, `followers`, `city` … by name.
    pub attributes: JsonMap,
    /// Where each attribute comes from, by name. One without an attribute was taken away then.
    pub provenance: BTreeMap<String, Provenance>,
    /// Running totals.
    pub facts: Facts,
    /// What the person did, by kind of event.
    pub activity: BTreeMap<String, Activity>,
    /// Their first contact with a known channel or place.
    pub first_touch: Option<Touch>,
    /// Their latest.
    pub last_touch: Option<Touch>,
    /// When the person was first stored.
    pub created_at: Millis,
    /// When anything of the above last changed.
    pub updated_at: Millis,
}

impl Person {
    /// A person of whom nothing is known yet.
    pub fn new(id: PersonId, now: Millis) -> Self {
        Self {
            id,
            number: 0,
            membership: Membership::default(),
            stage: Stage::Prospect,
            roles: Vec::new(),
            attributes: JsonMap::new(),
            provenance: BTreeMap::new(),
            facts: Facts::default(),
            activity: BTreeMap::new(),
            first_touch: None,
            last_touch: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Who stands for this person in lists and to plugins: the outermost group, else the person.
    pub fn root(&self) -> PersonId {
        self.membership.root.unwrap_or(self.id)
    }

    /// What people call this person: the `name` attribute, else first and last name, else nothing.
    pub fn display_name(&self) -> Option<String> {
        let text = |key: &str| self.attributes.get(key).and_then(|v| v.as_str()).filter(|v| !v.is_empty());
        match (text("name"), text("firstName"), text("lastName")) {
            (Some(name), _, _) => Some(name.to_owned()),
            (None, Some(first), Some(last)) => Some(format!("{first} {last}")),
            (None, first, last) => first.or(last).map(str::to_owned),
        }
    }
}

/// A label on a person.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tag {
    /// `interest`, `consumption-power` …
    pub dimension: String,
    /// The label itself.
    pub name: String,
    /// Strength, 0 to 1, when it was put there; 0 says that it was taken away.
    pub weight: f64,
}

/// A tag that has less weight counts as gone.
pub const WEIGHT_MIN: f64 = 0.01;

/// A tag with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldTag {
    /// The tag.
    pub tag: Tag,
    /// Who put it there: an installation's name, `staff`, `import:imp_…`.
    pub source: String,
    /// When.
    pub at: Millis,
    /// Milliseconds in which it loses half of its weight; never if not said.
    pub half_life: Option<Millis>,
}

impl HeldTag {
    /// What is left of its weight; no more than there was.
    pub fn weight_at(&self, now: Millis) -> f64 {
        match self.half_life {
            Some(half) if half > 0 && now > self.at => {
                self.tag.weight * (-((now - self.at) as f64) / half as f64).exp2()
            }
            _ => self.tag.weight,
        }
    }
}

/// What staff do with a tag of a person; the properties of an event of kind [`crate::event::TAGS`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tagging {
    /// Whose; at most 500.
    pub people: Vec<PersonId>,
    /// Put on, in this order.
    #[serde(default)]
    pub add: Vec<Tag>,
    /// Taken off; weights are not looked at.
    #[serde(default)]
    pub remove: Vec<Tag>,
    /// Who asks.
    pub actor: String,
}

/// What staff change of a person; the properties of an event of kind [`crate::event::EDIT`]. Attributes are the event's
/// traits.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Edit {
    /// How far the person has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// All roles besides consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
    /// Who asks.
    pub actor: String,
}

/// What a channel told of a person, such as followers or mood.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// `followers`, `mood`, `favourite-pages` …
    pub kind: String,
    /// Which channel or plugin says so.
    pub source: String,
    /// The value.
    pub value: serde_json::Value,
    /// When it was so.
    pub observed_at: Millis,
    /// From when on it counts no more.
    pub expires_at: Option<Millis>,
}

/// Whether a person allows their data to be used for a purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    /// As the tenant's settings name it.
    pub purpose: String,
    /// Given, or taken back.
    pub granted: bool,
    /// What shows it: a form, a recording, a contract's number.
    pub evidence: String,
    /// Through which channel, by whom.
    pub source: String,
    /// When.
    pub at: Millis,
    /// From when on it has to be given again.
    pub expires_at: Option<Millis>,
}

/// How far an identity may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LinkState {
    /// Somebody said so.
    #[default]
    Unverified,
    /// Somebody who is trusted said so.
    Verified,
    /// Two people claim it, or somebody doubts it.
    Disputed,
    /// It does not lead to this person: nothing is delivered there.
    Invalid,
    /// Was right once; has to be checked again before anything is delivered there.
    Stale,
}

impl LinkState {
    /// Whether messages may be sent to what is linked so.
    pub fn delivers(self) -> bool {
        !matches!(self, Self::Invalid | Self::Disputed | Self::Stale)
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Unverified, Self::Verified, Self::Disputed, Self::Invalid, Self::Stale];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Disputed => "disputed",
            Self::Invalid => "invalid",
            Self::Stale => "stale",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// An identity of a person, and why it is believed to be theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The identity.
    pub identity: Identity,
    /// How far it may be relied on.
    pub state: LinkState,
    /// Who said so: an event's channel, `import:imp_…`, `staff`.
    pub source: String,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Why the state is what it is.
    pub reason: Option<String>,
    /// Who changed it last; nobody while it stands as it came.
    pub changed_by: Option<String>,
    /// When it was last changed.
    pub changed_at: Millis,
    /// The event that named it first.
    pub first_position: i64,
    /// When it was stored.
    pub created_at: Millis,
}

impl Link {
    /// Brings links into their order: strongest first, then as they became known.
    pub fn sort(links: &mut [Self]) {
        links.sort_by(|a, b| {
            let (first, second) = (&a.identity, &b.identity);
            second
                .strength()
                .cmp(&first.strength())
                .then_with(|| (a.first_position, first).cmp(&(b.first_position, second)))
        });
    }

    /// Whether messages may be sent there.
    pub fn delivers(&self) -> bool {
        self.state.delivers()
    }
}

/// One score of a person with the terms it is made of.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Score {
    /// As the scorer's manifest declares it.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Term by term, in the manifest's order.
    pub terms: Vec<(String, f64)>,
    /// The installation that computed it.
    pub installation: crate::ids::InstallationId,
    /// When.
    pub at: Millis,
}
