//! What a brand sets for itself: its region and time zone, the purposes it processes data for, the types of its attributes and the
//! dimensions of its tags. One JSON document a tenant; an empty one is a good start.

use std::collections::BTreeMap;

use crate::JsonMap;
use crate::caps::{CAPS_MAX, Cap};
use crate::event::{EventBody, NOTES_MAX};
use crate::insight::Clock;
use crate::quiet_hours::QuietHours;

/// The most entries of each part.
pub const ENTRIES_MAX: usize = 200;
/// The most bytes of the document.
pub const SETTINGS_BYTES_MAX: usize = 64 * 1024;
/// The most characters of a title.
const TITLE_MAX: usize = 120;

/// The settings of one tenant.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// ISO 3166 code of the country whose phone numbers may be written without a country code, such as `CN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// IANA name of the time zone in which the brand tells days and hours, such as `Asia/Shanghai`; UTC if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What data is used for, by name. Purposes that are not named here need no consent.
    pub purposes: BTreeMap<String, Purpose>,
    /// Attributes with a type, by name; others take what comes.
    pub attributes: BTreeMap<String, AttributeType>,
    /// Dimensions of tags, by name.
    pub dimensions: BTreeMap<String, Dimension>,
    /// Days for which receipts of decisions are kept; always if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_days: Option<u32>,
    /// Hours in which people are left alone, by the clock on their own wall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// How often people are written to at most, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub caps: BTreeMap<String, Cap>,
    /// Days for which requests to channels and their answers are kept; 7 if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_days: Option<u32>,
    /// The tag of the language in which people are written to of whom none is known, such as `zh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What is learnt of messages once they are there.
    #[serde(skip_serializing_if = "Tracking::is_off")]
    pub tracking: Tracking,
}

/// What is learnt of messages once they are there. Nobody is tracked whom a purpose called `tracking` or `analytics` in the
/// settings does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracking {
    /// Which links are followed.
    pub links: bool,
    /// Which messages are looked at, on channels that show HTML.
    pub opens: bool,
}

impl Tracking {
    /// The purposes that stand for tracking.
    pub const PURPOSES: [&str; 2] = ["tracking", "analytics"];

    /// Whether nothing is learnt.
    pub fn is_off(&self) -> bool {
        !self.links && !self.opens
    }
}

/// What data is used for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// What people read.
    pub title: String,
    /// Why it is lawful.
    pub basis: Basis,
    /// Days after which a consent has to be given again; never if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Fields of a person that plugins see only as long as this purpose is allowed, whatever they want them for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// Why processing is lawful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Only with the person's consent.
    Consent,
    /// Until the person objects.
    LegitimateInterest,
    /// To do what the person has asked for; cannot be withdrawn.
    Contract,
}

/// What values of an attribute look like.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeType {
    /// What people read.
    pub title: String,
    /// Its values.
    pub kind: AttributeKind,
    /// Days after which a value counts as old; never if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// Sorts of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
    /// A day, `2026-11-22`.
    Date,
    /// Several texts.
    Texts,
}

/// A dimension of tags.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// What people read.
    pub title: String,
    /// Days in which a tag loses half of its weight; never if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<f64>,
}

