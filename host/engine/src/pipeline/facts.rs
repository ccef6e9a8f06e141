//! What follows from an event by itself: attributes, running totals, orders and the stage of the person.

use guanxi_domain::event::order::OrderLine;
use guanxi_domain::event::{Event, HOST_PREFIX};
use guanxi_domain::ids::PersonId;
use guanxi_domain::limits::ATTRIBUTES_MAX;
use guanxi_domain::person::Stage;
use guanxi_store::{OrderRow, TimelineRow};

use super::memory::Memory;

/// Events that make a prospect a fan.
const FOLLOWS: [&str; 4] = ["Followed", "Subscribed", "follow", "subscribe"];

/// Applies an event to its person. What the host says itself stands on the timeline and changes nothing else.
pub(crate) fn apply(memory: &mut Memory, person: PersonId, event: &Event, order: Option<&OrderLine>) {
    let (position, event) = (event.position, &event.event);
    memory.changes.timeline.push(TimelineRow { person, occurred_at: event.occurred_at, position });
    if event.kind.starts_with(HOST_PREFIX) {
        return;
    }
    let money = order.map(|line| settle_order(memory, person, line, position, event.occurred_at));
    let Some(known) = memory.touch(person) else { return };
    let known = &mut known.person;
    known.updated_at = event.received_at;
    for (name, value) in &event.body.traits {
        if value.is_null() {
            known.attributes.remove(name);
        } else if known.attributes.len() < ATTRIBUTES_MAX || known.attributes.contains_key(name) {
            known.attributes.insert(name.clone(), value.clone());
        }
    }
    let facts = &mut known.facts;
    facts.event_count += 1;
    facts.first_seen = if facts.first_seen == 0 { event.occurred_at } else { facts.first_seen.min(event.occurred_at) };
    facts.last_seen = facts.last_seen.max(event.occurred_at);
    if let Some(money) = money {
        facts.revenue += money.revenue;
        facts.order_count = (facts.order_count + money.orders).max(0);
        if money.orders > 0 {
            facts.last_order_at = facts.last_order_at.max(event.occurred_at);
        }
    }
    if FOLLOWS.contains(&event.kind.as_str()) {
        known.stage = known.stage.max(Stage::Fan);
    }
    if known.facts.order_count > 0 {
        known.stage = Stage::Customer;
    }
}

#[derive(Default)]
struct Money {
    revenue: i64,
    orders: i64,
}

/// An order counts once, whatever is said about it how often: a repetition with another amount changes the amount, and
/// no more is given back than was paid.
fn settle_order(memory: &mut Memory, person: PersonId, line: &OrderLine, position: i64, at: i64) -> Money {
    memory.changes.orders.insert(line.order_id.clone());
    let existing = memory.orders.get_mut(&line.order_id);
    match (existing, line.refund) {
        // The order belongs to whoever placed it first.
        (Some(row), _) if row.person != person => Money::default(),
        (Some(row), false) => {
            let revenue = line.amount - row.amount;
            row.amount = line.amount;
            row.refunded = row.refunded.min(row.amount);
            Money { revenue, orders: 0 }
        }
        (Some(row), true) => {
            let back = line.amount.min(row.amount - row.refunded);
            row.refunded += back;
            Money { revenue: -back, orders: if back > 0 && row.refunded == row.amount { -1 } else { 0 } }
        }
        (None, refund) => {
            let amount = if refund { 0 } else { line.amount };
            let row = OrderRow {
                order_id: line.order_id.clone(),
                person,
                amount,
                refunded: 0,
                currency: line.currency.clone(),
                ordered_at: at,
                position,
            };
            memory.orders.insert(line.order_id.clone(), row);
            Money { revenue: amount, orders: i64::from(!refund) }
        }
    }
}
