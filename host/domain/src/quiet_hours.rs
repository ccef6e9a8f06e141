//! Hours in which people are left alone, by the clock on their own wall.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::insight::Clock;
use crate::message::MessageClass;
use crate::settings::TenantSettings;
use crate::{DAY, JsonMap, Millis};

/// The names under which a person's time zone may be known, the best first.
const ATTRIBUTES: [&str; 2] = ["time_zone", "timezone"];

/// From when until when messages of some classes wait, each day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first minute, `22:00`.
    pub from: Minute,
    /// The first minute after, `08:00`; one that is earlier than `from` is of the next day.
    pub to: Minute,
    /// Whose messages wait.
    #[serde(default = "marketing")]
    pub classes: Vec<MessageClass>,
}

/// A minute of the day, `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Minute(Time);

/// What rules about messages are about if they do not say it.
pub fn marketing() -> Vec<MessageClass> {
    vec![MessageClass::Marketing]
}

/// The clock on the wall of somebody with these attributes: of their own time zone where it is known, else the brand's.
pub fn clock_of(attributes: &JsonMap, settings: &TenantSettings) -> Clock {
    let mut known = ATTRIBUTES.iter().filter_map(|name| attributes.get(*name)?.as_str());
    known.find_map(|name| Clock::named(name.trim())).unwrap_or_else(|| Clock::of(settings))
}

impl QuietHours {
    /// What is wrong with them, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        if self.from == self.to {
            return Some("quiet hours end at another time than they begin");
        }
        self.classes.is_empty().then_some("name at least one class of messages, or leave `classes` out for marketing")
    }

    /// When the quiet hours end in which a time lies; nothing if it lies in none.
    pub fn end(&self, clock: &Clock, at: Millis) -> Option<Millis> {
        let (zone, now) = (clock.zone(), Timestamp::from_millisecond(at).ok()?);
        let local = zone.to_datetime(now);
        if !self.holds(local.time()) {
            return None;
        }
        // It is quiet until a clock shows the end, or until it jumps out of the quiet hours.
        let days = [Some(local.date()), local.date().tomorrow().ok()];
        let shown = days.into_iter().flatten().flat_map(|day| moments(zone, day.to_datetime(self.to.0)));
        let jumps = zone.following(now).take(2).map(|change| change.timestamp());
        let ends = shown.chain(jumps).filter(|end| *end > now && !self.holds(zone.to_datetime(*end).time()));
        Some(ends.min().map_or(at.saturating_add(DAY), Timestamp::as_millisecond))
    }

    fn holds(&self, time: Time) -> bool {
        match self.from < self.to {
            true => (self.from.0..self.to.0).contains(&time),
            false => time >= self.from.0 || time < self.to.0,
        }
    }
}

/// When clocks show this: once, twice where they are put back, and where they are put forward over it, as if they were not.
fn moments(zone: &TimeZone, shown: DateTime) -> [Timestamp; 2] {
    let ambiguous = zone.to_ambiguous_timestamp(shown);
    let (earlier, later) = (ambiguous.earlier(), ambiguous.later());
    [earlier, later].map(|moment| moment.unwrap_or(Timestamp::MIN))
}

impl TryFrom<String> for Minute {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let problem = || format!("`{text}` is no time of day such as 22:00");
        let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5).ok_or_else(problem)?;
        let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        let (hour, minute) = number(hour).zip(number(minute)).ok_or_else(problem)?;
        Time::new(hour, minute, 0, 0).map(Self).map_err(|_| problem())
    }
}

