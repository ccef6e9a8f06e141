//! The sender's clock against ours, after Segment's `sentAt` rule:
//! `occurred = received - (sent - claimed)`. What still lies in the future or before 1990 is set to the time of receipt.

use crate::Millis;

/// Times before this (1990-01-01) are nobody's events.
const EARLIEST: Millis = 631_152_000_000;
/// 9999-12-31T23:59:59Z.
const NEVER: Millis = 253_402_300_799_000;
/// A clock may run ahead so much before the time is not believed.
const AHEAD_MAX: Millis = 60_000;

/// The time of an event and, if it was corrected, how.
///
/// `claimed` is what the event says, `sent` what the sender's clock said when it was sent.
pub fn occurred(claimed: Option<Millis>, sent: Option<Millis>, received: Millis) -> (Millis, Option<String>) {
    let Some(claimed) = claimed else { return (received, None) };
    let sent_usable = sent.filter(|sent| *sent >= EARLIEST);
    let (time, note) = match sent_usable {
        Some(sent) if sent.abs_diff(received) > AHEAD_MAX as u64 => {
            let skew = received.saturating_sub(sent);
            (claimed.saturating_add(skew), Some(format!("sender's clock off by {skew} ms, from sentAt")))
        }
        _ => (claimed, None),
    };
    if time > received.saturating_add(AHEAD_MAX) {
        return (received, Some("in the future; set to the time of receipt".to_owned()));
    }
    if time < EARLIEST {
        return (received, Some("before 1990; set to the time of receipt".to_owned()));
    }
    (time.min(received), note)
}

/// Reads RFC 3339, or milliseconds or seconds since the epoch.
pub fn parse(value: &serde_json::Value) -> Option<Millis> {
    match value {
        // The last day of 9999 is what some systems write for "never"; it lies beyond what `jiff` reads.
        serde_json::Value::String(text) if text.starts_with("9999-12-31T") => Some(NEVER),
        serde_json::Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond()),
        serde_json::Value::Number(number) => {
            let number = number.as_i64().or_else(|| number.as_f64().map(|n| n as i64))?;
            // Below this a number can only be meant as seconds (it would be 1973 in milliseconds).
            Some(if number.unsigned_abs() < 100_000_000_000 { number.saturating_mul(1_000) } else { number })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sent_at_rule_corrects_skew_and_refuses_absurd_times() {
        let received = 1_700_000_000_000;
        let hour = 3_600_000;
        for (claimed, sent, expected) in [
            (None, None, received),
            (Some(received - hour), None, received - hour),
            (Some(received - hour), Some(received), received - hour),
            (Some(received + hour), Some(received + 2 * hour), received - hour),
            (Some(received - 3 * hour), Some(received - 2 * hour), received - hour),
            (Some(received + hour), None, received),
            (Some(received + 100), None, received),
            (Some(0), None, received),
            (Some(i64::MAX), Some(i64::MIN), received),
            (Some(i64::MIN), Some(i64::MAX), received),
        ] {
            assert_eq!(occurred(claimed, sent, received).0, expected, "{claimed:?} {sent:?}");
        }
    }
}
