//! Bars and heat maps: numbers as they are, and how long or dark each is drawn.

use guanxi_domain::insight::Hours;

use crate::words::Words;

/// Shades of a heat map besides nothing.
const SHADES: u64 = 5;

/// A list of numbers with bars.
pub struct Bars {
    /// For the heading; unique within the page.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// One each.
    pub rows: Vec<Bar>,
}

/// One of them.
pub struct Bar {
    /// What.
    pub title: String,
    /// How much, for people.
    pub value: String,
    /// Per cent of the width; empty for no bar.
    pub length: String,
}

/// When people buy: a table whose cells are as dark as there is much.
pub struct Heat {
    /// What it is of, for those who do not see it.
    pub caption: String,
    /// Day by day from Monday on.
    pub days: Vec<HeatDay>,
    /// Whether there is anything.
    pub empty: bool,
}

/// A day of the week.
pub struct HeatDay {
    /// Its name.
    pub title: &'static str,
    /// 24 hours: the hour, how much, and the shade from 0 to 5.
    pub cells: Vec<(usize, u64, u64)>,
}

impl Heat {
    /// Of orders by hour of the week.
    pub fn of(hours: &Hours, time_zone: &str, w: &'static Words) -> Self {
        let most = hours.most();
        let shade = |orders: u64| if orders == 0 { 0 } else { (orders * SHADES).div_ceil(most.max(1)).min(SHADES) };
        let day = |(title, day): (&'static str, &[u64; 24])| HeatDay {
            title,
            cells: day.iter().enumerate().map(|(hour, orders)| (hour, *orders, shade(*orders))).collect(),
        };
        Self {
            caption: format!("{} ({time_zone})", w.orders_by_hour),
            days: days(w).into_iter().zip(hours.days()).map(day).collect(),
            empty: most == 0,
        }
    }
}

/// The days of the week from Monday on.
pub fn days(w: &'static Words) -> [&'static str; 7] {
    [w.monday, w.tuesday, w.wednesday, w.thursday, w.friday, w.saturday, w.sunday]
}

/// Bars whose longest is as wide as there is room.
pub fn bars(id: &str, title: &str, rows: impl Iterator<Item = (String, String, f64)>) -> Bars {
    let rows: Vec<(String, String, f64)> = rows.collect();
    let most = rows.iter().map(|(_, _, amount)| *amount).fold(0.0, f64::max);
    let bar = |(title, value, amount): (String, String, f64)| Bar { title, value, length: length(amount, most) };
    Bars { id: id.to_owned(), title: title.to_owned(), rows: rows.into_iter().map(bar).collect() }
}

/// Per cent of the width.
pub fn length(part: f64, whole: f64) -> String {
    let share = part / whole * 100.0;
    format!("{:.2}", if share.is_finite() { share.clamp(0.0, 100.0) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::EN;

    #[test]
    fn the_darkest_hour_has_the_most_and_one_order_is_seen() {
        let mut hours = Hours::default();
        for (hour, orders) in [(0, 1), (1, 1_000), (25, 500)] {
            hours.add(hour, orders);
        }
        let heat = Heat::of(&hours, "UTC", &EN);
        let shades = |day: usize| heat.days[day].cells.iter().take(3).map(|(_, _, shade)| *shade).collect::<Vec<_>>();
        assert_eq!((shades(0), shades(1), heat.empty), (vec![1, 5, 0], vec![0, 3, 0], false));
        assert!(Heat::of(&Hours::default(), "UTC", &EN).empty);
        assert_eq!((length(1.0, 4.0), length(0.0, 0.0)), ("25.00".to_owned(), "0.00".to_owned()));
    }
}
