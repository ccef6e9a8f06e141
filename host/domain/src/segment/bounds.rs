//! What a test in relation to now asks for at a certain time: plain comparisons, which memory and SQL answer alike.
//! Days are days of UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::condition::{DateTest, Op, TimeTest};
use crate::{DAY, Millis};

/// The longest span of time: a hundred years.
pub const SPAN_MAX: Millis = 36_525 * DAY;
/// The most days ahead of an anniversary.
pub const ANNIVERSARY_MAX: u32 = 180;

const UNITS: [(char, Millis); 5] = [('w', 7 * DAY), ('d', DAY), ('h', 3_600_000), ('m', 60_000), ('s', 1_000)];

/// A comparison of a day's text, `2026-11-22`, which sorts as days do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayBound {
    /// The whole day compares so.
    Day(Op, String),
    /// Month and day, `11-22`, are from the first to the second.
    Within(String, String),
    /// Month and day are from the first on or up to the second, over the turn of the year.
    Around(String, String),
}

/// `30d`, `12h`, `45m`, `10s` or `2w` as milliseconds; `None` for another form, nothing, or more than a hundred years.
pub fn span(text: &str) -> Option<Millis> {
    let unit = text.chars().next_back()?;
    let (_, length) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
    let digits = text.get(..text.len() - 1)?;
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let millis = plain.then(|| digits.parse::<Millis>().ok()).flatten()?.checked_mul(*length)?;
    (1..=SPAN_MAX).contains(&millis).then_some(millis)
}

/// The shortest form that [`span`] reads; weeks are told as days.
pub fn span_text(span: Millis) -> String {
    let fits = UNITS.iter().find(|(letter, length)| *letter != 'w' && span % length == 0);
    fits.map_or_else(|| format!("{}s", span / 1_000), |(letter, length)| format!("{}{letter}", span / length))
}

/// A day `2026-11-22`, as midnight, or a time `2026-11-22T08:00:00Z`.
pub fn time(text: &str) -> Option<Millis> {
    match text.parse::<Timestamp>() {
        Ok(at) => Some(at.as_millisecond()),
        Err(_) => Some(date(text)?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()),
    }
}

/// What [`time`] reads: a day if it is midnight.
pub fn time_text(at: Millis) -> String {
    match Timestamp::from_millisecond(at) {
        Ok(time) if at.rem_euclid(DAY) == 0 => time.to_zoned(TimeZone::UTC).date().to_string(),
        Ok(time) => time.to_string(),
        Err(_) => at.to_string(),
    }
}

/// A whole day, nothing else.
pub fn date(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain.then(|| text.parse().ok()).flatten().filter(|date: &Date| date.year() >= 0)
}

/// The day that a value tells: its first ten characters, if they have the form of one.
pub fn day_of(value: &str) -> Option<&str> {
    let day = value.get(..10)?;
    let good = day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    good.then_some(day)
}

/// The day that it is.
pub fn today(now: Millis) -> Date {
    Timestamp::from_millisecond(now).map_or(Date::ZERO, |at| at.to_zoned(TimeZone::UTC).date())
}

/// What a time has to be.
pub fn at(test: TimeTest, now: Millis) -> (Op, Millis) {
    match test {
        TimeTest::Within(span) => (Op::Gte, now.saturating_sub(span)),
        TimeTest::Before(span) => (Op::Lt, now.saturating_sub(span)),
        TimeTest::Since(at) => (Op::Gte, at),
        TimeTest::Until(at) => (Op::Lt, at),
    }
}

/// What a day has to be.
pub fn on(test: &DateTest, now: Millis) -> Vec<DayBound> {
    let today = today(now);
    let shifted = |days: i64| today.saturating_add(Span::new().days(days)).to_string();
    match test {
        DateTest::Within(days) => {
            vec![DayBound::Day(Op::Gte, shifted(-i64::from(*days))), DayBound::Day(Op::Lte, today.to_string())]
        }
        DateTest::Before(days) => vec![DayBound::Day(Op::Lt, shifted(-i64::from(*days)))],
        DateTest::Ahead(days) => {
            vec![DayBound::Day(Op::Gte, today.to_string()), DayBound::Day(Op::Lte, shifted(i64::from(*days)))]
        }
        DateTest::Anniversary(days) => vec![anniversary(today, *days)],
        DateTest::Since(day) => vec![DayBound::Day(Op::Gte, day.clone())],
        DateTest::Until(day) => vec![DayBound::Day(Op::Lt, day.clone())],
        DateTest::Age(op, years) => age(today, *op, i64::from(*years)),
    }
}

/// Whether the day of a value is so.
pub fn is_on(day: &str, bound: &DayBound) -> bool {
    let of_year = day.get(5..10).unwrap_or_default();
    match bound {
        DayBound::Day(op, bound) => op.holds(day, bound.as_str()),
        DayBound::Within(first, last) => of_year >= first.as_str() && of_year <= last.as_str(),
        DayBound::Around(first, last) => of_year >= first.as_str() || of_year <= last.as_str(),
    }
}

/// Whoever was born on 29 February celebrates on the 28th in other years.
fn anniversary(today: Date, days: u32) -> DayBound {
    let end = today.saturating_add(Span::new().days(i64::from(days.min(ANNIVERSARY_MAX))));
    let of_year = |date: Date| format!("{:02}-{:02}", date.month(), date.day());
    let (first, mut last) = (of_year(today), of_year(end));
    if last == "02-28" && !end.in_leap_year() {
        last = "02-29".to_owned();
    }
    if first <= last { DayBound::Within(first, last) } else { DayBound::Around(first, last) }
}

/// Whoever is at least `n` was born on or before this day `n` years ago.
fn age(today: Date, op: Op, years: i64) -> Vec<DayBound> {
    let at_least = |years: i64| DayBound::Day(Op::Lte, years_ago(today, years));
    let less_than = |years: i64| DayBound::Day(Op::Gt, years_ago(today, years));
    match op {
        Op::Eq => vec![at_least(years), less_than(years + 1)],
        Op::Gt => vec![at_least(years + 1)],
        Op::Gte => vec![at_least(years)],
        Op::Lt => vec![less_than(years)],
        Op::Lte => vec![less_than(years + 1)],
    }
}

fn years_ago(today: Date, years: i64) -> String {
    format!("{:04}-{:02}-{:02}", (i64::from(today.year()) - years).max(0), today.month(), today.day())
}
