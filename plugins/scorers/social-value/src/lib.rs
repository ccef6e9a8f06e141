//! Social value: what a person is worth to the brand as a buyer, as a participant and as somebody who is heard.
//! All three are counted in the major unit of the tenant's currency, so that they add up: 10,000 yuan of orders with
//! 300 followers is less than 1,000 yuan with 300,000. Beside it, the classic RFM score.

use guanxi_plugin::Failure;
use guanxi_plugin::scorer::{People, Scored, Scorer};
use guanxi_plugin::words::{DAY, Instant};

struct SocialValue;

/// What counts how much; see `plugin.toml` for what each setting means.
#[derive(Debug, serde::Deserialize)]
#[serde(default)]
struct Weights {
    revenue_weight: f64,
    event_value: f64,
    follower_value: f64,
    recency_days: [i64; 4],
    frequency_orders: [i64; 4],
    monetary: [f64; 4],
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            revenue_weight: 1.0,
            event_value: 1.0,
            follower_value: 0.05,
            recency_days: [14, 30, 90, 180],
            frequency_orders: [2, 4, 7, 11],
            monetary: [100.0, 500.0, 2_000.0, 10_000.0],
        }
    }
}

impl Scorer for SocialValue {
    type Config = Weights;
    const INPUTS: &'static [&'static str] =
        &["revenue", "order-count", "event-count", "first-seen", "last-seen", "last-order-at", "followers"];

    fn score(weights: &Weights, people: &People) -> Result<Scored, Failure> {
        let spent = people.integers("revenue")?;
        let orders = people.integers("order-count")?;
        let last_order = people.integers("last-order-at")?;
        let monetary = weights.monetary.map(|major| (major * 100.0) as i64);
        let days = weights.recency_days.map(|days| days.saturating_mul(DAY));
        let now = people.now();
        // Who never bought has no RFM score: NaN keeps the person without one.
        let recency = |(last, orders): (&Instant, &i64)| {
            if *orders > 0 { recency(*last, now, &days) } else { f64::NAN }
        };
        let rfm = [
            ("recency", last_order.iter().zip(orders).map(recency).collect()),
            ("frequency", column(orders, |orders| grade(orders, &weights.frequency_orders))),
            ("monetary", column(spent, |spent| grade(spent, &monetary))),
        ];
        let per_minor_unit = weights.revenue_weight / 100.0;
        let social_value = [
            ("revenue", column(spent, |minor| minor as f64 * per_minor_unit)),
            ("participation", column(people.integers("event-count")?, |events| events as f64 * weights.event_value)),
            ("influence", column(people.integers("followers")?, |followers| followers as f64 * weights.follower_value)),
        ];
        Ok(Scored::new().sum("rfm", rfm).sum("social-value", social_value))
    }
}

guanxi_plugin::scorer!(SocialValue);

fn column(values: &[i64], term: impl Fn(i64) -> f64) -> Vec<f64> {
    values.iter().map(|value| term(*value)).collect()
}

/// 1 to 5: one more for every threshold reached.
fn grade(value: i64, thresholds: &[i64; 4]) -> f64 {
    f64::from(1 + thresholds.iter().map(|threshold| u8::from(value >= *threshold)).sum::<u8>())
}

/// 5 within the first limit, 1 past the last.
fn recency(last_order: Instant, now: Instant, limits: &[Instant; 4]) -> f64 {
    let age = now.saturating_sub(last_order);
    f64::from(1 + limits.iter().map(|limit| u8::from(age <= *limit)).sum::<u8>())
}

#[cfg(test)]
mod tests;
