//! Dates of the civil calendar, after Howard Hinnant's algorithms: a plugin has no clock and no time zones.

use guanxi_plugin::words::{DAY, HOUR, Instant, MINUTE, SECOND};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a time in UTC.
fn date(at: Instant) -> (i64, i64, i64) {
    let days = at.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// A time as `2026-01-01T00:00:00Z`.
pub fn utc(at: Instant) -> String {
    let (year, month, day) = date(at);
    let of_day = at.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / HOUR, of_day % HOUR / MINUTE, of_day % MINUTE / SECOND);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A time as mail writes it (RFC 5322), `Thu, 01 Jan 2026 00:00:00 +0000`.
pub fn mail(at: Instant) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = date(at);
    let name =
        |names: &[&'static str], index: i64| usize::try_from(index).ok().and_then(|index| names.get(index).copied());
    let of_week = name(&DAYS, at.div_euclid(DAY).rem_euclid(7)).unwrap_or_default();
    let month = name(&MONTHS, month - 1).unwrap_or_default();
    let of_day = at.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / HOUR, of_day % HOUR / MINUTE, of_day % MINUTE / SECOND);
    format!("{of_week}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// The time that is written `2026-01-01 08:00:00` in Beijing.
pub fn beijing(text: &str) -> Option<Instant> {
    let (date, time) = text.split_once(' ')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let fits = (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND - 8 * HOUR)
}

/// The time that is written `Mon Jul 16 18:09:20 +0800 2012`.
pub fn ctime_in_beijing(text: &str) -> Option<Instant> {
    let parts: Vec<&str> = text.split(' ').collect();
    let [_, month, day, time, "+0800", year] = parts.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    beijing(&format!("{year}-{month:02}-{day} {time}"))
}

/// The next midnight in Beijing, when quotas begin anew.
pub fn next_day(now: Instant) -> Instant {
    ((now + 8 * HOUR).div_euclid(DAY) + 1) * DAY - 8 * HOUR
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let read = |part: &str| part.parse().ok().filter(|number: &i64| *number >= 0);
    text.split(between).map(read).collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NOW: Instant = 1_767_225_600_000;

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(utc(NOW), "2026-01-01T00:00:00Z");
        assert_eq!(utc(1_709_251_199_999), "2024-02-29T23:59:59Z");
        assert_eq!(mail(NOW), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(mail(1_709_251_199_999), "Thu, 29 Feb 2024 23:59:59 +0000");
        assert_eq!(mail(-1), "Wed, 31 Dec 1969 23:59:59 +0000");
        assert_eq!(beijing("2026-01-01 08:00:00"), Some(NOW));
        assert_eq!(beijing("2024-03-01 07:59:59"), Some(1_709_251_199_000));
        let bad =
            ["", "2026-01-01", "2026-13-01 00:00:00", "2026-01-01 25:00:00", "x-1-1 1:1:1", "2026-01-01 -1:00:00"];
        for text in bad {
            assert_eq!(beijing(text), None, "{text}");
        }
        assert_eq!(ctime_in_beijing("Thu Jan 01 08:00:00 +0800 2026"), Some(NOW));
        for text in ["", "Thu Jan 01 08:00:00 +0000 2026", "Thu Foo 01 08:00:00 +0800 2026", "yesterday"] {
            assert_eq!(ctime_in_beijing(text), None, "{text}");
        }
        assert_eq!(next_day(NOW), NOW + 16 * HOUR);
    }
}