/// The document cannot be the settings of a tenant: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadSettings {
    /// `purposes.marketing.title` …
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl TenantSettings {
    /// Checks what types cannot say.
    pub fn check(&self) -> Result<(), BadSettings> {
        let region_ok = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        if self.region.as_deref().is_some_and(|code| !region_ok(code)) {
            return Err(bad("region", "give an ISO 3166 code of two capital letters, such as CN"));
        }
        if self.time_zone.as_deref().is_some_and(|name| Clock::named(name).is_none()) {
            return Err(bad("time_zone", "give the IANA name of a time zone, such as Asia/Shanghai"));
        }
        let language_ok = |tag: &str| {
            let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
            tag.len() <= 35 && tag.split('-').all(part)
        };
        if self.language.as_deref().is_some_and(|tag| !language_ok(tag)) {
            return Err(bad("language", "give the tag of a language, such as zh or en-GB"));
        }
        check_days("receipt_days", self.receipt_days)?;
        check_days("exchange_days", self.exchange_days)?;
        for (name, purpose) in &self.purposes {
            check_entry("purposes", name, &purpose.title)?;
            check_days(&format!("purposes.{name}.days"), purpose.days)?;
            let fields_ok = purpose.fields.iter().all(|field| (1..=64).contains(&field.chars().count()));
            if purpose.fields.len() > ENTRIES_MAX || !fields_ok {
                let problem = format!("has at most {ENTRIES_MAX} names of 1 to 64 characters");
                return Err(bad(&format!("purposes.{name}.fields"), &problem));
            }
        }
        for (name, attribute) in &self.attributes {
            check_entry("attributes", name, &attribute.title)?;
            check_days(&format!("attributes.{name}.days"), attribute.days)?;
        }
        for (name, dimension) in &self.dimensions {
            check_entry("dimensions", name, &dimension.title)?;
            let good = dimension.half_life_days.is_none_or(|days| (0.01..=36_500.0).contains(&days));
            if !good {
                return Err(bad(&format!("dimensions.{name}.half_life_days"), "is from 0.01 to 36500"));
            }
        }
        self.check_contact()?;
        for (part, count) in [
            ("purposes", self.purposes.len()),
            ("attributes", self.attributes.len()),
            ("dimensions", self.dimensions.len()),
        ] {
            if count > ENTRIES_MAX {
                return Err(bad(part, &format!("has at most {ENTRIES_MAX} entries")));
            }
        }
        Ok(())
    }

    /// When and how often people may be written to.
    fn check_contact(&self) -> Result<(), BadSettings> {
        if let Some(problem) = self.quiet_hours.as_ref().and_then(QuietHours::problem) {
            return Err(bad("quiet_hours", problem));
        }
        if self.caps.len() > CAPS_MAX {
            return Err(bad("caps", &format!("has at most {CAPS_MAX} entries")));
        }
        for (name, cap) in &self.caps {
            check_entry("caps", name, &cap.title)?;
            if let Some((at, problem)) = cap.problem() {
                return Err(bad(&format!("caps.{name}.{at}"), &problem));
            }
        }
        Ok(())
    }

    /// Milliseconds in which a tag of this dimension loses half of its weight.
    pub fn half_life(&self, dimension: &str) -> Option<i64> {
        let days = self.dimensions.get(dimension)?.half_life_days?;
        Some((days * 86_400_000.0) as i64)
    }

    /// Gives the attributes of an event the types that they have; one that cannot be of its type is left out, with a note.
    pub fn shape(&self, body: &mut EventBody) {
        if self.attributes.is_empty() {
            return;
        }
        let names: Vec<String> =
            body.traits.keys().filter(|name| self.attributes.contains_key(*name)).cloned().collect();
        for name in names {
            let Some(value) = body.traits.get(&name).filter(|value| !value.is_null()) else { continue };
            match self.typed(&name, value) {
                Some(typed) => drop(body.traits.insert(name, typed)),
                None => {
                    body.traits.remove(&name);
                    if body.notes.len() < NOTES_MAX {
                        body.notes.push(format!("traits.{name}: left out, not of the type that the settings give it"));
                    }
                }
            }
        }
    }

    /// The value as the attribute's type wants it; `None` if it cannot be one. An attribute without a type takes
    /// everything.
    pub fn typed(&self, name: &str, value: &serde_json::Value) -> Option<serde_json::Value> {
        match self.attributes.get(name) {
            Some(attribute) => attribute.kind.read(value),
            None => Some(value.clone()),
        }
    }
}

impl AttributeKind {
    /// The value in this kind's form, also from its usual spelling as a text; `None` if it cannot be one.
    pub fn read(self, value: &serde_json::Value) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        let text = value.as_str().map(str::trim);
        match self {
            Self::Text => match value {
                Json::String(_) => Some(value.clone()),
                Json::Number(number) => Some(Json::String(number.to_string())),
                _ => None,
            },
            Self::Number => {
                let number = value.as_f64().or_else(|| text?.parse().ok()).filter(|number| number.is_finite())?;
                value
                    .is_number()
                    .then(|| value.clone())
                    .or_else(|| serde_json::Number::from_f64(number).map(Json::Number))
            }
            Self::Integer => value.as_i64().or_else(|| text?.parse().ok()).map(Json::from),
            Self::Flag => value.as_bool().or_else(|| flag(text?)).map(Json::from),
            Self::Date => day(text?).map(Json::from),
            Self::Texts => match value {
                Json::Array(items) => items.iter().all(Json::is_string).then(|| value.clone()),
                Json::String(one) => Some(Json::Array(vec![Json::String(one.clone())])),
                _ => None,
            },
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "是" => Some(true),
        "false" | "no" | "n" | "0" | "否" => Some(false),
        _ => None,
    }
}

