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
        let scored = rfm(weights, people, Scored::new())?;
        social_value(weights, people, scored)
    }
}

guanxi_plugin::scorer!(SocialValue);

fn social_value(weights: &Weights, people: &People, scored: Scored) -> Result<Scored, Failure> {
    let per_minor_unit = weights.revenue_weight / 100.0;
    let revenue = |minor: &i64| *minor as f64 * per_minor_unit;
    let participation = |events: &i64| *events as f64 * weights.event_value;
    let influence = |followers: &i64| *followers as f64 * weights.follower_value;

    let (spent, events) = (people.integers("revenue")?, people.integers("event-count")?);
    let followers = people.integers("followers")?;
    let rows = spent.iter().zip(events).zip(followers);
    let scored = scored.score("social-value", rows.map(|((s, e), f)| revenue(s) + participation(e) + influence(f)));
    if !people.explain() {
        return Ok(scored);
    }
    Ok(scored
        .term("social-value", "revenue", spent.iter().map(revenue))
        .term("social-value", "participation", events.iter().map(participation))
        .term("social-value", "influence", followers.iter().map(influence)))
}

fn rfm(weights: &Weights, people: &People, scored: Scored) -> Result<Scored, Failure> {
    let now = people.now();
    let monetary = weights.monetary.map(|major| (major * 100.0) as i64);
    let recency = |last: &Instant| recency(*last, now, &weights.recency_days);
    let frequency = |orders: &i64| grade(*orders, &weights.frequency_orders);
    let money = |spent: &i64| grade(*spent, &monetary);

    let (last, orders) = (people.integers("last-order-at")?, people.integers("order-count")?);
    let spent = people.integers("revenue")?;
    // Who never bought has no RFM score: NaN keeps the person without one.
    let sum = |((l, o), s): ((&i64, &i64), &i64)| {
        if *o > 0 { recency(l) + frequency(o) + money(s) } else { f64::NAN }
    };
    let scored = scored.score("rfm", last.iter().zip(orders).zip(spent).map(sum));
    if !people.explain() {
        return Ok(scored);
    }
    Ok(scored
        .term("rfm", "recency", last.iter().map(recency))
        .term("rfm", "frequency", orders.iter().map(frequency))
        .term("rfm", "monetary", spent.iter().map(money)))
}

/// 1 to 5: one more for every threshold reached.
fn grade(value: i64, thresholds: &[i64; 4]) -> f64 {
    f64::from(1 + thresholds.iter().map(|threshold| u8::from(value >= *threshold)).sum::<u8>())
}

/// 5 within the first number of days, 1 past the last.
fn recency(last_order: Instant, now: Instant, days: &[i64; 4]) -> f64 {
    let age = now.saturating_sub(last_order);
    f64::from(1 + days.iter().map(|limit| u8::from(age <= limit.saturating_mul(DAY))).sum::<u8>())
}

#[cfg(test)]
mod tests;
