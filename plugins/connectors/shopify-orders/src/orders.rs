//! What an order says: that it was paid, what was given back, and who bought.

use guanxi_channel_kit::civil;
use guanxi_plugin::words::{Event, HOUR, Instant, MINUTE, Received};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most lines of an order that are told.
const LINES_MAX: usize = 50;
/// Of orders that are paid, whatever became of them afterwards.
const PAID: [&str; 3] = ["paid", "partially_refunded", "refunded"];

#[derive(Debug, Deserialize)]
pub struct Answer {
    pub orders: Vec<Order>,
}

#[derive(Debug, Deserialize)]
pub struct Order {
    id: u64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    processed_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    financial_status: Option<String>,
    #[serde(default)]
    total_price: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    customer: Option<Customer>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(default)]
    refunds: Vec<Refund>,
}

#[derive(Debug, Deserialize)]
struct Customer {
    id: u64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    product_id: Option<u64>,
    #[serde(default)]
    sku: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    price: Option<String>,
    #[serde(default)]
    quantity: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Refund {
    id: u64,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    transactions: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    amount: Option<String>,
}

/// Everything that an order says of its buyer. Nothing of a test, and of one of whom the shop knows nothing.
pub fn events(order: &Order, now: Instant) -> Vec<Received> {
    let identities = identities(order);
    if order.test || identities.is_empty() {
        return Vec::new();
    }
    let received = |key: String, kind: &str, at: Option<&String>, properties: Value| Received {
        key,
        identities: identities.clone(),
        event: Event {
            id: String::new(),
            kind: kind.to_owned(),
            at: at.and_then(|text| instant(text)).unwrap_or(now),
            channel: None,
            touchpoint: None,
            properties: properties.to_string(),
        },
    };
    let mut events = Vec::new();
    if let Some(customer) = &order.customer {
        let names = [customer.first_name.as_deref(), customer.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !name.trim().is_empty() {
            let at = customer.updated_at.as_ref();
            let key = format!("customer-{}-{}", customer.id, at.map(String::as_str).unwrap_or_default());
            events.push(received(key, "identify", at, json!({"name": name.trim()})));
        }
    }
    if order.financial_status.as_deref().is_some_and(|status| PAID.contains(&status)) {
        let at = order.processed_at.as_ref().or(order.created_at.as_ref());
        events.push(received(format!("order-{}", order.id), "Order Completed", at, completed(order)));
    }
    for refund in &order.refunds {
        let given = given_back(refund);
        if given > 0.0 {
            let properties = json!({"order_id": order.id.to_string(), "total": given, "currency": order.currency});
            let key = format!("refund-{}", refund.id);
            events.push(received(key, "Order Refunded", refund.created_at.as_ref(), properties));
        }
    }
    events
}

fn completed(order: &Order) -> Value {
    let line = |line: &Line| {
        json!({
            "product_id": line.product_id.map(|id| id.to_string()), "sku": line.sku, "name": line.name,
            "price": line.price, "quantity": line.quantity,
        })
    };
    json!({
        "order_id": order.id.to_string(), "total": order.total_price, "currency": order.currency,
        "products": order.line_items.iter().take(LINES_MAX).map(line).collect::<Vec<_>>(),
    })
}

fn given_back(refund: &Refund) -> f64 {
    let done = refund.transactions.iter().filter(|transaction| {
        (transaction.kind.as_deref(), transaction.status.as_deref()) == (Some("refund"), Some("success"))
    });
    let amounts = done.filter_map(|transaction| transaction.amount.as_deref()?.parse::<f64>().ok());
    // To the cent: sums of decimals are none.
    (amounts.sum::<f64>() * 1_000.0).round() / 1_000.0
}

/// Strongest first.
fn identities(order: &Order) -> Vec<String> {
    let customer = order.customer.as_ref();
    let of = |kind: &str, value: Option<&String>| {
        let value = value.map(|value| value.trim()).filter(|value| !value.is_empty())?;
        Some(format!("{kind}:{value}"))
    };
    let mut all: Vec<String> =
        customer.map(|customer| format!("shopify_customer:{}", customer.id)).into_iter().collect();
    for identity in [
        of("email", order.email.as_ref()),
        of("email", customer.and_then(|customer| customer.email.as_ref())),
        of("phone", order.phone.as_ref()),
        of("phone", customer.and_then(|customer| customer.phone.as_ref())),
    ] {
        all.extend(identity.filter(|identity| !all.contains(identity)));
    }
    all
}

/// A time as `2026-01-01T08:00:00+08:00` or with `Z`.
fn instant(text: &str) -> Option<Instant> {
    let (date, rest) = text.split_once('T')?;
    let (time, offset) = rest.split_at_checked(8)?;
    let beijing = civil::beijing(&format!("{date} {time}"))?;
    // What follows may be a fraction of a second first.
    let offset = offset.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let minutes = match offset.chars().next()? {
        'Z' => 0,
        sign @ ('+' | '-') => {
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let total = hours.parse::<i64>().ok()? * (HOUR / MINUTE) + minutes.parse::<i64>().ok()?;
            if sign == '-' { -total } else { total }
        }
        _ => return None,
    };
    Some(beijing + 8 * HOUR - minutes * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_offset_are_read() {
        for (text, expected) in [
            ("2026-01-01T00:00:00Z", Some(1_767_225_600_000)),
            ("2026-01-01T08:00:00+08:00", Some(1_767_225_600_000)),
            ("2025-12-31T19:00:00-05:00", Some(1_767_225_600_000)),
            ("2026-01-01T05:30:00.250+05:30", Some(1_767_225_600_000)),
            ("2026-01-01", None),
            ("2026-01-01T00:00", None),
            ("2026-01-01T00:00:00", None),
            ("soon", None),
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
    }
}
