//! Lines of orders become orders: exports write a row for each article, and what the first row says is often left out
//! of the others. The lines of an order have to stand together; an order of which a line cannot be read is refused as a
//! whole, for its amount would be wrong.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;

use crate::limits::{ORDER_LINES_MAX, ORDERS_MAX};
use crate::record::{OrderLine, Refusal};
use crate::values::Decimal;

/// A whole order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The shop's number of it.
    pub number: String,
    /// Who has ordered; at least one.
    pub identities: Vec<Identity>,
    /// The sum of its lines; negative for what came back.
    pub total: Decimal,
    /// What was given back of it afterwards; never negative.
    pub refunded: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When.
    pub at: Millis,
    /// How many rows it is made of.
    pub lines: u32,
}

/// An order that has ended, with the rows it stood on.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Its rows, in order.
    pub rows: Vec<u64>,
    /// The order, or why all its rows are refused.
    pub order: Result<Order, Refusal>,
}

/// Orders as rows come.
#[derive(Default)]
pub struct Orders {
    open: Option<Open>,
    /// Orders that have ended, by hash: nothing may be added to them any more.
    ended: HashSet<u64>,
}

struct Open {
    number: String,
    rows: Vec<u64>,
    order: Result<Order, Refusal>,
}

impl Orders {
    /// Takes the next row: what it says, or why it is refused. Returns the orders that ended with it.
    pub fn take(&mut self, row: u64, line: Result<OrderLine, Refusal>) -> Vec<Closed> {
        let number = match &line {
            Ok(line) => Some(line.number.clone()),
            Err(refusal) => refusal.order.clone(),
        };
        let mut closed = Vec::new();
        let Some(number) = number else {
            // Nobody knows whose row it is: what is open ends, so that rows end in their order.
            closed.extend(self.close());
            let refusal = line.err().unwrap_or_else(|| Refusal::new("", "the row has no order number"));
            closed.push(Closed { rows: vec![row], order: Err(refusal) });
            return closed;
        };
        if self.open.as_ref().is_some_and(|open| open.number != number) {
            closed.extend(self.close());
        }
        match &mut self.open {
            Some(open) => open.add(row, line),
            None if self.ended.contains(&hash(&number)) => {
                let reason = "lines of this order stand further up: sort the file by order number";
                closed.push(Closed { rows: vec![row], order: Err(Refusal::new("", reason)) });
            }
            None if self.ended.len() >= ORDERS_MAX => {
                let reason = format!("a file has at most {ORDERS_MAX} orders");
                closed.push(Closed { rows: vec![row], order: Err(Refusal::new("", reason)) });
            }
            None => self.open = Some(Open::new(number, row, line)),
        }
        closed
    }

    /// The order that the last row has left open.
    pub fn close(&mut self) -> Option<Closed> {
        let open = self.open.take()?;
        self.ended.insert(hash(&open.number));
        Some(Closed { rows: open.rows, order: open.order })
    }
}

impl Open {
    fn new(number: String, row: u64, line: Result<OrderLine, Refusal>) -> Self {
        let order = line.and_then(|line| {
            let Some(total) = line.amount else { return Err(Refusal::new("", "the order has no amount")) };
            let Some(at) = line.at else { return Err(Refusal::new("", "the order has no time")) };
            if line.identities.is_empty() {
                return Err(Refusal::new("", "the order names no buyer"));
            }
            let (identities, currency) = (line.identities, line.currency);
            let refunded = line.refunded.unwrap_or_default();
            Ok(Order { number: line.number, identities, total, refunded, currency, at, lines: 1 })
        });
        Self { number, rows: vec![row], order }
    }

    fn add(&mut self, row: u64, line: Result<OrderLine, Refusal>) {
        let Ok(order) = &mut self.order else { return self.rows.push(row) };
        let added = line.and_then(|line| order.add(line));
        self.rows.push(row);
        if let Err(refusal) = added {
            let reason = format!("row {row} of this order cannot be read: {refusal}");
            self.order = Err(Refusal::new("", reason));
        }
    }
}

impl Order {
    fn add(&mut self, line: OrderLine) -> Result<(), Refusal> {
        let whole = |sum: Option<Decimal>| sum.ok_or_else(|| Refusal::new("", "the amount is too large"));
        if self.lines >= ORDER_LINES_MAX {
            return Err(Refusal::new("", format!("an order has at most {ORDER_LINES_MAX} lines")));
        }
        if line.identities.iter().any(|identity| !self.identities.contains(identity)) {
            return Err(Refusal::new("", "its lines name different buyers"));
        }
        if line.currency.is_some() && line.currency != self.currency {
            return Err(Refusal::new("", "its lines have different currencies"));
        }
        self.total = whole(self.total.plus(line.amount.unwrap_or_default()))?;
        self.refunded = whole(self.refunded.plus(line.refunded.unwrap_or_default()))?;
        self.at = self.at.min(line.at.unwrap_or(self.at));
        self.lines += 1;
        Ok(())
    }
}

fn hash(number: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: &str, buyer: Option<&str>, amount: Option<&str>) -> Result<OrderLine, Refusal> {
        Ok(OrderLine {
            number: number.to_owned(),
            identities: buyer.into_iter().map(|id| Identity::new("user", id).unwrap()).collect(),
            amount: amount.and_then(Decimal::parse),
            refunded: None,
            currency: None,
            at: buyer.map(|_| 1_000),
        })
    }

    #[test]
    fn lines_that_stand_together_are_one_order() {
        let mut orders = Orders::default();
        let mut closed = Vec::new();
        closed.extend(orders.take(1, line("A", Some("1"), Some("15.30"))));
        closed.extend(orders.take(2, line("A", None, Some("20.34"))));
        closed.extend(orders.take(3, line("A", None, None)));
        closed.extend(orders.take(4, line("C1", Some("2"), Some("-3"))));
        closed.extend(orders.take(5, line("A", Some("1"), Some("1"))));
        closed.extend(orders.take(6, Err(Refusal { order: Some("D".to_owned()), ..Refusal::new("x", "bad") })));
        closed.extend(orders.take(7, line("D", Some("1"), Some("1"))));
        closed.extend(orders.take(8, line("E", None, Some("1"))));
        closed.extend(orders.take(9, Err(Refusal::new("x", "bad"))));
        closed.extend(orders.close());
        let said: Vec<(Vec<u64>, Result<String, String>)> = closed
            .into_iter()
            .map(|c| (c.rows, c.order.map(|o| format!("{} {}", o.number, o.total)).map_err(|r| r.reason)))
            .collect();
        assert_eq!(
            said,
            [
                (vec![1, 2, 3], Ok("A 35.64".to_owned())),
                (vec![4], Ok("C1 -3".to_owned())),
                (vec![5], Err("lines of this order stand further up: sort the file by order number".to_owned())),
                (vec![6, 7], Err("bad".to_owned())),
                (vec![8], Err("the order has no time".to_owned())),
                (vec![9], Err("bad".to_owned())),
            ]
        );
    }
}
