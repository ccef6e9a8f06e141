//! What an installation costs, day by day: sums and columns.

use guanxi_domain::DAY;
use guanxi_domain::usage::Usage;
use jiff::Timestamp;

use super::words::Words;
use crate::format::{number, whole};
use crate::rooms::insight::pictures::length;

/// The width of a column's place and of the column in it.
const PLACE: usize = 10;
const WIDTH: usize = 8;
/// Per cent of the height that anything has which is not nothing.
const SEEN: f64 = 2.0;

/// What is told of the costs.
pub struct Costs {
    /// Sums and means.
    pub facts: Vec<(&'static str, String)>,
    /// One picture each.
    pub charts: Vec<Chart>,
    /// The same as a table: the day, fuel, calls, crashes, those for fuel or time, and refused operations.
    pub days: Vec<[String; 6]>,
    /// Units of the pictures' width.
    pub width: usize,
}

/// One number of each day as a column.
pub struct Chart {
    /// What is counted.
    pub title: &'static str,
    /// Over all days.
    pub total: String,
    /// Which colour it has.
    pub code: &'static str,
    /// One a day.
    pub columns: Vec<Column>,
}

/// One day.
pub struct Column {
    /// From the left.
    pub x: usize,
    /// From the top, of 100.
    pub y: String,
    /// Of 100.
    pub height: String,
    /// What it stands for.
    pub told: String,
}

impl Costs {
    /// Of an installation's days, the oldest first.
    pub fn of(days: &[(i64, Usage)], w: &'static Words) -> Self {
        let mut all = Usage::default();
        days.iter().for_each(|(_, usage)| all += *usage);
        let mean = |sum: u64, count: u64| if count == 0 { "–".to_owned() } else { number(sum as f64 / count as f64) };
        let chart = |title, code, of: fn(&Usage) -> u64| chart((title, code), days, of, of(&all));
        Self {
            facts: vec![
                (w.calls, whole(all.calls)),
                (w.fuel, whole(all.fuel)),
                (w.fuel_a_call, mean(all.fuel, all.calls)),
                (w.fuel_an_item, mean(all.fuel, all.items)),
                (w.time_a_call, mean(all.micros, all.calls.saturating_mul(1_000))),
                (w.crashes, whole(all.crashes)),
                (w.timeouts, whole(all.timeouts)),
                (w.refusals, whole(all.refusals)),
            ],
            charts: vec![
                chart(w.fuel, "plus", |usage| usage.fuel),
                chart(w.calls, "calm", |usage| usage.calls),
                chart(w.crashes, "minus", |usage| usage.crashes),
                chart(w.timeouts, "minus", |usage| usage.timeouts),
                chart(w.refusals, "minus", |usage| usage.refusals),
            ],
            days: days
                .iter()
                .rev()
                .map(|(day, usage)| {
                    let Usage { fuel, calls, crashes, timeouts, refusals, .. } = *usage;
                    let [fuel, calls, crashes, timeouts, refusals] =
                        [fuel, calls, crashes, timeouts, refusals].map(whole);
                    [date(*day), fuel, calls, crashes, timeouts, refusals]
                })
                .collect(),
            width: days.len() * PLACE,
        }
    }
}

fn chart(
    (title, code): (&'static str, &'static str),
    days: &[(i64, Usage)],
    of: fn(&Usage) -> u64,
    total: u64,
) -> Chart {
    let most = days.iter().map(|(_, usage)| of(usage)).max().unwrap_or_default() as f64;
    let column = |(index, (day, usage)): (usize, &(i64, Usage))| {
        let amount = of(usage);
        let share = amount as f64 / most * 100.0;
        let height = if amount == 0 { 0.0 } else { share.clamp(SEEN, 100.0) };
        Column {
            x: index * PLACE + (PLACE - WIDTH) / 2,
            y: length(100.0 - height, 100.0),
            height: length(height, 100.0),
            told: format!("{}: {}", date(*day), whole(amount)),
        }
    };
    Chart { title, code, total: whole(total), columns: days.iter().enumerate().map(column).collect() }
}

fn date(day: i64) -> String {
    let at = Timestamp::from_millisecond(day.saturating_mul(DAY));
    at.map_or_else(|_| day.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn pl_10_the_costliest_day_is_the_highest_and_a_single_call_is_seen() {
        let usage = |calls, fuel| {
            let (items, micros) = (2 * calls, 500 * calls);
            Usage { calls, items, refusals: calls - 1, fuel, micros, ..Usage::default() }
        };
        let days = [(20_000, usage(1, 1)), (20_001, usage(3, 1_000_007)), (20_002, Usage::default())];
        let costs = Costs::of(&days, super::super::words::of(Language::En));
        let heights = |chart: usize| costs.charts[chart].columns.iter().map(|one| &*one.height).collect::<Vec<_>>();
        assert_eq!(heights(0), ["2.00", "100.00", "0.00"]);
        assert_eq!(heights(1), ["33.33", "100.00", "0.00"]);
        assert_eq!(heights(2), ["0.00", "0.00", "0.00"]);
        assert_eq!(heights(4), ["0.00", "100.00", "0.00"]);
        assert_eq!(costs.charts[1].columns[1].told, "2024-10-05: 3");
        let facts: Vec<&str> = costs.facts.iter().map(|(_, told)| told.as_str()).collect();
        assert_eq!(facts, ["4", "1,000,008", "250,002", "125,001", "0.5", "0", "0", "2"]);
        assert_eq!(costs.days[0], ["2024-10-06", "0", "0", "0", "0", "0"]);
        assert_eq!(costs.days[1], ["2024-10-05", "1,000,007", "3", "0", "0", "2"]);
        assert_eq!(Costs::of(&[], super::super::words::of(Language::Zh)).facts[2].1, "–");
    }
}
