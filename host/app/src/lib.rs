//! Use cases: authorise, act, record. HTTP, the console, the command line and the engine all come through here.
//!
//! [`App`] is cheap to clone. Its methods take the [`Caller`](guanxi_domain::caller::Caller) first; what a caller may
//! not see does not exist for it ([`AppError::NotFound`]).

mod access;
mod ambient;
mod audiences;
mod backtests;
mod bell;
mod callbacks;
mod campaigns;
mod candidates;
mod channels;
mod consents;
mod contents;
mod erasures;
mod error;
mod export;
mod graphs;
mod idempotency;
mod identities;
mod imports;
mod ingest;
mod insight;
mod installations;
mod keyring;
mod lists;
mod live;
mod loaded;
mod log;
mod messages;
mod plugin_logs;
mod plugins;
mod polls;
mod portraits;
mod profiles;
mod publishers;
mod rates;
mod relations;
mod replay;
mod requests;
mod reseal;
mod scores;
mod secrets;
mod segments;
mod settings;
mod sheet;
mod signals;
mod standings;
mod tagging;
mod tenants;
mod tokens;
mod tracking;
mod usage;
mod webhooks;

use std::sync::Arc;

use guanxi_domain::tenant::TenantId;
use guanxi_store::{Queue, Store};
// The few row shapes that answers are made of.
pub use guanxi_store::{
    AudienceCounts, AudienceRow, COUNTED_MAX, ChannelTestRow, ConflictCursor, DecisionRow, GROUPED_MAX, IdentityAction,
    IdentityConflict, LastFailure, LogPlace, LogRow, MessageLogFilter, MessagePage, OrderRow, PeopleCursor, PollRow,
    PortraitClaim, PublisherKeyRow, PublisherRow, SegmentRow, TokenRow, UndeliveredGroup, YankRow,
};
use tokio::sync::Notify;

pub use ambient::Ambient;
pub use audiences::{AudienceInput, AudienceView};
pub use backtests::{BacktestClaim, BacktestInput};
pub use bell::Bell;
pub use callbacks::{Callback, CallbackError, Place as CallbackPlace};
pub use campaigns::{CampaignAnswer, Step, StepSort};
pub use candidates::CandidateInput;
pub use channels::{
    CallbackOutcome, ChannelStatus, ChannelView, Errand, Lack, SeenCallback, SentTest, SessionCheck, SessionState,
    TestInput, TestMessage, TestReport,
};
pub use consents::{ConsentInput, ConsentView};
pub use contents::{ContentPreview, ContentView, Contents, MediaView, PreviewInput, ServedMedia};
pub use error::{AppError, Problem};
pub use export::{Archive, EXPORTED};
pub use graphs::GraphChanges;
pub use idempotency::Answer;
pub use identities::Outcome;
pub use imports::{
    ImportView, ImportWish, Known as KnownMapping, PresetView, Preview, PreviewRow, Upload, import as import_file,
};
pub use ingest::{Accepted, Appender, IngestLimits, Sender};
pub use insight::{DecisionView, Member, MessageView, PersonSummary, PersonView, TimelinePage};
pub use installations::{Approval, GrantsInput, InstallationInput, InstallationView, LimitView, Placed, with_defaults};
pub use keyring::{Keyring, OLD_KEYS_MAX, TooManyKeys};
pub use live::{Live, LiveKind};
pub use loaded::{Decided, Load, LoadedPlugin, Started};
pub use log::BuriedEvent;
pub use messages::{ChangedMessages, MessageWish};
pub use plugins::{Admission, AdmittedPlugin, Door, Fetch, Fetched, Forget, PluginView};
pub use polls::{POLL_RESET, PollView};
pub use portraits::{Counted, PortraitView};
pub use rates::{RateGroup, RateView};
pub use relations::{
    Acquaintance, CommonView, PathView, ReachView, Related, RelatedCursor, RelatedPage, RelationView, STEPS_MAX,
};
pub use replay::Replay;
pub use requests::Requested;
pub use reseal::{ResealCursor, Resealed};
pub use scores::{InputSeen, ScoreAgain, ScoresAgain, Unseen};
pub use secrets::{BadSecret, Holder, OpenSecrets, Vault, VaultError, decode as decode_secret};
pub use segments::{Reason, SegmentAnswer, SegmentInput, SegmentPage, SegmentPreview};
pub use settings::{SETTINGS, SettingsView};
pub use signals::SignalView;
pub use standings::Refreshed;
pub use tagging::PersonEdit;
pub use tokens::{NewToken, SignedIn};
pub use tracking::{PublicUrl, Visit};
pub use usage::{USAGE_DAYS_MAX, UsageView};
pub use webhooks::{
    NewWebhook, WebhookInput, candidate_notice, dead_letter_notice, health_notice, import_notice, upgrade_notice,
};

/// The use cases over one store.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    ambient: Ambient,
    vault: Vault,
    door: Door,
    access: access::Access,
    callbacks: callbacks::Callbacks,
    desk: channels::Desk,
    ingest: ingest::Ingest,
    live: live::Bus,
    graphs: graphs::Graphs,
    contents: contents::Shelf,
    tracking: tracking::Tracker,
    /// Turns of those who count before saving.
    previews: tokio::sync::Semaphore,
    signals: Signals,
}

/// Wake-up calls between the parts of one process. A missed one costs a pause, never an event.
#[derive(Debug, Default)]
pub struct Signals {
    /// Events were appended to a tenant's log.
    pub appended: Bell<TenantId>,
    /// Messages of a class were put into the queue of a connector.
    pub queued: Bell<Queue>,
    /// Relations of a tenant have changed.
    pub related: Bell<TenantId>,
    /// A log was decided further.
    pub progressed: Notify,
    /// Timers were started.
    pub timed: Notify,
    /// A backtest is asked for.
    pub backtested: Notify,
    /// Installations were changed.
    pub installed: Notify,
    /// A portrait is wanted.
    pub portrayed: Notify,
    /// Notices were queued for addresses.
    pub noticed: Notify,
    /// A channel is to be asked at once.
    pub polled: Notify,
    /// Audiences have something to do.
    pub gathered: Notify,
}

impl App {
    /// The use cases over `store`. The second value must be run ([`Appender::run`]) for ingest to work.
    pub fn new(store: Store, ambient: Ambient, vault: Vault, door: Door, limits: IngestLimits) -> (Self, Appender) {
        let (ingest, queue) = ingest::Ingest::new(limits);
        let inner = Inner {
            store,
            ambient,
            vault,
            door,
            access: access::Access::new(),
            callbacks: callbacks::Callbacks::new(),
            desk: channels::Desk::new(),
            ingest,
            live: live::Bus::new(),
            graphs: graphs::Graphs::new(),
            contents: contents::Shelf::new(),
            tracking: tracking::Tracker::new(),
            previews: tokio::sync::Semaphore::new(2),
            signals: Signals::default(),
        };
        let app = Self { inner: Arc::new(inner) };
        (app.clone(), Appender::new(app, queue))
    }

    /// The store, for work that spans many use cases (the engine's commits).
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The clock and the randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    /// Wake-up calls.
    pub fn signals(&self) -> &Signals {
        &self.inner.signals
    }

    /// Where secrets are sealed.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }
}
