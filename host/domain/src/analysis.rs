//! What goes into an analyzer and what comes out: texts and readings.

use crate::person::Tag;

/// Something somebody wrote or said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Text {
    /// For log lines.
    pub id: String,
    /// BCP 47, if known.
    #[serde(default)]
    pub language: Option<String>,
    /// The text itself.
    pub body: String,
}

/// What an analyzer reads in one text.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    /// Labels for the person who wrote it.
    pub tags: Vec<Tag>,
    /// From -1 (angry) to 1 (delighted), if it shows.
    pub mood: Option<f64>,
    /// What it is about.
    pub topics: Vec<String>,
    /// BCP 47, if recognised.
    pub language: Option<String>,
    /// Sensitive words found.
    pub flagged: Vec<String>,
}
