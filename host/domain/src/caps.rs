//! How often people are written to at most, whatever campaigns want and over which channels.

use serde::{Deserialize, Serialize};

use crate::message::MessageClass;
use crate::quiet_hours::marketing;
use crate::{DAY, Millis};

/// The most caps of a tenant.
pub const CAPS_MAX: usize = 16;
/// The most messages that a cap allows.
pub const LIMIT_MAX: u32 = 1_000;
/// The most days and hours that it counts.
pub const DAYS_MAX: u32 = 366;
const HOUR: Millis = 3_600_000;

/// At most so many messages to one person in so long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// What people read.
    pub title: String,
    /// At most so many.
    pub limit: u32,
    /// In so many days of 24 hours,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// or so many hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Messages of these classes.
    #[serde(default = "marketing")]
    pub classes: Vec<MessageClass>,
    /// Only those for this purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Only those on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

impl Cap {
    /// Whether it is about messages like this.
    pub fn counts(&self, class: MessageClass, purpose: &str, channel: &str) -> bool {
        self.classes.contains(&class)
            && self.purpose.as_deref().is_none_or(|wanted| wanted == purpose)
            && self.channel.as_deref().is_none_or(|wanted| wanted == channel)
    }

    /// How long a message counts.
    pub fn period(&self) -> Millis {
        Millis::from(self.days.unwrap_or(0)) * DAY + Millis::from(self.hours.unwrap_or(0)) * HOUR
    }

    /// What is wrong with it, if anything: the field, and what to do.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Some(("limit", format!("is from 1 to {LIMIT_MAX}")));
        }
        let good = match (self.days, self.hours) {
            (Some(days), None) => (1..=DAYS_MAX).contains(&days),
            (None, Some(hours)) => (1..=24 * DAYS_MAX).contains(&hours),
            _ => false,
        };
        if !good {
            return Some(("days", format!("give `days` from 1 to {DAYS_MAX}, or `hours` from 1 to {}", 24 * DAYS_MAX)));
        }
        if self.classes.is_empty() {
            let problem = "name at least one class of messages, or leave it out for marketing";
            return Some(("classes", problem.to_owned()));
        }
        let mut named = [("purpose", &self.purpose), ("channel", &self.channel)].into_iter();
        let wrong = named.find(|(_, name)| name.as_ref().is_some_and(|name| !(1..=64).contains(&name.chars().count())));
        wrong.map(|(at, _)| (at, "has 1 to 64 characters".to_owned()))
    }

    /// Why a message does not leave: this many of its kind have left already.
    pub fn refusal(&self) -> String {
        let (count, unit) = match (self.days, self.hours) {
            (Some(days), _) => (days, "day"),
            (None, hours) => (hours.unwrap_or(0), "hour"),
        };
        let plural = |count: u32| if count == 1 { "" } else { "s" };
        format!(
            "the cap “{}” is reached: {} message{} to one person in {count} {unit}{}",
            self.title,
            self.limit,
            plural(self.limit),
            plural(count),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cap(more: serde_json::Value) -> Cap {
        let mut cap = json!({"title": "Weekly", "limit": 2});
        cap.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(cap).unwrap()
    }

    #[test]
    fn ch_7_caps_count_marketing_unless_they_say_otherwise() {
        use MessageClass::{Marketing, Reply, Transactional};
        for (more, class, purpose, channel, counts) in [
            (json!({"days": 7}), Marketing, "news", "sms", true),
            (json!({"days": 7}), Reply, "news", "sms", false),
            (json!({"days": 7}), Transactional, "news", "sms", false),
            (json!({"days": 7, "classes": ["reply"]}), Reply, "news", "sms", true),
            (json!({"days": 7, "purpose": "news"}), Marketing, "news", "sms", true),
            (json!({"days": 7, "purpose": "news"}), Marketing, "birthday", "sms", false),
            (json!({"days": 7, "channel": "sms"}), Marketing, "news", "sms", true),
            (json!({"days": 7, "channel": "sms"}), Marketing, "news", "wechat", false),
        ] {
            assert_eq!(cap(more.clone()).counts(class, purpose, channel), counts, "{more} {class:?}");
        }
    }

    #[test]
    fn ch_7_caps_are_checked_and_say_what_they_allow() {
        for (more, at) in [
            (json!({"days": 7}), None),
            (json!({"hours": 36}), None),
            (json!({}), Some("days")),
            (json!({"days": 7, "hours": 1}), Some("days")),
            (json!({"days": 367}), Some("days")),
            (json!({"days": 7, "limit": 0}), Some("limit")),
            (json!({"days": 7, "classes": []}), Some("classes")),
            (json!({"days": 7, "purpose": ""}), Some("purpose")),
        ] {
            assert_eq!(cap(more.clone()).problem().map(|(at, _)| at), at, "{more}");
        }
        let weekly = cap(json!({"days": 7}));
        assert_eq!(weekly.refusal(), "the cap “Weekly” is reached: 2 messages to one person in 7 days");
        assert_eq!((weekly.period(), cap(json!({"hours": 36})).period()), (7 * DAY, 36 * HOUR));
    }
}
