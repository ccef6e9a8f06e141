//! Days and times in their usual forms.

use guanxi_domain::Millis;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::values::narrow;

/// Which number comes first in `1/2/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// The second of January if nothing speaks against it.
    #[default]
    Auto,
    /// The first of February.
    DayFirst,
    /// The second of January.
    MonthFirst,
}

/// The usual time zone of a country that has one; UTC of others.
pub fn zone_of(region: Option<&str>) -> &'static str {
    match region {
        Some("CN") => "Asia/Shanghai",
        Some("HK") => "Asia/Hong_Kong",
        Some("MO") => "Asia/Macau",
        Some("TW") => "Asia/Taipei",
        Some("SG") => "Asia/Singapore",
        Some("JP") => "Asia/Tokyo",
        Some("KR") => "Asia/Seoul",
        Some("TH") => "Asia/Bangkok",
        Some("VN") => "Asia/Ho_Chi_Minh",
        Some("MY") => "Asia/Kuala_Lumpur",
        Some("DE") => "Europe/Berlin",
        Some("FR") => "Europe/Paris",
        Some("GB") => "Europe/London",
        Some("IT") => "Europe/Rome",
        Some("ES") => "Europe/Madrid",
        Some("NL") => "Europe/Amsterdam",
        Some("AT") => "Europe/Vienna",
        Some("CH") => "Europe/Zurich",
        Some("IN") => "Asia/Kolkata",
        _ => "UTC",
    }
}

/// How to read days and times that do not say everything.
#[derive(Debug, Clone)]
pub(crate) struct Dates {
    pub(crate) order: DateOrder,
    pub(crate) zone: TimeZone,
}

impl Dates {
    /// A moment; a day alone is its beginning.
    pub(crate) fn moment(&self, text: &str) -> Option<Millis> {
        let plain: String = text.trim().chars().map(narrow).collect();
        if plain.bytes().all(|b| b.is_ascii_digit()) {
            match plain.len() {
                10 => return plain.parse::<i64>().ok().map(|seconds| seconds * 1_000),
                13 => return plain.parse().ok(),
                _ => {}
            }
        }
        let (local, offset) = self.local(&plain)?;
        match offset {
            Some(minutes) => {
                let utc = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
                Some(utc - minutes * 60_000)
            }
            None => Some(local.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond()),
        }
    }

    /// A day as `2026-11-22`.
    pub(crate) fn day(&self, text: &str) -> Option<String> {
        let plain: String = text.trim().chars().map(narrow).collect();
        self.local(&plain).map(|(local, _)| local.date().to_string())
    }

    /// The time on the clock, and minutes east of Greenwich if the text says them.
    fn local(&self, text: &str) -> Option<(DateTime, Option<i64>)> {
        if let Some(moment) = excel_serial(text) {
            return Some((moment, None));
        }
        if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) {
            let (date, time) = text.split_at(8);
            let number = |range: std::ops::Range<usize>| time.get(range)?.parse().ok();
            let time = Time::new(number(0..2)?, number(2..4)?, number(4..6)?, 0).ok()?;
            return Some((self.date(date)?.to_datetime(time), None));
        }
        let (date, rest) = split_date(text);
        let (time, offset) = clock(rest)?;
        Some((self.date(&date)?.to_datetime(time), offset))
    }

    fn date(&self, text: &str) -> Option<Date> {
        if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
            return new_date(text.get(..4)?, text.get(4..6)?, text.get(6..)?);
        }
        let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        let &[first, second, third] = parts.as_slice() else { return None };
        if first.len() == 4 {
            return new_date(first, second, third);
        }
        if first.len() > 2 || second.len() > 2 || !matches!(third.len(), 2 | 4) {
            return None;
        }
        let year: i16 = third.parse().ok()?;
        let year = if third.len() == 4 { year } else { year + if year < 70 { 2000 } else { 1900 } };
        let (a, b): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
        let day_first = match self.order {
            _ if text.contains('.') || a > 12 => true,
            DateOrder::DayFirst => b <= 12,
            DateOrder::Auto | DateOrder::MonthFirst => false,
        };
        let (day, month) = if day_first { (a, b) } else { (b, a) };
        Date::new(year, month, day).ok()
    }
}

fn new_date(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Days since the end of 1899, as spreadsheets keep them.
fn excel_serial(text: &str) -> Option<DateTime> {
    let (days, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if days.len() != 5 || !digits(days) || !digits(part) {
        return None;
    }
    let days: i64 = days.parse().ok()?;
    let part: f64 = if part.is_empty() { 0.0 } else { format!("0.{part}").parse().ok()? };
    let span: Span = days.days().seconds((part * 86_400.0).round() as i64);
    Date::new(1899, 12, 30).ok()?.to_datetime(Time::midnight()).checked_add(span).ok()
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The date as numbers with `-`, `/` or `.` between them, and what follows it.
fn split_date(text: &str) -> (String, &str) {
    if text.chars().any(|c| c.is_ascii_alphabetic())
        && let Some(found) = split_named_month(text)
    {
        return found;
    }
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | '年' | '月' | '日' | '号')))
        .unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    (date.chars().map(|c| if c.is_ascii_digit() || matches!(c, '-' | '/' | '.') { c } else { '-' }).collect(), rest)
}