/// `2026-11-22` from `2026-11-22`, `2026/11/22` or a time that starts like this.
fn day(text: &str) -> Option<String> {
    let date: String = text.chars().take(10).map(|c| if c == '/' { '-' } else { c }).collect();
    date.parse::<jiff::civil::Date>().ok().map(|date| date.to_string())
}

fn check_entry(part: &str, name: &str, title: &str) -> Result<(), BadSettings> {
    if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(bad(part, "names have 1 to 64 characters"));
    }
    if title.trim().is_empty() || title.chars().count() > TITLE_MAX || title.chars().any(char::is_control) {
        return Err(bad(&format!("{part}.{name}.title"), &format!("has 1 to {TITLE_MAX} characters")));
    }
    Ok(())
}

fn check_days(at: &str, days: Option<u32>) -> Result<(), BadSettings> {
    if days.is_none_or(|days| (1..=36_500).contains(&days)) { Ok(()) } else { Err(bad(at, "is from 1 to 36500")) }
}

fn bad(at: &str, problem: &str) -> BadSettings {
    BadSettings { at: at.to_owned(), problem: problem.to_owned() }
}

/// Reads a document, which is empty for a tenant that has set nothing.
pub fn read(document: &JsonMap) -> Result<TenantSettings, BadSettings> {
    let settings: TenantSettings = serde_json::from_value(serde_json::Value::Object(document.clone()))
        .map_err(|error| bad("settings", &error.to_string()))?;
    settings.check().map(|()| settings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_checked_with_the_place_of_what_is_wrong() {
        for (document, at) in [
            (json!({}), None),
            (
                json!({"region": "CN", "purposes": {"marketing": {"title": "营销", "basis": "consent", "days": 730}}}),
                None,
            ),
            (json!({"region": "cn"}), Some("region")),
            (json!({"time_zone": "Asia/Shanghai"}), None),
            (json!({"time_zone": "Mars/Olympus"}), Some("time_zone")),
            (json!({"time_zone": ""}), Some("time_zone")),
            (json!({"purposes": {"marketing": {"title": " ", "basis": "consent"}}}), Some("purposes.marketing.title")),
            (json!({"receipt_days": 0}), Some("receipt_days")),
            (json!({"quiet_hours": {"from": "22:00", "to": "08:00"}}), None),
            (json!({"quiet_hours": {"from": "22:00", "to": "22:00"}}), Some("quiet_hours")),
            (json!({"quiet_hours": {"from": "10 pm", "to": "08:00"}}), Some("settings")),
            (json!({"caps": {"weekly": {"title": "Weekly", "limit": 2, "days": 7}}}), None),
            (json!({"caps": {"weekly": {"title": "Weekly", "limit": 2}}}), Some("caps.weekly.days")),
            (json!({"caps": {"weekly": {"title": "", "limit": 2, "days": 7}}}), Some("caps.weekly.title")),
            (json!({"exchange_days": 0}), Some("exchange_days")),
            (
                json!({"dimensions": {"mood": {"title": "Mood", "half_life_days": 0.0}}}),
                Some("dimensions.mood.half_life_days"),
            ),
            (json!({"unknown": 1}), Some("settings")),
        ] {
            let read = read(document.as_object().unwrap());
            assert_eq!(read.err().map(|bad| bad.at).as_deref(), at, "{document}");
        }
    }

    #[test]
    fn values_take_the_form_of_their_type() {
        for (kind, value, expected) in [
            (AttributeKind::Integer, json!(" 42 "), Some(json!(42))),
            (AttributeKind::Number, json!("1.5"), Some(json!(1.5))),
            (AttributeKind::Number, json!("NaN"), None),
            (AttributeKind::Flag, json!("是"), Some(json!(true))),
            (AttributeKind::Date, json!("1990/02/28"), Some(json!("1990-02-28"))),
            (AttributeKind::Date, json!("1990-02-30"), None),
            (AttributeKind::Texts, json!("a"), Some(json!(["a"]))),
            (AttributeKind::Text, json!(7), Some(json!("7"))),
        ] {
            assert_eq!(kind.read(&value), expected, "{kind:?} {value}");
        }
    }
}
