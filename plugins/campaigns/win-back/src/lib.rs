//! Win-back: data that lives and data that dies. Every order puts a person into the band of the last 48 hours and
//! starts a timer for the end of that band; while the person stays away, the timer carries them from band to band,
//! and each band may have its own words to bring them back.

use std::collections::BTreeMap;

use guanxi_plugin::Failure;
use guanxi_plugin::campaign::{Campaign, Decision, Message, Moment};
use guanxi_plugin::words::{DAY, HOUR, Instant};

struct WinBack;

const ORDER: &str = "Order Completed";
const TIMER: &str = "band";
const DIMENSION: &str = "recency";

/// How long ago a person was last active, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Band {
    TwoDays,
    Month,
    Quarter,
    HalfYear,
    Older,
}

/// The words of each band; a band without words is only tagged.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Settings {
    texts: BTreeMap<Band, String>,
}

/// What is remembered of a person.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    band: Band,
    active_at: Instant,
}

impl Campaign for WinBack {
    type Config = Settings;

    fn decide(settings: &Settings, moment: &Moment) -> Result<Decision, Failure> {
        let kept = moment.kept::<Kept>()?;
        let before = kept.as_ref().map(|kept| kept.band);
        if moment.event.kind == ORDER {
            // An order that is reported late does not make a person less recent.
            let active_at = kept.map_or(moment.event.at, |kept| kept.active_at.max(moment.event.at));
            let band = Band::at(moment.now - active_at);
            return Ok(enter(Decision::because(format!("ordered; now {}", band.name())), before, band, active_at));
        }
        let (Some(kept), Some(active_at)) = (kept, moment.timer::<Instant>(TIMER)?) else {
            return Ok(Decision::skip(format!("`{}` changes nothing about recency", moment.event.kind)));
        };
        if active_at < kept.active_at {
            return Ok(Decision::skip("the timer of an earlier order; a newer one runs"));
        }
        let seen = moment.person.integer("last-seen").unwrap_or_default().max(kept.active_at);
        let band = Band::at(moment.now - seen);
        if band <= kept.band {
            let back = Decision::because(format!("has come back; now {}", band.name()));
            return Ok(enter(back, before, band, seen));
        }
        let decision = Decision::because(format!("stays away; now {}", band.name()));
        let decision = match settings.texts.get(&band) {
            Some(text) => decision.send(message(text, moment)),
            None => decision.and_because("this band has no text"),
        };
        Ok(enter(decision, before, band, seen))
    }
}

guanxi_plugin::campaign!(WinBack);

fn message(text: &str, moment: &Moment) -> Message {
    Message::text(text).with("name", moment.person.text("name").unwrap_or_default()).expires(moment.now + 7 * DAY)
}

/// Tags, remembers, and wakes up when the band ends.
fn enter(mut decision: Decision, before: Option<Band>, band: Band, active_at: Instant) -> Decision {
    if before != Some(band) {
        decision = match before {
            Some(before) => decision.remove_tag(DIMENSION, before.name()),
            None => decision,
        };
        decision = decision.add_tag(DIMENSION, band.name());
    }
    decision = match band.end() {
        Some(end) => decision.start_timer(TIMER, active_at + end + 1, &active_at),
        None => decision,
    };
    decision.keep(&Kept { band, active_at })
}

impl Band {
    const ALL: [Self; 5] = [Self::TwoDays, Self::Month, Self::Quarter, Self::HalfYear, Self::Older];

    /// The band of somebody who was active so long ago.
    fn at(age: Instant) -> Self {
        Self::ALL.into_iter().find(|band| band.end().is_none_or(|end| age <= end)).unwrap_or(Self::Older)
    }

    /// The greatest age within it.
    fn end(self) -> Option<Instant> {
        match self {
            Self::TwoDays => Some(48 * HOUR),
            Self::Month => Some(30 * DAY),
            Self::Quarter => Some(91 * DAY),
            Self::HalfYear => Some(182 * DAY),
            Self::Older => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::TwoDays => "two-days",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::HalfYear => "half-year",
            Self::Older => "older",
        }
    }
}

#[cfg(test)]
mod tests;