/// `Nov 22, 2026 10:30 AM` and `22 November 2026`.
fn split_named_month(text: &str) -> Option<(String, &str)> {
    let mut numbers = Vec::new();
    let mut month = None;
    let mut at = 0;
    for word in text.split_inclusive([' ', ',', '-', '/']) {
        let bare = word.trim_end_matches([' ', ',', '-', '/', '.']);
        at += word.len();
        if bare.is_empty() {
            continue;
        }
        let letters = bare.get(..3).filter(|_| bare.bytes().all(|b| b.is_ascii_alphabetic()));
        let named = letters.and_then(|three| MONTHS.iter().position(|known| three.eq_ignore_ascii_case(known)));
        match named {
            Some(index) if month.is_none() => month = Some(index + 1),
            None if bare.bytes().all(|b| b.is_ascii_digit()) => numbers.push(bare),
            _ => return None,
        }
        if numbers.len() == 2 && month.is_some() {
            break;
        }
    }
    let (&[first, second], month) = (numbers.as_slice(), month?) else { return None };
    let (year, day) = if first.len() == 4 { (first, second) } else { (second, first) };
    Some((format!("{year}-{month}-{day}"), text.get(at..)?))
}

/// `T10:30:00.5+08:00`, ` 下午 3:05`, ` 3:05 PM`, or nothing.
fn clock(text: &str) -> Option<(Time, Option<i64>)> {
    let text = text.trim_start_matches(['T', 't', ',']).trim();
    if text.is_empty() {
        return Some((Time::midnight(), None));
    }
    let afternoon = ["下午", "晚上", "PM", "pm", "Pm"].iter().any(|word| text.contains(word));
    let morning = ["上午", "凌晨", "AM", "am", "Am"].iter().any(|word| text.contains(word));
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let from = text.get(start..)?;
    let end = from.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(from.len());
    let (digits, after) = from.split_at(end);
    let mut parts = digits.split(':');
    let mut hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    match (afternoon, morning) {
        (true, _) if hour < 12 => hour += 12,
        (_, true) if hour == 12 => hour = 0,
        _ => {}
    }
    let time = Time::new(hour, minute, seconds as i8, 0).ok()?;
    Some((time, offset(after.trim())?))
}

fn offset(text: &str) -> Option<Option<i64>> {
    let text = text.trim_start_matches("AM").trim_start_matches("PM").trim_start_matches("am").trim_start_matches("pm");
    match text.trim() {
        "" => Some(None),
        "Z" | "z" | "UTC" | "GMT" => Some(Some(0)),
        other => {
            let sign = if other.starts_with('-') { -1 } else { 1 };
            let digits: String = other.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let hours: i64 = digits.get(..2)?.parse().ok()?;
            let minutes: i64 =
                digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
            (hours <= 15 && minutes < 60).then_some(Some(sign * (hours * 60 + minutes)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_usual_forms() {
        let dates = Dates { order: DateOrder::Auto, zone: TimeZone::get("Asia/Shanghai").unwrap() };
        let moment = |text: &str| {
            let millis = dates.moment(text)?;
            jiff::Timestamp::from_millisecond(millis).ok().map(|at| at.to_string())
        };
        for (text, expected) in [
            ("2010-12-01 08:26:00", Some("2010-12-01T00:26:00Z")),
            ("2026/11/22", Some("2026-11-21T16:00:00Z")),
            ("2026年11月22日 下午3:05", Some("2026-11-22T07:05:00Z")),
            ("2026-11-22T10:30:00+02:00", Some("2026-11-22T08:30:00Z")),
            ("2025-10-07 09:50:26 +0200", Some("2025-10-07T07:50:26Z")),
            ("2026-11-22T10:30:00.123Z", Some("2026-11-22T10:30:00Z")),
            ("Nov 22, 2026 10:30 PM", Some("2026-11-22T14:30:00Z")),
            ("22 November 2026", Some("2026-11-21T16:00:00Z")),
            ("1795305600", Some("2026-11-22T00:00:00Z")),
            ("1795305600000", Some("2026-11-22T00:00:00Z")),
            ("46348.5", Some("2026-11-22T04:00:00Z")),
            ("20261122", Some("2026-11-21T16:00:00Z")),
            ("20261122103000", Some("2026-11-22T02:30:00Z")),
            ("22.11.2026 7:05", Some("2026-11-21T23:05:00Z")),
            ("11/22/26", Some("2026-11-21T16:00:00Z")),
            ("2026-02-30", None),
            ("soon", None),
            ("", None),
            ("2026-11-22 25:00", None),
        ] {
            assert_eq!(moment(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_can_be_told() {
        for (order, text, expected) in [
            (DateOrder::Auto, "1/2/2026", "2026-01-02"),
            (DateOrder::DayFirst, "1/2/2026", "2026-02-01"),
            (DateOrder::DayFirst, "1/22/2026", "2026-01-22"),
            (DateOrder::MonthFirst, "22/1/2026", "2026-01-22"),
            (DateOrder::MonthFirst, "01.02.1990", "1990-02-01"),
            (DateOrder::Auto, "１９９０－０２－２８", "1990-02-28"),
        ] {
            let dates = Dates { order, zone: TimeZone::UTC };
            assert_eq!(dates.day(text).as_deref(), Some(expected), "{text}");
        }
    }
}
