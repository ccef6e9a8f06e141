//! Everything Guanxi remembers, on SQLite and on PostgreSQL. SQL stays in this crate; what leaves it are the domain's
//! own words and the few row shapes beside each query.
//!
//! A [`Work`] is one transaction. Its functions take the tenant first: that is the only door to a row, and on
//! PostgreSQL row-level security is the second lock.

mod bulk;
mod dead_letters;
mod decisions;
mod error;
mod idempotency;
mod identities;
mod installations;
mod log;
mod messages;
mod migrations;
mod open;
mod orders;
mod outbox;
mod people;
mod people_list;
mod plugins;
mod row;
mod states;
mod tenants;
mod timeline;
mod timers;
mod tokens;
mod traits;
mod upkeep;
mod wal;
mod work;

pub use dead_letters::DeadLetter;
pub use decisions::{DecisionQuery, DecisionRow};
pub use error::StoreError;
pub use idempotency::KeptAnswer;
pub use identities::{IdentityConflict, IdentityRow};
pub use log::{Appended, Backlog};
pub use messages::MessageQuery;
pub use open::{SchemaState, Store, StoreOptions};
pub use orders::OrderRow;
pub use outbox::{Claimed, Settled};
pub use people_list::{PeopleCursor, PeopleOrder, PeopleQuery};
pub use plugins::PluginRow;
pub use timeline::{HistoryQuery, TimelineRow};
pub use timers::Timer;
pub use tokens::TokenRow;
pub use traits::TagRow;
pub use work::{Dialect, Scope, Work};
