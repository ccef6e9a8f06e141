//! What goes into a campaign and what comes out: moments and decisions.

use crate::message::MessageClass;
use crate::person::{Role, Stage, Tag};
use crate::{JsonMap, Millis};

/// The value of one field of a profile.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Free text.
    Text(String),
    /// A measure.
    Number(f64),
    /// A count, or money in minor units.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A point in time.
    Time(Millis),
    /// Several texts.
    Texts(Vec<String>),
}

/// One person, as far as the manifest asked and the tenant granted.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// `per_…`.
    pub id: String,
    /// How far the person has come.
    pub stage: Stage,
    /// At least consumer.
    pub roles: Vec<Role>,
    /// BCP 47.
    #[serde(default)]
    pub locale: Option<String>,
    /// Current tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Current scores by name.
    #[serde(default)]
    pub scores: Vec<(String, f64)>,
    /// Granted fields by name.
    #[serde(default)]
    pub fields: Vec<(String, Value)>,
    /// Channels, best first.
    #[serde(default)]
    pub reachable: Vec<String>,
}

/// An event as a plugin sees it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SeenEvent {
    /// `evt_…`.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// When.
    pub at: Millis,
    /// Through which channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// At which place of contact.
    #[serde(default)]
    pub touchpoint: Option<String>,
    /// One JSON object, as text.
    pub properties: std::sync::Arc<str>,
}

/// Everything a decision may depend on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Moment {
    /// What just happened.
    pub event: SeenEvent,
    /// To whom.
    pub person: Profile,
    /// Earlier events, newest first.
    #[serde(default)]
    pub history: Vec<SeenEvent>,
    /// What the installation kept.
    #[serde(default)]
    pub state: Option<String>,
    /// The time of the decision.
    pub now: Millis,
    /// Derived from event and installation.
    pub seed: u64,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The name of a content that the tenant keeps.
    Stored(String),
    /// A neutral content document.
    Inline(JsonMap),
}

/// Something a plugin wants done.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "do")]
pub enum Operation {
    /// Send a message.
    Send {
        /// What it says.
        content: Content,
        /// Values for `{{name}}`.
        variables: JsonMap,
        /// Which rules it follows.
        class: MessageClass,
        /// The purpose it serves.
        purpose: String,
        /// The channel, or the host picks.
        channel: Option<String>,
        /// Not before.
        not_before: Option<Millis>,
        /// Not after.
        expires: Option<Millis>,
    },
    /// Credit points.
    EarnPoints {
        /// The tenant's unit.
        unit: String,
        /// How many.
        amount: u64,
        /// Why.
        reason: String,
        /// Locked until.
        pending_until: Option<Millis>,
    },
    /// Issue a coupon.
    IssueCoupon {
        /// The template.
        template: String,
        /// Why.
        reason: String,
    },
    /// Pay money.
    GrantMoney {
        /// The budget.
        budget: String,
        /// Minor units.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// Put a tag on the person.
    AddTag(Tag),
    /// Take a tag off.
    RemoveTag {
        /// Its dimension.
        dimension: String,
        /// Its name.
        name: String,
    },
    /// Set a field.
    SetField {
        /// Its name.
        name: String,
        /// Its value.
        value: Value,
    },
    /// Start or move a timer.
    StartTimer {
        /// Names it.
        key: String,
        /// When.
        at: Millis,
        /// Handed back; any JSON.
        payload: serde_json::Value,
    },
    /// Cancel a timer.
    CancelTimer {
        /// Names it.
        key: String,
    },
    /// Put an event into the log.
    Emit {
        /// Its kind, without the plugin's name.
        kind: String,
        /// One JSON object.
        properties: JsonMap,
    },
    /// Ask the brand's staff.
    AskStaff {
        /// One line.
        title: String,
        /// Details.
        body: String,
    },
}

impl Operation {
    /// The word by which a manifest asks for this operation and a tenant grants it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::EarnPoints { .. } => "earn-points",
            Self::IssueCoupon { .. } => "issue-coupon",
            Self::GrantMoney { .. } => "grant-money",
            Self::AddTag(_) => "add-tag",
            Self::RemoveTag { .. } => "remove-tag",
            Self::SetField { .. } => "set-field",
            Self::StartTimer { .. } => "start-timer",
            Self::CancelTimer { .. } => "cancel-timer",
            Self::Emit { .. } => "emit",
            Self::AskStaff { .. } => "ask-staff",
        }
    }
}

/// Every operation a manifest may ask for.
pub const OPERATION_NAMES: [&str; 11] = [
    "send",
    "earn-points",
    "issue-coupon",
    "grant-money",
    "add-tag",
    "remove-tag",
    "set-field",
    "start-timer",
    "cancel-timer",
    "emit",
    "ask-staff",
];

/// The answer to one moment.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// What to do, in order.
    pub operations: Vec<Operation>,
    /// Kept for the next time.
    pub state: Option<String>,
    /// Why, or why not.
    pub reasons: Vec<String>,
}

/// Why a plugin could not do its work for one input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The configuration cannot be used.
    #[error("the plugin cannot use its configuration: {0}")]
    BadConfig(String),
    /// This input cannot be used.
    #[error("the plugin cannot use this input: {0}")]
    BadInput(String),
    /// Anything else.
    #[error("the plugin failed: {0}")]
    Other(String),
    /// The answer broke the contract.
    #[error("the plugin broke its contract: {0}")]
    BadAnswer(String),
}
