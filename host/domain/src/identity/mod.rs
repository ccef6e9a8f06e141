//! Identifiers of people: `kind:value`, normalised per kind, unique per tenant.
//!
//! However it was typed or pasted, one identifier has one form, and two identifiers that only look the same stay two.
//! A value is read from outside ([`Identity::read`]) under today's rules, and read back from the log and the database
//! ([`Identity::stored`]) as it was written down, so that a stricter rule never makes the past unreadable.

mod email;
mod kinds;
mod phone;
mod script;
#[cfg(test)]
mod tests;
mod text;
mod web_push;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use self::kinds::{KINDS, KindRules};
pub use self::phone::is_region;

/// The most characters of a value, but of kinds whose rules say otherwise.
pub const VALUE_MAX: usize = 256;
/// The most identities one event may name.
pub const PER_EVENT_MAX: usize = 16;

/// One identifier of a person, such as `email:ada@example.com`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    kind: String,
    value: String,
}

/// The text cannot be an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// No `kind:` in front.
    #[error("an identity is written kind:value, such as email:ada@example.com")]
    NoKind,
    /// The kind has other characters.
    #[error("an identity kind has 1 to 32 characters of a-z, 0-9, _ and -")]
    Kind,
    /// The value is empty or too long.
    #[error("the value of an identity has 1 to {VALUE_MAX} characters and no control characters")]
    Value,
    /// Zero-width, direction or tag characters inside a name that its owner could choose.
    #[error("the value of this identity contains invisible characters; remove them")]
    Invisible,
    /// What programs write when they know nobody.
    #[error("null, undefined, anonymous and the like name nobody; leave the identity out")]
    Placeholder,
    /// Not an email address.
    #[error("an email identity looks like name@host")]
    Email,
    /// An email address whose host cannot be one.
    #[error("the host of the email address is not a domain name")]
    EmailHost,
    /// Not a phone number.
    #[error("a phone identity has 5 to 15 digits, with a leading + and the country code")]
    Phone,
    /// A national number, and no region to read it in.
    #[error("a phone number without + and country code needs the tenant's region; give it as +86 138…")]
    PhoneRegion,
    /// Digits that no country gives out in this number.
    #[error("there is no such phone number; check the country code and the number of digits")]
    NoSuchPhone,
    /// The identifier of a known kind looks otherwise.
    #[error("a {kind} identity has {wants}")]
    Form {
        /// The kind.
        kind: &'static str,
        /// What its values look like.
        wants: &'static str,
    },
}

impl Identity {
    /// Normalises and checks what comes from outside, with phone numbers in international form only.
    pub fn new(kind: &str, value: &str) -> Result<Self, BadIdentity> {
        Self::read(kind, value, None)
    }

    /// Normalises and checks what comes from outside. `region` is the ISO 3166 code of the country whose phone numbers
    /// may be written without a country code.
    pub fn read(kind: &str, value: &str, region: Option<&str>) -> Result<Self, BadIdentity> {
        check_kind(kind)?;
        let value = kinds::of(kind).normal(value, region)?;
        check_value(kind, &value)?;
        Ok(Self { kind: kind.to_owned(), value })
    }

    /// Like [`Identity::read`], from `kind:value`.
    pub fn read_text(text: &str, region: Option<&str>) -> Result<Self, BadIdentity> {
        let (kind, value) = text.split_once(':').ok_or(BadIdentity::NoKind)?;
        Self::read(kind, value, region)
    }

    /// An identity as it was written down once, after it had been read: only its outline is checked.
    pub fn stored(kind: &str, value: &str) -> Result<Self, BadIdentity> {
        check_kind(kind)?;
        check_value(kind, value)?;
        Ok(Self { kind: kind.to_owned(), value: value.to_owned() })
    }

    /// Whether a text can name a kind of identity.
    pub fn is_kind(text: &str) -> bool {
        check_kind(text).is_ok()
    }

    /// Which kind of identifier.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its normalised value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What holds for all identities of this kind; unknown kinds share one set of rules.
    pub fn rules(&self) -> &'static KindRules {
        kinds::of(&self.kind)
    }

    /// How much an identity of this kind says about who it is; larger is stronger.
    pub fn strength(&self) -> u8 {
        self.rules().strength
    }

    /// Whether somebody may have made it to be taken for another: one word mixes scripts (Cyrillic `а` among Latin
    /// letters) or is written in look-alikes of ASCII letters. Such an identity is one of its own, but what it links
    /// wants a human eye.
    pub fn is_suspicious(&self) -> bool {
        match self.kind.as_str() {
            "email" => email::is_suspicious(&self.value),
            _ => script::is_suspicious(&self.value),
        }
    }
}

/// Reads a list of identities back from where they were written down, as [`Identity::stored`] does; for
/// `#[serde(deserialize_with)]` on documents that only the host writes.
pub fn stored_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Identity>, D::Error> {
    let texts = <Vec<Cow<'de, str>> as serde::Deserialize>::deserialize(deserializer)?;
    let read = |text: Cow<'de, str>| {
        let (kind, value) = text.split_once(':').ok_or(BadIdentity::NoKind)?;
        Identity::stored(kind, value)
    };
    texts.into_iter().map(read).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

fn check_kind(kind: &str) -> Result<(), BadIdentity> {
    let good = (1..=32).contains(&kind.len())
        && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if good { Ok(()) } else { Err(BadIdentity::Kind) }
}

fn check_value(kind: &str, value: &str) -> Result<(), BadIdentity> {
    let most = kinds::of(kind).value_max;
    let good = !value.is_empty() && value.chars().count() <= most && !value.chars().any(char::is_control);
    if good { Ok(()) } else { Err(BadIdentity::Value) }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

impl FromStr for Identity {
    type Err = BadIdentity;

    fn from_str(text: &str) -> Result<Self, BadIdentity> {
        Self::read_text(text, None)
    }
}

impl serde::Serialize for Identity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Identity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
