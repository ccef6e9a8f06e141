//! Orders inside events, after Segment's e-commerce specification (`Order Completed`, `Order Refunded`).

use crate::JsonMap;

/// Kind of the event of a completed order.
pub const COMPLETED: &str = "Order Completed";
/// Kind of the event of a refund, whole or in part.
pub const REFUNDED: &str = "Order Refunded";

/// What an order event says about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The shop's number of the order.
    pub order_id: String,
    /// Minor units, never negative; for a refund the amount given back.
    pub amount: i64,
    /// ISO 4217, upper case; the tenant's own if the event says none.
    pub currency: Option<String>,
    /// Whether this gives money back.
    pub refund: bool,
}

/// Reads an order from an event, or says why it cannot be one; `None` for events of other kinds.
pub fn read(kind: &str, properties: &JsonMap) -> Option<Result<OrderLine, String>> {
    let refund = match kind {
        COMPLETED => false,
        REFUNDED => true,
        _ => return None,
    };
    Some(read_line(properties, refund))
}

fn read_line(properties: &JsonMap, refund: bool) -> Result<OrderLine, String> {
    let order_id = match properties.get("order_id").or_else(|| properties.get("orderId")) {
        Some(serde_json::Value::String(id)) if !id.is_empty() && id.len() <= 128 => id.clone(),
        Some(serde_json::Value::Number(id)) => id.to_string(),
        _ => return Err("properties.order_id: give the number of the order, at most 128 bytes".to_owned()),
    };
    let currency = match properties.get("currency") {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(code)) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Some(code.to_ascii_uppercase())
        }
        Some(_) => return Err("properties.currency: give an ISO 4217 code such as CNY".to_owned()),
    };
    let total = ["total", "revenue", "value"].into_iter().find_map(|name| properties.get(name));
    let amount = total.and_then(|value| minor_units(value, currency.as_deref()));
    match amount {
        Some(amount) => Ok(OrderLine { order_id, amount: amount.abs(), currency, refund }),
        None => Err("properties.total: give the amount as a number in the currency's major unit".to_owned()),
    }
}

fn minor_units(value: &serde_json::Value, currency: Option<&str>) -> Option<i64> {
    let major = match value {
        serde_json::Value::Number(number) => number.as_f64()?,
        serde_json::Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    let factor = match currency {
        Some("JPY" | "KRW" | "VND" | "CLP" | "ISK") => 1.0,
        Some("KWD" | "BHD" | "OMR" | "TND" | "JOD") => 1_000.0,
        _ => 100.0,
    };
    let minor = (major * factor).round();
    // 2^53: beyond it a JSON number no longer carries every unit.
    (minor.is_finite() && minor.abs() <= 9_007_199_254_740_992.0).then_some(minor as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_become_minor_units_of_their_currency() {
        for (properties, expected) in [
            (json!({"order_id": "1", "total": 19.99}), Some(1999)),
            (json!({"order_id": "1", "revenue": "0.1"}), Some(10)),
            (json!({"order_id": 7, "total": 1200, "currency": "jpy"}), Some(1200)),
            (json!({"order_id": "1"}), None),
            (json!({"total": 1}), None),
            (json!({"order_id": "1", "total": 1e300}), None),
        ] {
            let read = read(COMPLETED, properties.as_object().unwrap()).unwrap();
            assert_eq!(read.ok().map(|line| line.amount), expected, "{properties}");
        }
    }
}
