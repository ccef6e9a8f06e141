//! The rooms of the console: one file each.

pub mod audiences;
pub mod backtests;
pub mod candidates;
pub mod catalogue;
pub mod channels;
pub mod config;
pub mod contents;
pub mod grants;
pub mod identities;
pub mod imports;
pub mod insight;
pub mod library;
pub mod live;
pub mod messages;
pub mod people;
pub mod person;
pub mod plugin;
pub mod plugins;
pub mod polls;
pub mod privacy;
pub mod relations;
pub mod reviews;
pub mod segments;
pub mod settings;
pub mod sign_in;
pub mod tenants;
pub mod totals;
pub mod webhooks;

/// A word from the record with its name for people; the word itself chooses the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge<'a> {
    /// As recorded.
    pub code: &'a str,
    /// For people.
    pub title: &'a str,
}
