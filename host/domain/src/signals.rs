//! Social signals: what channels tell of a person and what soon is no longer so, such as followers, mood or favourite
//! pages. They come with any event, as the trait `signals`:
//!
//! ```json
//! {"signals": {"followers": 1200, "mood": {"value": "glad", "observed_at": 1763719200000, "expires_at": 1763805600000}}}
//! ```

use serde_json::Value;

use crate::person::Signal;
use crate::{DAY, JsonMap, Millis};

/// The trait that carries signals instead of setting an attribute.
pub const SIGNALS: &str = "signals";
/// The most signals of one event, and of one person.
pub const SIGNALS_MAX: usize = 64;
/// The most bytes of a value.
const VALUE_BYTES_MAX: usize = 1_024;
/// The most bytes of a kind.
const KIND_MAX: usize = 64;
/// How long a signal counts if its sender does not say.
const DAYS: Millis = 30;
/// How long a mood does.
const MOOD_DAYS: Millis = 1;

/// The signals among the traits of an event; `None` if it carries none. What cannot be one is left out: the others count.
pub fn read(traits: &JsonMap, source: &str, at: Millis) -> Option<Vec<Signal>> {
    let Value::Object(signals) = traits.get(SIGNALS)? else { return None };
    Some(signals.iter().take(SIGNALS_MAX).filter_map(|(kind, value)| signal(kind, value, source, at)).collect())
}

/// The signal of this kind that was observed last and still counts.
pub fn current<'s>(signals: &'s [Signal], kind: &str, now: Millis) -> Option<&'s Signal> {
    let counting = |signal: &&Signal| signal.kind == kind && counts(signal, now);
    signals.iter().filter(counting).max_by_key(|signal| signal.observed_at)
}

/// Whether a signal has not expired.
pub fn counts(signal: &Signal, now: Millis) -> bool {
    signal.expires_at.is_none_or(|end| end > now)
}

fn signal(kind: &str, given: &Value, source: &str, at: Millis) -> Option<Signal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=KIND_MAX).contains(&kind.len()) || !kind.bytes().all(plain) {
        return None;
    }
    let time = |name: &str| given.get(name).and_then(Value::as_i64).filter(|time| *time > 0);
    let value = match given {
        Value::Object(_) => given.get("value")?,
        value => value,
    };
    let fits = match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Array(items) => items.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    };
    if !fits || value.to_string().len() > VALUE_BYTES_MAX {
        return None;
    }
    // Nothing is observed after it was told.
    let observed_at = time("observed_at").map_or(at, |observed| observed.min(at));
    let days = if kind == "mood" { MOOD_DAYS } else { DAYS };
    Some(Signal {
        kind: kind.to_owned(),
        source: source.to_owned(),
        value: value.clone(),
        observed_at,
        expires_at: Some(time("expires_at").unwrap_or(observed_at + days * DAY)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: Millis = 1_700_000_000_000;

    fn told(signals: Value) -> Vec<(String, String, i64, i64)> {
        let traits = json!({ "signals": signals }).as_object().cloned().unwrap_or_default();
        let signals = read(&traits, "wechat", AT).unwrap_or_default().into_iter();
        signals.map(|s| (s.kind, s.value.to_string(), s.observed_at - AT, s.expires_at.unwrap_or(0) - AT)).collect()
    }

    #[test]
    fn signals_are_read_from_traits() {
        let row = |kind: &str, value: &str, observed, expires| (kind.to_owned(), value.to_owned(), observed, expires);
        assert_eq!(
            told(json!({"followers": 1200, "mood": "glad", "pages": ["茶", "tea"]})),
            [
                row("followers", "1200", 0, 30 * DAY),
                row("mood", "\"glad\"", 0, DAY),
                row("pages", "[\"茶\",\"tea\"]", 0, 30 * DAY)
            ]
        );
        let full = json!({"followers": {"value": 7, "observed_at": AT - 5, "expires_at": AT + 9}});
        assert_eq!(told(full), [row("followers", "7", -5, 9)]);
        let later = json!({"followers": {"value": 7, "observed_at": AT + 5}});
        assert_eq!(told(later), [row("followers", "7", 0, 30 * DAY)], "nothing is observed after it was told");
    }

    #[test]
    fn what_is_no_signal_is_left_out() {
        let long = "x".repeat(2_000);
        let bad = json!({"": 1, "a b": 1, "a": null, "b": {"x": 1}, "c": [1], "d": {"value": {}}, "e": long});
        assert_eq!(told(bad), []);
        assert_eq!(told(json!("glad")), []);
        let many: JsonMap = (0..200).map(|n| (format!("s{n}"), json!(n))).collect();
        assert_eq!(told(Value::Object(many)).len(), SIGNALS_MAX);
    }

    #[test]
    fn the_latest_that_counts_is_current() {
        let signal = |source: &str, observed_at, expires_at| Signal {
            kind: "mood".to_owned(),
            source: source.to_owned(),
            value: json!(source),
            observed_at,
            expires_at,
        };
        let signals = [signal("a", 1, None), signal("b", 3, Some(10)), signal("c", 2, Some(20))];
        let at = |now| current(&signals, "mood", now).map(|signal| signal.source.as_str());
        assert_eq!([at(5), at(10), at(20)], [Some("b"), Some("c"), Some("a")]);
        assert_eq!(current(&signals, "followers", 5), None);
    }
}
