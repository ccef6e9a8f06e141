//! The orders of the demo: real ones (see `examples/demo/README.md`), their buyers given synthetic names and channels.

use std::io::Read;

use anyhow::Context;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

static ORDERS: &[u8] = include_bytes!("../../../../examples/demo/orders.csv.gz");

const GIVEN: [&str; 24] = [
    "Ada", "Bruno", "Clara", "Dao", "Elif", "Femi", "Greta", "Hiro", "Ines", "Jun", "Kofi", "Lena", "Mei", "Nils",
    "Olga", "Pavel", "Qing", "Rosa", "Sami", "Tariq", "Uma", "Vera", "Wei", "Yara",
];

/// One order or refund.
pub struct Row {
    /// When, moved forward so that the last one is now.
    pub at: i64,
    pub customer: u32,
    order: String,
    country: String,
    /// Minor units; negative for a refund.
    pence: i64,
    products: String,
    number: usize,
}

/// All orders in the order of time.
pub fn load(now: i64) -> anyhow::Result<Vec<Row>> {
    let mut text = String::new();
    GzDecoder::new(ORDERS).read_to_string(&mut text).context("the demo's orders are damaged")?;
    let mut rows = Vec::new();
    for (number, record) in csv::Reader::from_reader(text.as_bytes()).records().enumerate() {
        let record = record?;
        let cell = |index: usize| record.get(index).unwrap_or_default();
        let at: jiff::Timestamp = cell(0).parse()?;
        rows.push(Row {
            at: at.as_millisecond(),
            order: cell(1).to_owned(),
            customer: cell(2).parse()?,
            country: cell(3).to_owned(),
            pence: cell(4).parse()?,
            products: cell(5).to_owned(),
            number,
        });
    }
    let shift = rows.last().map_or(0, |last| now - last.at);
    for row in &mut rows {
        row.at += shift;
    }
    Ok(rows)
}

impl Row {
    /// Who buys: synthetic, and the same every time.
    pub fn identify(&self) -> Value {
        let name = GIVEN.get(self.customer as usize % GIVEN.len()).copied().unwrap_or("Demo");
        json!({
            "type": "identify",
            "messageId": format!("identify-{}", self.customer),
            "userId": format!("uci-{}", self.customer),
            "timestamp": self.time(),
            "traits": {
                "name": format!("{name} Demo-{}", self.customer),
                "email": format!("buyer{}@example.invalid", self.customer),
                "country": self.country,
                "followers": followers(self.customer),
                "relevance": share(self.customer, 1),
                "proximity": share(self.customer, 2),
                "trust": share(self.customer, 3),
                "synthetic": true,
                "locale": if self.customer.is_multiple_of(3) { "zh-CN" } else { "en-GB" },
            },
        })
    }

    /// What happens.
    pub fn event(&self) -> Value {
        let kind = if self.pence < 0 { "Order Refunded" } else { "Order Completed" };
        let products: Vec<Value> =
            self.products.split('|').filter(|name| !name.is_empty()).map(|name| json!({ "name": name })).collect();
        json!({
            "type": "track",
            "event": kind,
            "messageId": format!("row-{}", self.number),
            "userId": format!("uci-{}", self.customer),
            "timestamp": self.time(),
            "properties": {
                "order_id": self.order,
                "total": self.pence.abs() as f64 / 100.0,
                "currency": "GBP",
                "products": products,
            },
        })
    }

    fn time(&self) -> String {
        jiff::Timestamp::from_millisecond(self.at).unwrap_or_default().to_string()
    }
}

/// A heavy-tailed number of followers: most have a few hundred, a few have hundreds of thousands.
fn followers(customer: u32) -> u64 {
    let uniform = share(customer, 0).max(0.0001);
    (30.0 / uniform.powf(1.1)) as u64
}

/// A number from 0 to 1 that follows from the customer (splitmix64), to four digits.
fn share(customer: u32, salt: u64) -> f64 {
    let mut z =
        u64::from(customer).wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % 10_000) as f64 / 10_000.0
}
