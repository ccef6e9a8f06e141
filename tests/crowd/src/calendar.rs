//! Days and hours in China's time, and when people shop: in the evening, at weekends, on the days that shops celebrate.

use guanxi_domain::Millis;
use jiff::civil::{Date, Weekday};

use crate::dice::Dice;

/// Milliseconds of a day.
const DAY: Millis = 86_400_000;
/// How long ago the first members came.
pub const YEARS_OF_MEMBERS: f64 = 6.0;
/// China has one time zone and no summer time.
const EAST: Millis = 8 * 3_600_000;
const EPOCH: Date = Date::constant(1970, 1, 1);
/// A day that no celebration weighs more than.
const WEIGHT_MAX: f64 = 6.0;
const MONTHS: [(u8, f64); 12] = [
    (1, 1.1),
    (2, 0.7),
    (3, 0.9),
    (4, 0.9),
    (5, 1.0),
    (6, 1.2),
    (7, 0.9),
    (8, 0.95),
    (9, 1.05),
    (10, 1.05),
    (11, 1.3),
    (12, 1.15),
];
/// Hours of a day and how much happens in each.
const HOURS: [(u8, u32); 24] = [
    (0, 30),
    (1, 14),
    (2, 8),
    (3, 5),
    (4, 4),
    (5, 6),
    (6, 14),
    (7, 30),
    (8, 48),
    (9, 60),
    (10, 70),
    (11, 74),
    (12, 84),
    (13, 76),
    (14, 64),
    (15, 62),
    (16, 62),
    (17, 66),
    (18, 76),
    (19, 96),
    (20, 124),
    (21, 132),
    (22, 104),
    (23, 62),
];

/// Days from 1970 to that day.
pub fn number(date: Date) -> i64 {
    EPOCH.duration_until(date).as_hours() / 24
}

/// The day that many days after 1970.
pub fn date(day: i64) -> Date {
    let after = jiff::SignedDuration::from_hours(day * 24);
    EPOCH.checked_add(after).unwrap_or(EPOCH)
}

/// The moment on that day's clock in China.
pub fn moment(day: i64, ms: Millis) -> Millis {
    day * DAY + ms - EAST
}

/// `2025-11-03T20:15:09+08:00`.
pub fn text(at: Millis) -> String {
    let at = at + EAST;
    let (day, seconds) = (date(at.div_euclid(DAY)), at.rem_euclid(DAY) / 1_000);
    format!("{day}T{:02}:{:02}:{:02}+08:00", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// A moment from `first` to before `end`, both days, when people are likely to shop.
pub fn shopping(dice: &mut Dice, first: i64, end: i64) -> Millis {
    let mut day = dice.between(first, end);
    for _ in 0..64 {
        if dice.chance(weight(date(day)) / WEIGHT_MAX) {
            break;
        }
        day = dice.between(first, end);
    }
    moment(day, clock(dice))
}

/// A time of day, in milliseconds, when people are likely to be awake.
pub fn clock(dice: &mut Dice) -> Millis {
    Millis::from(dice.weighted(&HOURS)) * 3_600_000 + Millis::from(dice.below(3_600_000))
}

fn weight(day: Date) -> f64 {
    let month = MONTHS.iter().find(|(month, _)| i16::from(*month) == i16::from(day.month())).map_or(1.0, |m| m.1);
    let weekday = match day.weekday() {
        Weekday::Friday => 1.05,
        Weekday::Saturday => 1.25,
        Weekday::Sunday => 1.2,
        _ => 0.9,
    };
    let celebrated = match (day.month(), day.day()) {
        (11, 10..=11) => 4.0,
        (6, 16..=18) => 3.0,
        (12, 12) => 2.0,
        (2, 14) | (5, 20) => 1.6,
        _ => 1.0,
    };
    (month * weekday * celebrated).min(WEIGHT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;

    #[test]
    fn days_and_moments_are_china_s() {
        let day = number(Date::constant(2025, 11, 11));
        assert_eq!(date(day), Date::constant(2025, 11, 11));
        assert_eq!(text(moment(day, 73_009_000)), "2025-11-11T20:16:49+08:00");
        let at: jiff::Timestamp = "2025-11-11T20:16:49+08:00".parse().unwrap();
        assert_eq!(at.as_millisecond(), moment(day, 73_009_000));
    }

    #[test]
    fn evenings_and_celebrations_stand_out() {
        let (first, end) = (number(Date::constant(2025, 1, 1)), number(Date::constant(2026, 1, 1)));
        let (mut evening, mut celebrated) = (0, 0);
        for n in 0..20_000 {
            let at = text(shopping(&mut Dice::new(1, Stream::Orders, n), first, end));
            evening += usize::from(matches!(&at[11..13], "20" | "21" | "22"));
            celebrated += usize::from(at.starts_with("2025-11-11"));
        }
        assert!(evening > 20_000 / 5, "{evening} in three of 24 hours");
        assert!(celebrated > 3 * 20_000 / 365, "{celebrated} on one day of 365");
    }
}
