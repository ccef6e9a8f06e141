//! What a channel lets through, as data of its connector's manifest: classes, forms of content, lengths of text, reply
//! windows and quotas. Platforms change their rules on a day that they announce, so rules stand with the day from which
//! on they hold, and the next ones can be there before.

mod refuse;
mod template;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::message::MessageClass;

pub use refuse::{RulesRefusal, forms};

/// The form of a content that an approved template could have made.
pub const TEMPLATE: &str = "template";
/// The most entries of each list.
pub const ENTRIES_MAX: usize = 32;
/// The most seconds that a quota or a window speaks of: 31 days.
pub const SECONDS_MAX: u32 = 31 * 86_400;
/// The most messages that a quota or a window speaks of.
pub const MESSAGES_MAX: u32 = 1_000_000_000;
/// The most bytes of a name in the rules.
const NAME_BYTES_MAX: usize = 128;
/// The most characters or bytes of a text that a limit speaks of.
const TEXT_MAX: u32 = 1_000_000;

/// The rules of one channel over time, the earliest first. None at all allow everything.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rulebook(Vec<ChannelRules>);

/// The rules of one channel from one day on, until others follow. What they do not mention is not limited.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChannelRules {
    /// The day on which they begin, at midnight UTC; always, if not said, which the first entry only may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Classes that the channel carries; all of them if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<MessageClass>>,
    /// Forms of content that it carries besides `text`; all of them if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<String>>,
    /// Classes that a form of content may have, where that is fewer than the channel carries.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub form_classes: BTreeMap<String, Vec<MessageClass>>,
    /// How long a text may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextLimits>,
    /// Where the installation's configuration has the texts of approved templates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Templates>,
    /// When a person may be written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How many messages it takes in which time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,
}

/// A calendar day, `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

/// How long a text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TextLimits {
    /// At most so many characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub characters: Option<u32>,
    /// At most so many bytes of UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u32>,
}

/// Where the texts of approved templates stand: a content that says what one of them says has the form `template`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Templates {
    /// JSON pointer to an object of texts in the configuration, `/templates`.
    pub config: String,
    /// What stands before the name of a value in them, such as `{{`.
    pub open: String,
    /// What stands behind it, such as `.DATA}}`.
    pub close: String,
}

/// People are written to only for a while after they did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Window {
    /// What opens it.
    pub openings: Vec<Opening>,
    /// Classes that need it open; all of them if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<MessageClass>>,
    /// Forms of content that need no open window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free_forms: Vec<String>,
}

/// What opens a window, for how long and for how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Opening {
    /// Kinds of the person's events on the channel.
    pub events: Vec<String>,
    /// It is open for so long after the latest of them.
    pub seconds: u32,
    /// For so many messages; any number if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u32>,
}

/// So many messages in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quota {
    /// Whose messages are counted together.
    pub scope: QuotaScope,
    /// At most so many.
    pub limit: u32,
    /// In so many seconds.
    pub per_seconds: u32,
}

/// Whose messages a quota counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaScope {
    /// All that leave through one installation of the connector.
    Installation,
    /// All that one address gets through it.
    Recipient,
}

/// Rules that cannot be: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadRules {
    /// `0.quotas.limit` …: the entry's number first.
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Rulebook {
    /// The rules that hold at this time; none before the first day.
    pub fn at(&self, now: Millis) -> Option<&ChannelRules> {
        self.0.iter().rev().find(|rules| rules.from.is_none_or(|day| day.start() <= now))
    }

    /// Whether there are no rules at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, the earliest first.
    pub fn entries(&self) -> &[ChannelRules] {
        &self.0
    }

    /// Checks what types cannot say.
    pub fn check(&self) -> Result<(), BadRules> {
        if self.0.len() > ENTRIES_MAX {
            return Err(bad("", format!("has at most {ENTRIES_MAX} entries")));
        }
        let days = self.0.iter().map(|rules| rules.from);
        if let Some(at) = days.clone().zip(days.skip(1)).position(|(earlier, later)| later <= earlier) {
            return Err(bad(
                &format!("{}.from", at + 1),
                "each entry but the first says a day after that of the entry before".to_owned(),
            ));
        }
        self.0.iter().enumerate().try_for_each(|(number, rules)| {
            rules.check().map_err(|(at, problem)| bad(&format!("{number}.{at}"), problem))
        })
    }
}

