//! The neutral content of a message, as connectors read it that carry all of it. Unknown members are refused: what a
//! channel cannot carry must not get lost silently.

use serde::Deserialize;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The text.
    pub text: String,
    /// What stands above it.
    pub title: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// The URL of a picture.
    pub image: Option<String>,
    /// In order.
    #[serde(default)]
    pub buttons: Vec<Button>,
}

/// What somebody can choose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// Where it leads,
    pub url: Option<String>,
    /// or what choosing it says.
    pub value: Option<String>,
}
