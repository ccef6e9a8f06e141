//! What a tenant allows a plugin, as it is written: lists, or the word `requested` for everything it asks for.

use std::fmt;

use guanxi_app::GrantsInput;
use guanxi_domain::grants::Grants;
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
    /// Operations that it may ask for.
    pub operations: Vec<String>,
    /// Hosts that it may send requests to.
    pub egress: Vec<String>,
    /// Secrets that it may use.
    pub secrets: Vec<String>,
}

impl From<Grants> for GrantLists {
    fn from(grants: Grants) -> Self {
        let Grants { events, fields, operations, egress, secrets } = grants;
        Self { events, fields, operations, egress, secrets }
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
        f.write_str("\"requested\" or an object with the lists events, fields, operations, egress and secrets")
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
        let lists = Grants { operations: vec!["send".to_owned()], ..Grants::default() };
        assert_eq!(read(r#"{"operations":["send"]}"#), Ok(GrantsInput::Lists(lists)));
        assert!(read(r#""all""#).unwrap_err().contains("expected \"requested\" or an object"));
        assert!(read(r#"{"operation":[]}"#).unwrap_err().contains("unknown field `operation`"));
        assert!(read("true").is_err());
    }
}
