//! A shop's events: few people do much, most do little; they introduce themselves, look, put into the basket and buy.

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::measure;

/// Those who could come.
const PEOPLE: usize = 20_000;
/// How heavy the tail is: the busiest person makes about two in a hundred events.
const SKEW: f64 = 2.5;
/// Events of one batch.
const BATCH: usize = 200;

/// Requests ready to be sent, and what must come of them.
pub struct Load {
    /// Bodies for `/v1/batch`.
    pub batches: Vec<Bytes>,
    /// Events in them.
    pub events: usize,
    /// Introductions among them.
    pub introductions: usize,
    /// People who do anything.
    pub people: usize,
    /// Orders.
    pub orders: usize,
    /// What the orders come to, in cents.
    pub revenue: i64,
}

/// `events` events of which everybody's first is an introduction.
pub fn realistic(events: usize, seed: u64) -> Load {
    let mut random = Rng::with_seed(seed);
    let mut known = vec![false; PEOPLE];
    let mut load = Load { batches: Vec::new(), events, introductions: 0, people: 0, orders: 0, revenue: 0 };
    let mut messages = Vec::with_capacity(events);
    for number in 0..events {
        let person = pick(&mut random);
        let new = known.get_mut(person).is_some_and(|known| !std::mem::replace(known, true));
        load.people += usize::from(new);
        let mut message = if new { introduction(&mut random, person) } else { act(&mut random, person, number) };
        if message.get("type") == Some(&json!("identify")) {
            load.introductions += 1;
        }
        if let Some(total) = message.pointer("/properties/total").and_then(Value::as_f64) {
            load.orders += 1;
            #[expect(clippy::cast_possible_truncation, reason = "whole cents")]
            let cents = (total * 100.0).round() as i64;
            load.revenue += cents;
        }
        complete(&mut message, person, seed, number);
        messages.push(message);
    }
    load.batches = messages.chunks(BATCH).map(batch).collect();
    load
}

/// One introduction of a new person, for `/v1/identify`.
pub fn newcomer(person: usize, tag: &str) -> Bytes {
    let mut message = introduction(&mut Rng::with_seed(person as u64), person);
    complete(&mut message, person, 0, person);
    set(&mut message, "messageId", json!(format!("{tag}-{person}")));
    Bytes::from(message.to_string())
}

fn pick(random: &mut Rng) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below PEOPLE")]
    let person = (random.f64().powf(SKEW) * PEOPLE as f64) as usize;
    person.min(PEOPLE - 1)
}

fn introduction(random: &mut Rng, person: usize) -> Value {
    let traits = json!({
        "name": format!("顾客 {person}"),
        "email": format!("person{person}@example.com"),
        "followers": random.u32(0..2_000),
        "city": "上海",
        "relevance": 0.4,
    });
    json!({ "type": "identify", "traits": traits })
}

fn act(random: &mut Rng, person: usize, number: usize) -> Value {
    let product = random.u32(0..500);
    match random.u32(0..100) {
        0..5 => introduction(random, person),
        5..45 => json!({
            "type": "page", "name": "Product",
            "properties": { "path": format!("/products/{product}"), "title": "Tea", "referrer": "https://example.com/" },
        }),
        45..80 => json!({
            "type": "track", "event": "Product Viewed",
            "properties": { "product_id": product.to_string(), "category": "tea", "price": 19.9 },
        }),
        80..90 => json!({
            "type": "track", "event": "Product Added",
            "properties": { "product_id": product.to_string(), "cart_id": format!("c-{person}"), "quantity": 1, "price": 19.9 },
        }),
        _ => json!({
            "type": "track", "event": "Order Completed",
            "properties": {
                "order_id": format!("o-{number}"), "total": f64::from(random.u32(500..50_000)) / 100.0, "currency": "CNY",
                "products": [{ "product_id": product.to_string(), "quantity": 2, "price": 19.9 }],
            },
        }),
    }
}

/// What a client library adds to every message.
fn complete(message: &mut Value, person: usize, seed: u64, number: usize) {
    let now = jiff::Timestamp::from_millisecond(measure::epoch_ms()).unwrap_or_default().to_string();
    set(message, "messageId", json!(format!("bench-{seed}-{number}")));
    set(message, "userId", json!(person.to_string()));
    set(message, "anonymousId", json!(format!("device-{person}")));
    set(message, "timestamp", json!(now));
    set(message, "context", json!({ "locale": "zh-CN", "library": { "name": "analytics-node", "version": "3.1.0" } }));
}

fn set(message: &mut Value, name: &str, value: Value) {
    if let Some(object) = message.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn batch(messages: &[Value]) -> Bytes {
    Bytes::from(json!({ "batch": messages }).to_string())
}
