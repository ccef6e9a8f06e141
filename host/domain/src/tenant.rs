//! A brand that shares the host with others.

use std::fmt;
use std::str::FromStr;

/// The number of a tenant inside one installation of Guanxi; outside a tenant is named by its slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub i64);

impl TenantId {
    /// The operator's own rows (operator tokens, host-wide records), which belong to no brand.
    pub const OPERATOR: Self = Self(0);
}

/// The outside name of a tenant: 2 to 40 of `a-z 0-9 -`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// The text cannot be a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slug has 2 to 40 characters of a-z, 0-9 and -, and starts with a letter")]
pub struct BadSlug;

impl Slug {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = BadSlug;

    fn from_str(text: &str) -> Result<Self, BadSlug> {
        let good = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        good.then(|| Self(text.to_owned())).ok_or(BadSlug)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One brand.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Inside number.
    pub id: TenantId,
    /// Outside name, unique, never changes.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// What it has set for itself.
    pub settings: std::sync::Arc<crate::settings::TenantSettings>,
    /// When it was created.
    pub created_at: crate::Millis,
}
