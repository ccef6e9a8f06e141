//! Draws by the thousand, and what gets none.

use guanxi_plugin::campaign::{Operation, Payment};
use guanxi_plugin::testing;
use serde_json::json;

use super::*;

fn drawn(draw: &str, seed: u64) -> i64 {
    let config = format!(r#"{{"budget": "spring", "min": 66, "max": 888, "draw": "{draw}"}}"#);
    let mut moment = testing::moment("Order Completed", json!({"total": 100}));
    moment.seed = seed;
    match testing::decide::<RedPacket>(&config, moment).unwrap().operations.as_slice() {
        [Operation::GrantMoney(Payment { budget, amount, .. })] if budget == "spring" => *amount,
        other => panic!("{other:?}"),
    }
}

#[test]
fn draws_stay_in_range_spread_as_asked_and_repeat() {
    for (draw, mean) in [("uniform", 477.0), ("lucky", 271.5)] {
        let draws: Vec<i64> = (0..20_000).map(|seed| drawn(draw, seed)).collect();
        assert!(draws.iter().all(|amount| (66..=888).contains(amount)), "{draw}");
        let average = draws.iter().sum::<i64>() as f64 / draws.len() as f64;
        assert!((average - mean).abs() < 5.0, "{draw}: {average} instead of {mean}");
        assert_eq!(draws, (0..20_000).map(|seed| drawn(draw, seed)).collect::<Vec<_>>(), "{draw}");
    }
    assert!(
        (0..20_000).any(|seed| drawn("uniform", seed) == 66) && (0..20_000).any(|seed| drawn("uniform", seed) == 888)
    );
}

#[test]
fn small_orders_and_other_events_get_nothing() {
    let config = r#"{"budget": "spring", "order_min": 50, "min": 1, "max": 1}"#;
    for (kind, properties, operations) in [
        ("Order Completed", json!({"total": 50}), 1),
        ("Order Completed", json!({"total": "50.00"}), 1),
        ("Order Completed", json!({"revenue": 49.99}), 0),
        ("Order Completed", json!({"total": "free"}), 0),
        ("Order Completed", json!({"order_id": "1"}), 0),
        ("Order Refunded", json!({"total": 50}), 0),
    ] {
        let answer = testing::decide::<RedPacket>(config, testing::moment(kind, properties.clone())).unwrap();
        assert_eq!(answer.operations.len(), operations, "{kind} {properties}");
    }
}

#[test]
fn a_range_upside_down_is_the_configurations_fault() {
    let config = r#"{"budget": "spring", "min": 2, "max": 1}"#;
    let failure = testing::decide::<RedPacket>(config, testing::moment("page", json!({}))).unwrap_err();
    assert!(matches!(failure, Failure::BadConfig(_)), "{failure:?}");
}
