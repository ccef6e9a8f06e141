//! Identifiers of people: `kind:value`, normalised per kind, unique per tenant.

use std::fmt;
use std::str::FromStr;

/// The most characters of a value.
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
    /// An email address without exactly one `@` between two parts.
    #[error("an email identity looks like name@host")]
    Email,
    /// Not a phone number.
    #[error("a phone identity has 5 to 15 digits, with a leading + and the country code")]
    Phone,
}

impl Identity {
    /// Normalises and checks.
    pub fn new(kind: &str, value: &str) -> Result<Self, BadIdentity> {
        let kind_ok = (1..=32).contains(&kind.len())
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if !kind_ok {
            return Err(BadIdentity::Kind);
        }
        let trimmed = value.trim();
        if trimmed.is_empty() || trimmed.chars().count() > VALUE_MAX || trimmed.chars().any(char::is_control) {
            return Err(BadIdentity::Value);
        }
        let value = match kind {
            "email" => normal_email(trimmed)?,
            "phone" => normal_phone(trimmed)?,
            _ => trimmed.to_owned(),
        };
        Ok(Self { kind: kind.to_owned(), value })
    }

    /// Which kind of identifier.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its normalised value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// How much an identity of this kind says about who it is; larger is stronger.
    pub fn strength(&self) -> u8 {
        match self.kind.as_str() {
            "user" => 4,
            "phone" | "email" | "member_card" => 3,
            "anonymous" => 0,
            "device" => 1,
            _ => 2,
        }
    }
}

fn normal_email(text: &str) -> Result<String, BadIdentity> {
    match text.split_once('@') {
        Some((name, host))
            if !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace) =>
        {
            Ok(text.to_lowercase())
        }
        _ => Err(BadIdentity::Email),
    }
}

fn normal_phone(text: &str) -> Result<String, BadIdentity> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    let bare = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")).unwrap_or(&digits);
    let good = (5..=15).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit());
    let international = digits.len() != bare.len();
    match (good, international) {
        (true, true) => Ok(format!("+{bare}")),
        _ => Err(BadIdentity::Phone),
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

impl FromStr for Identity {
    type Err = BadIdentity;

    fn from_str(text: &str) -> Result<Self, BadIdentity> {
        let (kind, value) = text.split_once(':').ok_or(BadIdentity::NoKind)?;
        Self::new(kind, value)
    }
}

impl serde::Serialize for Identity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Identity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_normalised_per_kind() {
        for (given, normal) in [
            ("email: Ada@Example.COM ", "email:ada@example.com"),
            ("phone:+49 (30) 901820", "phone:+4930901820"),
            ("phone:0049 30 901820", "phone:+4930901820"),
            ("user: 42 ", "user:42"),
            ("wechat_openid:oAbC:d", "wechat_openid:oAbC:d"),
        ] {
            assert_eq!(given.parse::<Identity>().map(|i| i.to_string()), Ok(normal.to_owned()));
        }
        for (bad, why) in [
            ("nobody", BadIdentity::NoKind),
            ("E:1", BadIdentity::Kind),
            ("user:  ", BadIdentity::Value),
            ("email:a@b@c", BadIdentity::Email),
            ("phone:13800138000", BadIdentity::Phone),
            ("phone:+12", BadIdentity::Phone),
        ] {
            assert_eq!(bad.parse::<Identity>(), Err(why), "{bad}");
        }
    }
}
