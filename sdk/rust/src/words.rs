//! Words that every kind shares: people, events, values, tags, times and failures.

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

pub use crate::bindings::words::types::{
    Event, Failure, Field, Instant, Json, Money, Profile, Received, Role, Score, Stage, Tag, Value,
};
use crate::config;

/// One second, in the milliseconds of [`Instant`].
pub const SECOND: Instant = 1_000;
/// One minute.
pub const MINUTE: Instant = 60 * SECOND;
/// One hour.
pub const HOUR: Instant = 60 * MINUTE;
/// One day.
pub const DAY: Instant = 24 * HOUR;

impl Event {
    /// All properties as a type of the author's choice; [`Failure::BadInput`] with the path of what does not fit.
    ///
    /// ```
    /// # use guanxi_plugin::{testing, Failure};
    /// #[derive(serde::Deserialize)]
    /// struct Order {
    ///     order_id: String,
    ///     total: f64,
    /// }
    ///
    /// # fn main() -> Result<(), Failure> {
    /// let event = testing::event("Order Completed", serde_json::json!({"order_id": "A-1", "total": 129.9}));
    /// let order: Order = event.properties()?;
    /// assert_eq!((order.order_id.as_str(), order.total), ("A-1", 129.9));
    /// # Ok(())
    /// # }
    /// ```
    pub fn properties<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        config::parse(&self.properties).map_err(|problem| Failure::BadInput(format!("event.properties: {problem}")))
    }

    /// One property; `None` if it is not there or null, [`Failure::BadInput`] if it is of another type.
    ///
    /// ```
    /// # use guanxi_plugin::{testing, Failure};
    /// # fn main() -> Result<(), Failure> {
    /// let event = testing::event("Order Completed", serde_json::json!({"total": 129.9}));
    /// assert_eq!(event.property::<f64>("total")?, Some(129.9));
    /// assert_eq!(event.property::<f64>("discount")?, None);
    /// assert!(event.property::<bool>("total").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn property<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let mut deserializer = serde_json::Deserializer::from_str(&self.properties);
        OneProperty { name, found: std::marker::PhantomData }
            .deserialize(&mut deserializer)
            .map_err(|problem| Failure::BadInput(format!("event.properties.{name}: {problem}")))
    }
}

impl Profile {
    /// A granted field, if it is known.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }

    /// A granted field that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A granted field that is a count, or money in minor units, or a time in milliseconds.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.field(name)? {
            Value::Integer(integer) | Value::Time(integer) => Some(*integer),
            _ => None,
        }
    }

    /// A granted field that is a measure; a count is taken as one too.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.field(name)? {
            Value::Number(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        }
    }

    /// A granted field that is yes or no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The value of a score, if the person has it.
    pub fn score(&self, name: &str) -> Option<f64> {
        self.scores.iter().find(|score| score.name == name).map(|score| score.value)
    }

    /// Whether the person carries a tag.
    pub fn has_tag(&self, dimension: &str, name: &str) -> bool {
        self.tags.iter().any(|tag| tag.dimension == dimension && tag.name == name)
    }

    /// The names of the person's tags of one dimension.
    pub fn tags_of<'a>(&'a self, dimension: &'a str) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter(move |tag| tag.dimension == dimension).map(|tag| tag.name.as_str())
    }

    /// Whether the person can be reached over a channel now.
    pub fn can_reach(&self, channel: &str) -> bool {
        self.reachable.iter().any(|reachable| reachable == channel)
    }

    /// Whether the person's language is `language`, whatever the region: `zh-Hant-TW` speaks `zh`.
    pub fn speaks(&self, language: &str) -> bool {
        let locale = self.locale.as_deref().unwrap_or_default();
        locale.split(['-', '_']).next().is_some_and(|primary| primary.eq_ignore_ascii_case(language))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl Failure {
    /// Its words, without its case.
    pub fn message(&self) -> &str {
        match self {
            Self::BadConfig(message) | Self::BadInput(message) | Self::Other(message) => message,
        }
    }
}

/// Walks over one JSON object and builds only the property asked for: events are read far more often than wanted whole.
struct OneProperty<'a, T> {
    name: &'a str,
    found: std::marker::PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for OneProperty<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneProperty<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.name {
                found = map.next_value::<Option<T>>()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn languages_match_without_their_region() {
        let mut person = testing::person();
        for (locale, zh) in [(Some("zh-Hant-TW"), true), (Some("ZH"), true), (Some("en-US"), false), (None, false)] {
            person.locale = locale.map(str::to_owned);
            assert_eq!(person.speaks("zh"), zh, "{locale:?}");
        }
    }

    #[test]
    fn one_property_is_found_behind_nested_ones() {
        let json =
            serde_json::json!({"products": [{"total": 1}], "note": "a \"quoted\" one", "total": 7, "none": null});
        let event = testing::event("Order Completed", json);
        assert_eq!(event.property("total"), Ok(Some(7)));
        assert_eq!(event.property::<u32>("none"), Ok(None));
        assert_eq!(event.property("note"), Ok(Some("a \"quoted\" one".to_owned())));
    }
}
