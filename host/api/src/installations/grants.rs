//! What a tenant allows a plugin, as it is written: lists, or the word `requested` for everything it asks for.

use std::collections::BTreeMap;
use std::fmt;

use guanxi_app::GrantsInput;
use guanxi_domain::grants::{Grants, Limits};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What a plugin may do, in the words of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Grants)]
pub struct GrantLists {
    /// Kinds of events that it may be told of; `*` for every kind that it asks for.
    pub events: Vec<String>,
    /// Fields of people that it may see.
    pub fields: Vec<String>,
    /// Classes of what else is known of people that it may see: `roles`, `scores`, `stage`, `tags`, or a part such as
    /// `tags:interest`; `*`, which is meant if this is left out, for every class that it asks for.
    #[schema(required = false)]
    pub classes: Vec<String>,
    /// Operations that it may ask for.
    pub operations: Vec<String>,
    /// How often operations are carried out at most, by their names; as often as it asks for if left out.
    #[schema(required = false)]
    pub limits: BTreeMap<String, OperationLimits>,
    /// Hosts that it may send requests to.
    pub egress: Vec<String>,
    /// Secrets that it may use.
    pub secrets: Vec<String>,
}

/// How often one operation is carried out at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct OperationLimits {
    /// In a calendar day of the brand, about everybody together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1000)]
    pub per_day: Option<u64>,
    /// In a calendar day of the brand, about each person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_person_per_day: Option<u64>,
}

impl From<Limits> for OperationLimits {
    fn from(Limits { per_day, per_person_per_day }: Limits) -> Self {
        Self { per_day, per_person_per_day }
    }
}

impl From<Grants> for GrantLists {
    fn from(grants: Grants) -> Self {
        let Grants { events, fields, classes, operations, limits, egress, secrets } = grants;
        let limits = limits.into_iter().map(|(operation, limits)| (operation, limits.into())).collect();
        Self { events, fields, classes, operations, limits, egress, secrets }
    }
}

/// `requested`, or lists of what the plugin's manifest requests. What no list names is not granted.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = GrantsWish)]
#[expect(dead_code, reason = "describes what GrantsBody reads")]
pub enum GrantsSchema {
    Everything(EverythingRequested),
    Lists(GrantLists),
}

/// Everything that the plugin's manifest requests.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes what GrantsBody reads")]
pub enum EverythingRequested {
    Requested,
}

/// Grants as a client gives them.
#[derive(Debug, PartialEq, Eq)]
pub struct GrantsBody(pub GrantsInput);

impl<'de> Deserialize<'de> for GrantsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrLists).map(Self)
    }
}

struct WordOrLists;

impl<'de> Visitor<'de> for WordOrLists {
    type Value = GrantsInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"requested\" or an object with the lists events, fields, classes, operations, egress and secrets, and limits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<GrantsInput, E> {
        if text == "requested" {
            return Ok(GrantsInput::Requested);
        }
        Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GrantsInput, A::Error> {
        Grants::deserialize(MapAccessDeserializer::new(map)).map(GrantsInput::Lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_a_word_or_lists() {
        let read = |text: &str| serde_json::from_str::<GrantsBody>(text).map(|body| body.0).map_err(|e| e.to_string());
        assert_eq!(read(r#""requested""#), Ok(GrantsInput::Requested));
        let (operations, classes) = (vec!["send".to_owned()], vec!["*".to_owned()]);
        let lists = Grants { operations, classes, ..Grants::default() };
        assert_eq!(read(r#"{"operations":["send"]}"#), Ok(GrantsInput::Lists(lists.clone())));
        let limited = read(r#"{"operations":["send"],"limits":{"send":{"per-day":9}}}"#);
        let limits = [("send".to_owned(), Limits { per_day: Some(9), per_person_per_day: None })].into();
        assert_eq!(limited, Ok(GrantsInput::Lists(Grants { limits, ..lists })));
        assert!(read(r#"{"limits":{"send":{"per-hour":9}}}"#).unwrap_err().contains("unknown field `per-hour`"));
        assert!(read(r#"{"limits":{"send":{"per-day":-1}}}"#).is_err());
        assert!(read(r#""all""#).unwrap_err().contains("expected \"requested\" or an object"));
        assert!(read(r#"{"operation":[]}"#).unwrap_err().contains("unknown field `operation`"));
        assert!(read("true").is_err());
    }
}
