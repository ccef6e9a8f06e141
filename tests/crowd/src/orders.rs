//! The file of orders: most people never bought, one in a hundred bought dozens of times.

use std::io::{self, Write};
use std::ops::Range;

use guanxi_domain::Millis;

use crate::Crowd;
use crate::calendar::{self, shopping};
use crate::dice::{Stream, heavy_tailed, whole};

/// Orders of a person on the average, and how heavy the tail is: the top hundredth of all people then hold a quarter of
/// all orders.
const MEAN: f64 = 1.2;
const SIGMA: f64 = 1.7;
/// Nobody has more.
const ORDERS_MAX: u32 = 400;
/// How far back orders reach.
const DAYS: i64 = 730;
const HEADER: [&str; 7] = ["订单号", "会员卡号", "手机号", "订单金额", "退款金额", "币种", "下单时间"];

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose.
    pub person: u32,
    /// Its place among the person's orders.
    pub number: u32,
    /// What was paid, in fen.
    pub amount: u32,
    /// What was given back of it.
    pub refunded: u32,
    /// When.
    pub at: Millis,
    /// Whether the till read the card; else it asked for the phone.
    by_card: bool,
}

impl Order {
    /// The shop's number of the order.
    pub fn id(&self) -> String {
        format!("D{:09}{:03}", self.person, self.number)
    }
}

impl Crowd {
    /// What a person ordered, in no order.
    pub fn orders(&self, n: u32) -> Vec<Order> {
        let mut dice = self.dice(Stream::Orders, n);
        let zeal = self.zeal(n);
        let count = dice.poisson(heavy_tailed(MEAN, SIGMA, zeal)).min(ORDERS_MAX);
        let first = self.joined(n).max(self.until - DAYS);
        let order = |number| {
            // Who buys often buys a little more each time.
            let amount =
                whole(10_000.0 * heavy_tailed(2.1, 0.85, 0.9 * dice.normal() + 0.25 * zeal)).clamp(100, 9_000_000);
            let refunded = match dice.unit() {
                whole if whole < 0.025 => amount,
                part if part < 0.045 => whole_share(amount, dice.unit()),
                _ => 0,
            };
            let (at, by_card) = (shopping(&mut dice, first, self.until), dice.chance(0.7));
            Order { person: n, number, amount, refunded, at, by_card }
        };
        (0..count).map(order).collect()
    }

    /// Writes the orders of these people as CSV with a header, those of a block of people by time; returns how many
    /// there were.
    pub fn write_orders(&self, numbers: Range<u32>, out: impl Write) -> io::Result<u64> {
        let mut sheet = csv::Writer::from_writer(out);
        sheet.write_record(HEADER)?;
        let mut rows = 0;
        for block in Self::blocks(numbers) {
            let mut orders: Vec<Order> = block.flat_map(|n| self.orders(n)).collect();
            orders.sort_by_key(|order| order.at);
            for order in &orders {
                self.write_order(&mut sheet, order)?;
            }
            rows += orders.len() as u64;
        }
        sheet.flush()?;
        Ok(rows)
    }

    fn write_order(&self, sheet: &mut csv::Writer<impl Write>, order: &Order) -> io::Result<()> {
        let buyer = self.person(order.person);
        let (card, phone) = match buyer.phone {
            Some(phone) if !order.by_card => (String::new(), phone),
            _ => (buyer.card, String::new()),
        };
        let refunded = if order.refunded == 0 { String::new() } else { money(order.refunded) };
        let (amount, at) = (money(order.amount), calendar::text(order.at));
        sheet.write_record([&order.id(), &card, &phone, &amount, &refunded, "CNY", &at])?;
        Ok(())
    }
}

fn whole_share(amount: u32, share: f64) -> u32 {
    whole(f64::from(amount) * share)
}

/// `123.45`.
fn money(fen: u32) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
