//! When and how often people are written to, as the API writes it.

use guanxi_domain::caps::Cap;
use guanxi_domain::message::MessageClass;
use guanxi_domain::quiet_hours::{Minute, QuietHours, marketing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hours in which people are left alone, by the clock where they are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = QuietHours)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursBody {
    /// The first minute.
    #[schema(value_type = String, example = "22:00")]
    pub from: Minute,
    /// The first minute after; of the next day if it is earlier than `from`.
    #[schema(value_type = String, example = "08:00")]
    pub to: Minute,
    /// Classes of the messages that wait: `reply`, `transactional`, `marketing`.
    #[serde(default = "marketing")]
    #[schema(value_type = Vec<String>, example = json!(["marketing"]))]
    pub classes: Vec<MessageClass>,
}

/// At most so many messages to one person in so many days or hours.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Cap)]
#[serde(deny_unknown_fields)]
pub struct CapBody {
    /// What people read.
    pub title: String,
    /// At most so many, 1 to 1,000.
    #[schema(example = 2)]
    pub limit: u32,
    /// In so many days of 24 hours, 1 to 366; either this or `hours`.
    #[serde(default)]
    #[schema(example = 7)]
    pub days: Option<u32>,
    /// In so many hours, 1 to 8,784.
    #[serde(default)]
    pub hours: Option<u32>,
    /// Classes of the messages that count: `reply`, `transactional`, `marketing`.
    #[serde(default = "marketing")]
    #[schema(value_type = Vec<String>, example = json!(["marketing"]))]
    pub classes: Vec<MessageClass>,
    /// Only messages for this purpose, if it is given.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Only messages on this channel, if it is given.
    #[serde(default)]
    pub channel: Option<String>,
}

impl From<&QuietHours> for QuietHoursBody {
    fn from(hours: &QuietHours) -> Self {
        Self { from: hours.from, to: hours.to, classes: hours.classes.clone() }
    }
}

impl From<QuietHoursBody> for QuietHours {
    fn from(body: QuietHoursBody) -> Self {
        Self { from: body.from, to: body.to, classes: body.classes }
    }
}

impl From<&Cap> for CapBody {
    fn from(cap: &Cap) -> Self {
        let Cap { title, limit, days, hours, classes, purpose, channel } = cap.clone();
        Self { title, limit, days, hours, classes, purpose, channel }
    }
}

impl From<CapBody> for Cap {
    fn from(body: CapBody) -> Self {
        let CapBody { title, limit, days, hours, classes, purpose, channel } = body;
        Self { title, limit, days, hours, classes, purpose, channel }
    }
}
