//! Everything Guanxi remembers, on SQLite and on PostgreSQL. SQL stays in this crate; what leaves it are the domain's
//! own words and the few row shapes beside each query.
//!
//! A [`Work`] is one transaction. Its functions take the tenant first: that is the only door to a row, and on
//! PostgreSQL row-level security is the second lock.

mod actions;
mod archive;
mod bulk;
mod conflicts;
mod consents;
mod dead_letters;
mod decisions;
mod edges;
mod erase;
mod erasures;
mod error;
mod idempotency;
mod identities;
mod imports;
mod installations;
mod log;
mod mentions;
mod messages;
mod migrations;
mod newcomers;
mod open;
mod orders;
mod outbox;
mod people;
mod people_list;
mod plugins;
mod portraits;
mod provenance;
mod publishers;
mod row;
mod scores;
mod segments;
mod signals;
mod sql;
mod standings;
mod states;
mod tags;
mod tenants;
mod timeline;
mod timers;
mod tokens;
mod upkeep;
mod wal;
mod work;

pub use actions::IdentityAction;
pub use conflicts::{ConflictCursor, IdentityConflict, Settlement};
pub use consents::ConsentRow;
pub use dead_letters::DeadLetter;
pub use decisions::{DecisionQuery, DecisionRow};
pub use edges::{EdgeRemoval, EdgeRow};
pub use error::StoreError;
pub use idempotency::KeptAnswer;
pub use identities::LinkRow;
pub use imports::{ImportClaim, ImportOutcomes, ImportRow, SavedMapping};
pub use log::{Appended, Backlog, LogCursor};
pub use mentions::{EVENTS, Mention, PEOPLE, PLACES, Part, Place};
pub use messages::MessageQuery;
pub use newcomers::Newcomers;
pub use open::{SchemaState, Store, StoreOptions};
pub use orders::OrderRow;
pub use outbox::{Claimed, Settled};
pub use people_list::{PeopleCursor, PeopleOrder, PeopleQuery};
pub use plugins::{PluginRow, YankRow};
pub use portraits::{PortraitClaim, PortraitPiece, PortraitRow, Survey, TagSum, Whom};
pub use publishers::{PublisherKeyRow, PublisherRow};
pub use segments::{CHUNK_BITS, ChunkRow, Found, HeldSegment, Sample, SegmentRow, Subjects};
pub use signals::SignalRow;
pub use tags::TagRow;
pub use timeline::{HistoryQuery, TimelineRow};
pub use timers::Timer;
pub use tokens::TokenRow;
pub use work::{Dialect, Scope, Work};
