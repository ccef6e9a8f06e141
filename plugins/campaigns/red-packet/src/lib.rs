//! Red packets: draws an amount for a completed order and asks the host for it. The host pays within its budget or
//! refuses; this plugin never knows how much is left. The draw comes from the moment's seed, so it can be repeated
//! and audited, and nobody can draw again until they like the result.

use guanxi_plugin::Failure;
use guanxi_plugin::campaign::{Campaign, Decision, Moment};

struct RedPacket;

/// How packets are drawn; amounts in minor units (fen), the order's minimum in the major unit as orders report it.
#[derive(Debug, serde::Deserialize)]
struct Settings {
    budget: String,
    #[serde(default)]
    order_min: f64,
    min: i64,
    max: i64,
    #[serde(default)]
    draw: Draw,
    #[serde(default = "reason")]
    reason: String,
}

/// How chance is spread over the range.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Draw {
    /// Every amount is as likely as any other.
    #[default]
    Uniform,
    /// Mostly small, rarely large (拼手气).
    Lucky,
}

/// The parts of an order that matter.
#[derive(Debug, serde::Deserialize)]
struct Order {
    total: Option<Total>,
    revenue: Option<Total>,
    value: Option<Total>,
}

/// Some shops write amounts as text.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
enum Total {
    Number(f64),
    Text(String),
}

impl Campaign for RedPacket {
    type Config = Settings;

    fn decide(settings: &Settings, moment: &Moment) -> Result<Decision, Failure> {
        if settings.min < 1 || settings.max < settings.min {
            return Err(Failure::BadConfig("`min` and `max`: need 1 <= min <= max".to_owned()));
        }
        if moment.event.kind != "Order Completed" {
            return Ok(Decision::skip(format!("`{}` is not an order", moment.event.kind)));
        }
        let order: Order = moment.event.properties()?;
        let Some(total) = order.total.or(order.revenue).or(order.value).and_then(Total::amount) else {
            return Ok(Decision::skip("the order says no usable total"));
        };
        if total < settings.order_min {
            return Ok(Decision::skip(format!("an order of {total} is below {}", settings.order_min)));
        }
        let amount = settings.draw(moment);
        Ok(Decision::because(format!("an order of {total}; drew {amount} of {} to {}", settings.min, settings.max))
            .grant_money(&settings.budget, amount, &settings.reason))
    }
}

guanxi_plugin::campaign!(RedPacket);

impl Settings {
    fn draw(&self, moment: &Moment) -> i64 {
        let mut chance = moment.rng();
        match self.draw {
            Draw::Uniform => chance.i64(self.min..=self.max),
            // The smallest of three: a quarter of the way up on average, the top in one of n³ draws.
            Draw::Lucky => (0..3).map(|_| chance.i64(self.min..=self.max)).min().unwrap_or(self.min),
        }
    }
}

impl Total {
    fn amount(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

fn reason() -> String {
    "红包 · A red packet for your order".to_owned()
}

#[cfg(test)]
mod tests;