impl From<Vec<ChannelRules>> for Rulebook {
    fn from(entries: Vec<ChannelRules>) -> Self {
        Self(entries)
    }
}

type Problem = (&'static str, String);

impl ChannelRules {
    fn check(&self) -> Result<(), Problem> {
        if self.classes.as_ref().is_some_and(Vec::is_empty) {
            return Err(("classes", "names at least one class; leave it out for all of them".to_owned()));
        }
        check_names("forms", self.forms.as_deref().unwrap_or_default())?;
        if self.form_classes.len() > ENTRIES_MAX {
            return Err(("form-classes", format!("has at most {ENTRIES_MAX} entries")));
        }
        self.form_classes.keys().try_for_each(|form| check_name("form-classes", form))?;
        if let Some(text) = &self.text {
            for (at, most) in [("text.characters", text.characters), ("text.bytes", text.bytes)] {
                check_number(at, most.unwrap_or(1), TEXT_MAX)?;
            }
        }
        for templates in &self.templates {
            if !templates.config.starts_with('/') {
                return Err(("templates.config", "give a JSON pointer such as /templates".to_owned()));
            }
            check_name("templates.config", &templates.config)?;
            check_name("templates.open", &templates.open)?;
            check_name("templates.close", &templates.close)?;
        }
        if let Some(window) = &self.window {
            window.check()?;
        }
        if self.quotas.len() > ENTRIES_MAX {
            return Err(("quotas", format!("has at most {ENTRIES_MAX} entries")));
        }
        for quota in &self.quotas {
            check_number("quotas.limit", quota.limit, MESSAGES_MAX)?;
            check_number("quotas.per-seconds", quota.per_seconds, SECONDS_MAX)?;
        }
        Ok(())
    }
}

impl Window {
    fn check(&self) -> Result<(), Problem> {
        if !(1..=ENTRIES_MAX).contains(&self.openings.len()) {
            return Err(("window.openings", format!("has 1 to {ENTRIES_MAX} entries")));
        }
        if self.classes.as_ref().is_some_and(Vec::is_empty) {
            return Err(("window.classes", "names at least one class; leave it out for all of them".to_owned()));
        }
        check_names("window.free-forms", &self.free_forms)?;
        for opening in &self.openings {
            if opening.events.is_empty() {
                return Err(("window.openings.events", "names at least one kind of event".to_owned()));
            }
            check_names("window.openings.events", &opening.events)?;
            check_number("window.openings.seconds", opening.seconds, SECONDS_MAX)?;
            check_number("window.openings.messages", opening.messages.unwrap_or(1), MESSAGES_MAX)?;
        }
        Ok(())
    }

    /// The longest time for which anything opens it, milliseconds.
    pub fn longest(&self) -> Millis {
        Millis::from(self.openings.iter().map(|opening| opening.seconds).max().unwrap_or(0)) * 1_000
    }
}

impl Day {
    /// Its first moment, UTC.
    pub fn start(self) -> Millis {
        // A day that this calendar knows has a midnight in UTC, but for its very ends.
        self.0.to_zoned(TimeZone::UTC).map_or(Millis::MAX, |midnight| midnight.timestamp().as_millisecond())
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is no day such as 2026-11-22"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.0.to_string()
    }
}

fn check_names(at: &'static str, names: &[String]) -> Result<(), Problem> {
    if names.len() > ENTRIES_MAX {
        return Err((at, format!("has at most {ENTRIES_MAX} entries")));
    }
    names.iter().try_for_each(|name| check_name(at, name))
}

fn check_name(at: &'static str, name: &str) -> Result<(), Problem> {
    match (1..=NAME_BYTES_MAX).contains(&name.len()) {
        true => Ok(()),
        false => Err((at, format!("each has 1 to {NAME_BYTES_MAX} bytes"))),
    }
}

fn check_number(at: &'static str, number: u32, most: u32) -> Result<(), Problem> {
    if (1..=most).contains(&number) { Ok(()) } else { Err((at, format!("is from 1 to {most}"))) }
}

fn bad(at: &str, problem: String) -> BadRules {
    BadRules { at: at.to_owned(), problem }
}
