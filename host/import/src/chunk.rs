//! Rows of a file as an event carries them: what a batch of rows says of people, with the rows that were refused.

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::record::{PersonRecord, Refusal};

/// The properties of an event of kind [`guanxi_domain::event::IMPORT`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Of which import.
    pub import: ImportId,
    /// Its first row.
    pub first_row: u64,
    /// Whether somebody vouches that identities in one row are one person's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// What shows the consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// In order.
    pub rows: Vec<ChunkRow>,
}

/// A row: what it says, or why it is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChunkRow {
    /// Its number in the file, from 1.
    pub n: u64,
    /// What it says.
    #[serde(default, rename = "is", skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRecord>,
    /// Why it is refused.
    #[serde(default, rename = "no", skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

impl Chunk {
    /// Whom its rows name.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.rows.iter().filter_map(|row| row.person.as_ref()).flat_map(|person| &person.identities)
    }
}
