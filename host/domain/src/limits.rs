//! Upper bounds on everything that comes from outside.

/// The most bytes of one event, as Segment documents it.
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// The most bytes of one batch, as Segment documents it.
pub const BATCH_BYTES_MAX: usize = 500 * 1024;
/// The most events of one batch.
pub const BATCH_EVENTS_MAX: usize = 2_500;
/// The most bytes of a component.
pub const COMPONENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Development versions of one plugin that the library keeps besides those that are in use.
pub const DEVELOPMENT_VERSIONS_MAX: usize = 8;
/// The most bytes of a configuration.
pub const CONFIG_BYTES_MAX: usize = 64 * 1024;
/// The most attributes of a person.
pub const ATTRIBUTES_MAX: usize = 256;
/// The most rows of one page.
pub const PAGE_MAX: u32 = 200;
/// The rows of one page if nothing is said.
pub const PAGE_DEFAULT: u32 = 50;

/// The most bytes of one JSON document in a plugin's answer.
pub const GUEST_JSON_BYTES_MAX: usize = 32 * 1024;
/// The most bytes of a name, a reason or another text in a plugin's answer.
pub const GUEST_TEXT_BYTES_MAX: usize = 4 * 1024;
/// The most entries of a list in one item of a plugin's answer.
pub const GUEST_ENTRIES_MAX: usize = 128;

/// The most requests that one try of a connector to deliver a message may take.
pub const CONNECTOR_REQUESTS_MAX: u32 = 8;

/// Bytes of a request that a channel sends to a connector.
pub const CALLBACK_BYTES_MAX: usize = 1024 * 1024;

/// Events that a connector may read from one such request.
pub const CALLBACK_EVENTS_MAX: usize = BATCH_EVENTS_MAX;

/// Bytes of the token of a session.
pub const SESSION_BYTES_MAX: usize = 8 * 1024;

/// Pages that a connector is asked for in one turn; others get theirs before it goes on.
pub const POLL_PAGES_MAX: u32 = 16;
/// Events of one page.
pub const POLL_EVENTS_MAX: usize = BATCH_EVENTS_MAX;
/// Bytes of the cursor between two pages.
pub const POLL_CURSOR_BYTES_MAX: usize = 4 * 1024;

/// Audiences of a tenant.
pub const AUDIENCES_MAX: usize = 32;
/// Identifiers of one change of an audience.
pub const AUDIENCE_BATCH_MAX: u32 = 10_000;
/// Bytes of the name of an audience on the channel's side.
pub const CHANNEL_AUDIENCE_BYTES_MAX: usize = 256;

/// The most addresses that a tenant subscribes to notices.
pub const WEBHOOKS_MAX: usize = 16;
/// The most bytes of such an address.
pub const WEBHOOK_ADDRESS_BYTES_MAX: usize = 1_024;
/// Notices that wait for one address at most; what comes beyond is dropped and counted.
pub const WEBHOOK_WAITING_MAX: u32 = 10_000;
/// Deliveries that are kept of one address after they ended.
pub const WEBHOOK_DELIVERIES_KEPT: u32 = 1_000;
/// And for how many days.
pub const WEBHOOK_DELIVERY_DAYS: i64 = 30;

/// The most moments that a campaign is asked about at once.
pub const MOMENTS_MAX: usize = 256;
/// The most people that a scorer is asked about at once.
pub const SCORED_MAX: usize = 512;

/// Log lines of an installation that are kept, the newest; those that come in until upkeep looks again are more.
pub const LOG_LINES_KEPT: u32 = 10_000;
/// Log lines of an installation that are kept in a minute: a plugin that logs in a loop costs no more than that.
/// A call about many counts as one more for every 64 of them.
pub const LOG_LINES_A_MINUTE: u32 = 1_000;

/// The limits of one call of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CallLimits {
    /// Fuel for a call plus fuel for each item of its batch.
    pub fuel_per_call: u64,
    /// See above.
    pub fuel_per_item: u64,
    /// Wall clock, milliseconds.
    pub wall_ms: u64,
    /// Linear memory, bytes.
    pub memory_bytes: usize,
    /// Bytes that an answer may carry back, and each call of a host function in; a scorer may add the columns that
    /// its manifest declares.
    pub output_bytes: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Log lines kept.
    pub log_lines: u32,
    /// Bytes kept of a log line.
    pub log_line_bytes: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            fuel_per_call: 50_000_000,
            fuel_per_item: 5_000_000,
            wall_ms: 1_000,
            memory_bytes: 64 * 1024 * 1024,
            output_bytes: 4 * 1024 * 1024,
            host_calls: 10_000,
            log_lines: 32,
            log_line_bytes: 1_024,
        }
    }
}