impl From<Minute> for String {
    fn from(minute: Minute) -> Self {
        minute.to_string()
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn quiet(from: &str, to: &str) -> QuietHours {
        serde_json::from_value(json!({"from": from, "to": to})).unwrap()
    }

    fn millis(time: &str) -> Millis {
        time.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn ch_7_quiet_hours_end_by_the_clock_on_the_wall() {
        let night = quiet("22:00", "08:00");
        for (zone, at, end) in [
            ("UTC", "2026-03-01T21:59:59.999Z", None),
            ("UTC", "2026-03-01T22:00:00Z", Some("2026-03-02T08:00:00Z")),
            ("UTC", "2026-03-02T07:59:59.999Z", Some("2026-03-02T08:00:00Z")),
            ("UTC", "2026-03-02T08:00:00Z", None),
            ("Asia/Shanghai", "2026-03-01T14:00:00Z", Some("2026-03-02T00:00:00Z")),
            ("Asia/Shanghai", "2026-03-02T00:00:00Z", None),
            // The night in which clocks are put forward is an hour shorter, the other one longer.
            ("Europe/Berlin", "2026-03-28T21:00:00Z", Some("2026-03-29T06:00:00Z")),
            ("Europe/Berlin", "2026-10-24T20:00:00Z", Some("2026-10-25T07:00:00Z")),
        ] {
            let found = night.end(&Clock::named(zone).unwrap(), millis(at));
            assert_eq!(found, end.map(millis), "{zone} {at}");
        }
    }

    #[test]
    fn ch_7_an_end_that_clocks_jump_over_or_show_twice_is_the_first_moment_that_is_not_quiet() {
        let berlin = Clock::named("Europe/Berlin").unwrap();
        for (from, to, at, end) in [
            // 02:30 does not come: at 02:00 it is 03:00.
            ("22:00", "02:30", "2026-03-29T00:15:00Z", "2026-03-29T01:00:00Z"),
            // 02:30 comes twice, and between the two it is quiet once more.
            ("22:00", "02:30", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z"),
            ("22:00", "02:30", "2026-10-25T01:15:00Z", "2026-10-25T01:30:00Z"),
            // Quiet only for an hour that is jumped over in part.
            ("01:30", "02:15", "2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z"),
        ] {
            assert_eq!(quiet(from, to).end(&berlin, millis(at)), Some(millis(end)), "{from} {to} {at}");
        }
    }

    #[test]
    fn ch_7_a_persons_own_time_zone_goes_before_the_brands() {
        let brand =
            |zone: Option<&str>| TenantSettings { time_zone: zone.map(str::to_owned), ..TenantSettings::default() };
        for (attributes, zone, expected) in [
            (json!({"time_zone": "Asia/Tokyo", "timezone": "Asia/Seoul"}), Some("Asia/Shanghai"), "Asia/Tokyo"),
            (json!({"timezone": " Asia/Seoul "}), Some("Asia/Shanghai"), "Asia/Seoul"),
            (json!({"time_zone": "Mars/Olympus"}), Some("Asia/Shanghai"), "Asia/Shanghai"),
            (json!({"time_zone": 8}), None, "UTC"),
            (json!({}), None, "UTC"),
        ] {
            let clock = clock_of(attributes.as_object().unwrap(), &brand(zone));
            assert_eq!(clock.name(), expected, "{attributes}");
        }
    }

    #[test]
    fn ch_7_times_of_day_are_read_strictly() {
        for (text, reads) in [
            ("00:00", true),
            ("23:59", true),
            ("24:00", false),
            ("8:00", false),
            ("+8:00", false),
            ("08:60", false),
            ("", false),
        ] {
            assert_eq!(Minute::try_from(text.to_owned()).is_ok(), reads, "{text}");
        }
        assert!(quiet("08:00", "08:00").problem().is_some());
        assert_eq!(quiet("22:00", "08:00").classes, [MessageClass::Marketing]);
    }

    const ZONES: [&str; 8] = [
        "UTC",
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
    ];

    proptest! {
        #[test]
        fn ch_7_what_waits_never_leaves_in_quiet_hours(
            zone in 0..ZONES.len(),
            // From 1990 to 2060, with every change of every zone in between.
            at in 631_152_000_000_i64..2_840_140_800_000,
            from in 0..1_440_i64,
            length in 1..1_440_i64,
        ) {
            let minute = |of: i64| Minute(Time::new((of % 1_440 / 60) as i8, (of % 60) as i8, 0, 0).unwrap());
            let hours = QuietHours { from: minute(from), to: minute(from + length), classes: marketing() };
            let clock = Clock::named(ZONES[zone]).unwrap();
            let is_quiet = |at: Millis| {
                let shown = Timestamp::from_millisecond(at).unwrap().to_zoned(clock.zone().clone());
                let shown = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
                (shown - from).rem_euclid(1_440) < length
            };
            match hours.end(&clock, at) {
                None => prop_assert!(!is_quiet(at)),
                Some(end) => {
                    prop_assert!(is_quiet(at) && end > at && !is_quiet(end));
                    prop_assert!(is_quiet(end - 1), "it ends no later than it has to");
                    prop_assert_eq!(hours.end(&clock, end), None);
                }
            }
        }
    }
}
