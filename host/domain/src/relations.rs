//! Who knows whom: what is said of relations, by the host's own events and by a few that senders use anyway.

use std::fmt;
use std::str::FromStr;

use crate::identity::{BadIdentity, Identity};
use crate::ids::{BadId, PersonId};
use crate::{JsonMap, Millis};

/// Kind of the events that carry relations, whoever told the host of them.
pub const RELATIONS: &str = "guanxi.relations";
/// The most relations of one event.
pub const RELATIONS_PER_EVENT_MAX: usize = 500;
/// The most bytes of a kind.
pub const RELATION_KIND_MAX: usize = 32;
/// How strong a relation is if nobody says.
pub const STRENGTH_DEFAULT: f64 = 0.5;

/// Somebody, as a relation names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Whoever has this identity, who is made if there is nobody.
    Identity(Identity),
    /// This person.
    Person(PersonId),
}

/// What is said of one relation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Who has it: the follower, the one who was brought.
    pub from: Who,
    /// To whom.
    pub to: Who,
    /// `friend`, `follows`, `referred-by` …; 1 to 32 bytes of a–z, 0–9, `_` and `-`.
    pub kind: String,
    /// How strong it is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// Since when; since the event if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    /// Whether the same holds the other way round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutual: bool,
    /// Whether it is no more, between everybody who was joined with either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remove: bool,
}

/// The properties of an event of kind [`RELATIONS`].
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Relations {
    /// In this order.
    pub edges: Vec<Relation>,
    /// Who says so: `api`, `import:imp_…`.
    pub source: String,
}

/// A relation cannot be taken: what and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadRelation {
    /// The kind has other characters or too many.
    #[error("kind: has 1 to {RELATION_KIND_MAX} characters of a-z, 0-9, _ and -")]
    Kind,
    /// Not from 0 to 1.
    #[error("strength: is from 0 to 1")]
    Strength,
    /// Before 1970 or after 9999.
    #[error("at: is in milliseconds since 1970")]
    At,
    /// Both ends are written the same.
    #[error("to: names whom `from` names; a relation leads to somebody else")]
    Same,
}

/// The text names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWho {
    /// Starts as an id does, but is none.
    #[error(transparent)]
    Person(#[from] BadId),
    /// Is no identity either.
    #[error(transparent)]
    Identity(#[from] BadIdentity),
}

/// The last millisecond of the year 9999.
const AT_MAX: Millis = 253_402_300_799_999;

impl Relation {
    /// Checks what types cannot say.
    pub fn check(&self) -> Result<(), BadRelation> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if !(1..=RELATION_KIND_MAX).contains(&self.kind.len()) || !self.kind.bytes().all(plain) {
            return Err(BadRelation::Kind);
        }
        if self.strength.is_some_and(|strength| !(0.0..=1.0).contains(&strength)) {
            return Err(BadRelation::Strength);
        }
        if self.at.is_some_and(|at| !(0..=AT_MAX).contains(&at)) {
            return Err(BadRelation::At);
        }
        if self.from == self.to { Err(BadRelation::Same) } else { Ok(()) }
    }
}

impl Who {
    /// The identity, if it is one.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Identity(identity) => Some(identity),
            Self::Person(_) => None,
        }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Identity(_) => None,
            Self::Person(person) => Some(*person),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(identity) => identity.fmt(f),
            Self::Person(person) => person.fmt(f),
        }
    }
}

impl FromStr for Who {
    type Err = BadWho;

    fn from_str(text: &str) -> Result<Self, BadWho> {
        if text.starts_with("per_") && !text.contains(':') {
            return Ok(Self::Person(text.parse()?));
        }
        Ok(Self::Identity(text.parse()?))
    }
}

impl serde::Serialize for Who {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Who {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What the graph of relations says of a person; nothing of whoever has no relations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// How much they count (PageRank), 1 on the average.
    pub influence: f64,
    /// Steps to the nearest opinion leader or employee, 0 for one of these; `None` if no way leads there.
    pub distance: Option<u8>,
    /// With how many others they have relations.
    pub connections: u32,
}

/// What an ordinary event says of a relation of the person whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// To whom.
    pub to: Identity,
    /// The kind.
    pub kind: &'static str,
    /// Whether it is no more.
    pub remove: bool,
}

/// Events that tell of a relation: their kind, the property that names the other one, and what it is.
const TELLING: [(&str, &str, &str, bool); 4] = [
    ("Followed", "target", "follows", false),
    ("Unfollowed", "target", "follows", true),
    ("Referred", "referrer", "referred-by", false),
    ("Shared", "target", "shares-with", false),
];

