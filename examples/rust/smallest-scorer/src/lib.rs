//! The smallest scorer: what a person spends in one order.

use guanxi_plugin::scorer::{People, Scored, Scorer};
use guanxi_plugin::{Failure, NoConfig};

struct BasketSize;

impl Scorer for BasketSize {
    type Config = NoConfig;
    const INPUTS: &'static [&'static str] = &["revenue", "order-count"];

    fn score(_: &NoConfig, people: &People) -> Result<Scored, Failure> {
        let orders = people.integers("order-count")?;
        let revenue = people.integers("revenue")?;
        let basket = revenue.iter().zip(orders).map(|(sum, n)| *sum as f64 / (*n).max(1) as f64);
        Ok(Scored::new().score("basket-size", basket))
    }
}

guanxi_plugin::scorer!(BasketSize);
