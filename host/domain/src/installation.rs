//! A plugin switched on by one tenant.

use crate::Millis;
use crate::grants::Grants;
use crate::ids::InstallationId;

/// Whether an installation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Not called.
    Off,
    /// Called, with effect.
    Live,
}

impl Mode {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Live => "live",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Off, Self::Live].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// How an installation has behaved lately; written by the host only.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Health {
    /// Crashes since the last good stretch.
    pub crashes: u32,
    /// Quarantines since the last good stretch; each doubles the next one.
    pub quarantines: u32,
    /// Not called before this time.
    pub quarantined_until: Option<Millis>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// Crashes after which an installation is quarantined.
pub const CRASH_BUDGET: u32 = 5;
/// The first quarantine, milliseconds; each further one is twice as long.
pub const QUARANTINE_MS: Millis = 60_000;
/// The longest quarantine, milliseconds.
pub const QUARANTINE_MS_MAX: Millis = 24 * 60 * 60 * 1_000;

impl Health {
    /// Whether the installation must not be called now.
    pub fn is_quarantined(&self, now: Millis) -> bool {
        self.quarantined_until.is_some_and(|until| now < until)
    }

    /// After a crash: one more towards the budget, or a quarantine. After a quarantine the budget is one crash until
    /// good calls have paid the old ones back.
    pub fn after_crash(&self, error: &str, now: Millis) -> Self {
        let last_error = Some(error.to_owned());
        let crashes = self.crashes.saturating_add(1);
        if crashes < CRASH_BUDGET {
            return Self { crashes, last_error, ..self.clone() };
        }
        let length = QUARANTINE_MS.checked_shl(self.quarantines.min(32)).unwrap_or(QUARANTINE_MS_MAX);
        Self {
            crashes: CRASH_BUDGET - 1,
            quarantines: self.quarantines.saturating_add(1),
            quarantined_until: Some(now.saturating_add(length.min(QUARANTINE_MS_MAX))),
            last_error,
        }
    }

    /// After it tried what it may not do. That was stopped and harms nobody, so it costs nothing and is shown.
    pub fn after_overreach(&self, what: &str) -> Self {
        Self { last_error: Some(what.to_owned()), ..self.clone() }
    }

    /// After a good call: pays one crash back; a good call without any on the account forgets all quarantines.
    /// Equal to `self` for an installation in good health.
    pub fn after_success(&self) -> Self {
        match self.crashes.checked_sub(1) {
            Some(crashes) => Self { crashes, quarantined_until: None, ..self.clone() },
            None => Self::default(),
        }
    }
}

/// One plugin of one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// Stable and opaque.
    pub id: InstallationId,
    /// Unique in the tenant; the plugin's name unless the tenant runs it twice.
    pub name: String,
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's version.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// Whether it works.
    pub mode: Mode,
    /// One JSON object that the plugin's schema accepts.
    pub config: serde_json::Value,
    /// What the tenant grants; the operator may let it have less.
    pub grants: Grants,
    /// Names of the secrets that are set; values never leave the vault.
    pub secrets: Vec<String>,
    /// How it has behaved.
    pub health: Health,
    /// When it was first installed.
    pub created_at: Millis,
    /// When it was last changed by a person.
    pub updated_at: Millis,
}

impl Installation {
    /// Whether both decide the same about everything, or not at all.
    pub fn decides_as(&self, other: &Self) -> bool {
        (self.mode, &self.digest, &self.config, &self.grants)
            == (other.mode, &other.digest, &other.config, &other.grants)
    }
}

/// A version of its plugin that waits until somebody with `manage` approves it: it asks for what was not asked for before, or
/// whoever brought it may not switch plugins on. What was installed runs on.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgrade {
    /// The version.
    pub version: String,
    /// SHA-256 of its component, lower-case hex.
    pub digest: String,
    /// Its configuration, checked.
    pub config: serde_json::Value,
    /// Whether it is to work.
    pub mode: Mode,
    /// What it asks for and the version before did not, as [`Grants::missing_from`] writes it.
    pub asks: Vec<String>,
    /// The token that brought it.
    pub asked_by: String,
    /// When.
    pub asked_at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_crashes(health: &Health, count: u32, now: Millis) -> Health {
        (0..count).fold(health.clone(), |health, _| health.after_crash("trap", now))
    }

    #[test]
    fn the_budget_ends_in_quarantine() {
        let four = after_crashes(&Health::default(), 4, 1_000);
        assert!(!four.is_quarantined(1_000));
        let five = four.after_crash("trap", 1_000);
        assert_eq!(five.quarantined_until, Some(61_000));
        assert!(five.is_quarantined(60_999) && !five.is_quarantined(61_000));
        assert_eq!(five.last_error.as_deref(), Some("trap"));
    }

    #[test]
    fn each_quarantine_is_twice_as_long_up_to_a_day() {
        let mut health = after_crashes(&Health::default(), 4, 0);
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440, 1_440] {
            health = health.after_crash("trap", 0);
            assert_eq!(health.quarantined_until, Some(expected * 60_000));
        }
        assert_eq!(after_crashes(&health, 100, 0).quarantined_until, Some(QUARANTINE_MS_MAX));
    }

    #[test]
    fn good_calls_pay_crashes_back_and_then_forget() {
        let mut health = after_crashes(&Health::default(), 5, 0);
        for left in [3, 2, 1, 0] {
            health = health.after_success();
            assert_eq!((health.crashes, health.quarantines, health.quarantined_until), (left, 1, None));
        }
        assert_eq!(health.after_success(), Health::default());
        assert_eq!(Health::default().after_success(), Health::default());
    }
}