/// The relation that an ordinary event tells of: `Followed`, `Unfollowed` and `Shared` with a property `target`,
/// `Referred` with a property `referrer`, each an identity. What is none tells of nothing: such properties may mean
/// something else to their sender.
pub fn told(kind: &str, properties: &JsonMap) -> Option<Told> {
    let (_, property, relation, remove) = TELLING.iter().find(|(event, ..)| *event == kind)?;
    let to = properties.get(*property)?.as_str()?.parse().ok()?;
    Some(Told { to, kind: relation, remove: *remove })
}

/// The relations that an event of kind [`RELATIONS`] carries; `None` if it is of another. One that cannot be read is left
/// out: somebody in it was erased.
pub fn carried(kind: &str, properties: &JsonMap) -> Option<Relations> {
    if kind != RELATIONS {
        return None;
    }
    let edges = properties.get("edges").and_then(|edges| edges.as_array()).map(Vec::as_slice).unwrap_or_default();
    let edges = edges.iter().filter_map(|edge| serde_json::from_value(edge.clone()).ok()).collect();
    let source = properties.get("source").and_then(|source| source.as_str()).unwrap_or("api").to_owned();
    Some(Relations { edges, source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: serde_json::Value) -> JsonMap {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn events_tell_of_relations() {
        let told = |kind, properties| told(kind, &map(properties)).map(|t| (t.to.to_string(), t.kind, t.remove));
        let lin = || "wechat_openid:lin".to_owned();
        assert_eq!(told("Followed", json!({"target": "wechat_openid:lin"})), Some((lin(), "follows", false)));
        assert_eq!(told("Unfollowed", json!({"target": "wechat_openid:lin"})), Some((lin(), "follows", true)));
        assert_eq!(told("Referred", json!({"referrer": "wechat_openid:lin"})), Some((lin(), "referred-by", false)));
        for (kind, properties) in [
            ("Followed", json!({})),
            ("Followed", json!({"target": 7})),
            ("Followed", json!({"target": "our account"})),
            ("Followed", json!({"target": "per_01h2xcejqtf2nbrexx3vqjhp41"})),
            ("followed", json!({"target": "wechat_openid:lin"})),
        ] {
            assert_eq!(told(kind, properties.clone()), None, "{kind} {properties}");
        }
    }

    #[test]
    fn an_event_loses_what_was_erased_and_nothing_else() {
        let good = json!({"from": "user:a", "to": "user:b", "kind": "friend"});
        let struck = json!({"from": "[erased]", "to": "user:b", "kind": "friend"});
        let properties = map(json!({"edges": [struck, good], "source": "import"}));
        let relations = carried(RELATIONS, &properties).unwrap();
        assert_eq!((relations.edges.len(), relations.source.as_str()), (1, "import"));
        assert_eq!(carried(RELATIONS, &JsonMap::new()).map(|relations| relations.edges), Some(Vec::new()));
        assert_eq!(carried("friends", &properties), None);
    }

    #[test]
    fn relations_are_checked() {
        let read = |value: serde_json::Value| serde_json::from_value::<Relation>(value);
        let good = read(json!({"from": "user:a", "to": "per_01h2xcejqtf2nbrexx3vqjhp41", "kind": "friend"})).unwrap();
        assert_eq!(good.check(), Ok(()));
        for (change, why) in [
            (Relation { kind: String::new(), ..good.clone() }, BadRelation::Kind),
            (Relation { kind: "Friend".to_owned(), ..good.clone() }, BadRelation::Kind),
            (Relation { kind: "a".repeat(33), ..good.clone() }, BadRelation::Kind),
            (Relation { strength: Some(1.01), ..good.clone() }, BadRelation::Strength),
            (Relation { strength: Some(f64::NAN), ..good.clone() }, BadRelation::Strength),
            (Relation { at: Some(-1), ..good.clone() }, BadRelation::At),
            (Relation { to: good.from.clone(), ..good.clone() }, BadRelation::Same),
        ] {
            assert_eq!(change.check(), Err(why));
        }
        for bad in [
            json!({"from": "user", "to": "user:b", "kind": "friend"}),
            json!({"from": "user:a", "to": "per_x", "kind": "friend"}),
            json!({"from": "user:a", "to": "user:b", "kind": "friend", "weight": 1}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
