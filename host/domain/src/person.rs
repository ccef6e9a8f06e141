//! One person of one tenant: stage, attributes and the facts that follow from their events.

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

/// One person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Stable and opaque.
    pub id: PersonId,
    /// How far the person has come.
    pub stage: Stage,
    /// What the brand knows: `name`, `email`, `followers`, `city` … by name.
    pub attributes: JsonMap,
    /// Running totals.
    pub facts: Facts,
    /// When the person was first stored.
    pub created_at: Millis,
    /// When anything of the above last changed.
    pub updated_at: Millis,
}

impl Person {
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
    /// Strength, 0 to 1.
    pub weight: f64,
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
