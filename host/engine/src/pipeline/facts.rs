//! What follows from an event by itself: attributes, running totals, orders and the stage of the person.

use guanxi_domain::event::order::OrderLine;
use guanxi_domain::event::{EDIT, Event, EventBody, HOST_PREFIX};
use guanxi_domain::ids::PersonId;
use guanxi_domain::limits::ATTRIBUTES_MAX;
use guanxi_domain::person::{Edit, Person, Provenance, Stage, Touch};
use guanxi_domain::signals::SIGNALS;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{OrderRow, TimelineRow};

use super::memory::Memory;
use super::{named, signals};

/// Events that make a prospect a fan.
const FOLLOWS: [&str; 4] = ["Followed", "Subscribed", "follow", "subscribe"];
/// The most kinds of events that are counted for a person.
const KINDS_MAX: usize = 64;

/// Applies an event to its person. What the host says itself stands on the timeline and changes nothing else, unless it
/// is what staff change.
pub(crate) fn apply(memory: &mut Memory, leaf: PersonId, event: &Event, order: Option<&OrderLine>) {
    put_on_timeline(memory, leaf, event);
    let occurrence = event;
    let (position, event) = (event.position, &event.event);
    if event.kind == EDIT {
        return edit(memory, leaf, event.occurred_at, &event.body);
    }
    if event.kind.starts_with(HOST_PREFIX) {
        return;
    }
    if let Some(line) = order {
        settle_order(memory, leaf, line, position, event.occurred_at);
    }
    signals::learn(memory, leaf, occurrence);
    let Some(known) = memory.touch(leaf) else { return };
    let person = &mut known.person;
    person.updated_at = event.received_at;
    let source = event.body.channel.as_deref().unwrap_or("api");
    learn(person, &event.body.traits, event.occurred_at, source);
    let facts = &mut person.facts;
    facts.event_count += 1;
    facts.first_seen = if facts.first_seen == 0 { event.occurred_at } else { facts.first_seen.min(event.occurred_at) };
    facts.last_seen = facts.last_seen.max(event.occurred_at);
    count(person, &event.kind, event.occurred_at);
    touch(person, event.occurred_at, &event.body);
    if FOLLOWS.contains(&event.kind.as_str()) {
        person.stage = person.stage.max(Stage::Fan);
    }
}

/// Puts the event on a person's timeline.
pub(crate) fn put_on_timeline(memory: &mut Memory, person: PersonId, event: &Event) {
    let (occurred_at, position, kind) = (event.event.occurred_at, event.position, event.event.kind.clone());
    memory.changes.timeline.push(TimelineRow { person, occurred_at, position, kind });
}

/// Sets attributes as they were said to be at that time; what was said later stays. `null` takes one away, which is noted
/// so that nobody who was joined with the person, and nothing said earlier, brings it back. Returns whether anything
/// changed.
pub(crate) fn learn(person: &mut Person, traits: &JsonMap, at: Millis, source: &str) -> bool {
    let mut changed = false;
    for (name, value) in traits {
        // Signals are kept for themselves.
        if name == SIGNALS && value.is_object() {
            continue;
        }
        if person.provenance.get(name).is_some_and(|known| known.at > at) {
            continue;
        }
        if value.is_null() {
            changed |= person.attributes.remove(name).is_some();
            if person.provenance.len() >= 2 * ATTRIBUTES_MAX {
                continue;
            }
        } else if person.attributes.get(name) == Some(value) {
            // Said again: known a little longer, which is not worth a write of its own.
        } else if person.attributes.len() < ATTRIBUTES_MAX || person.attributes.contains_key(name) {
            person.attributes.insert(name.clone(), value.clone());
            changed = true;
        } else {
            continue;
        }
        person.provenance.insert(name.clone(), Provenance { at, source: source.to_owned() });
    }
    changed
}

fn count(person: &mut Person, kind: &str, at: Millis) {
    if let Some(activity) = person.activity.get_mut(kind) {
        activity.count += 1;
        activity.last = activity.last.max(at);
    } else if person.activity.len() < KINDS_MAX {
        person.activity.insert(kind.to_owned(), guanxi_domain::person::Activity { count: 1, last: at });
    }
}

/// Where contact was first and last, as far as an event says.
fn touch(person: &mut Person, at: Millis, body: &EventBody) {
    if body.channel.is_none() && body.touchpoint.is_none() {
        return;
    }
    let touch = || Touch { at, channel: body.channel.clone(), touchpoint: body.touchpoint.clone() };
    if person.first_touch.as_ref().is_none_or(|first| at < first.at) {
        person.first_touch = Some(touch());
    }
    if person.last_touch.as_ref().is_none_or(|last| at >= last.at) {
        person.last_touch = Some(touch());
    }
}

/// What staff change.
fn edit(memory: &mut Memory, leaf: PersonId, at: Millis, body: &EventBody) {
    let Some(edit) = named::read::<Edit>(&body.properties) else { return };
    let Some(known) = memory.touch(leaf) else { return };
    let person = &mut known.person;
    person.updated_at = at;
    learn(person, &body.traits, at, "staff");
    if let Some(stage) = edit.stage {
        person.stage = stage;
    }
    if let Some(mut roles) = edit.roles {
        roles.sort_unstable();
        roles.dedup();
        person.roles = roles;
    }
}

#[derive(Default)]
struct Money {
    revenue: i64,
    orders: i64,
}

/// An order counts once, whatever is said about it how often: a repetition with another amount changes the amount, and
/// no more is given back than was paid. It belongs to whoever placed it first; what others say of it counts only if they
/// were joined with that person.
fn settle_order(memory: &mut Memory, leaf: PersonId, line: &OrderLine, position: i64, at: Millis) {
    let known = memory.orders.get(&line.order_id).map(|row| row.person);
    let owner = known.or_else(|| memory.claims.get(&line.order_id).copied()).unwrap_or(leaf);
    if memory.root_of(owner) != memory.root_of(leaf) {
        return;
    }
    memory.changes.orders.insert(line.order_id.clone());
    let money = book(memory, leaf, line, position, at);
    let Some(known) = memory.touch(owner) else { return };
    let facts = &mut known.person.facts;
    facts.revenue += money.revenue;
    facts.order_count = (facts.order_count + money.orders).max(0);
    if money.orders > 0 {
        facts.last_order_at = facts.last_order_at.max(at);
    }
    if facts.order_count > 0 {
        known.person.stage = Stage::Customer;
    }
}

fn book(memory: &mut Memory, leaf: PersonId, line: &OrderLine, position: i64, at: Millis) -> Money {
    match (memory.orders.get_mut(&line.order_id), line.refund) {
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
                person: leaf,
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
