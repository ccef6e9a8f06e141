//! Orders that changed, half an hour at a time. The platform wants pages read from the last to the first, for what changes meanwhile
//! leaves the list.

use guanxi_channel_kit::callback::{id, kept, received, text};
use guanxi_channel_kit::memory;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{PollStep, Response};
use guanxi_plugin::words::{Instant, MINUTE, Received, SECOND};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{CHANNEL, Settings, ark};

/// The longest time that can be asked for by when orders changed.
const WINDOW: Instant = 30 * MINUTE / SECOND;
/// `timeType` of the time at which an order changed.
const CHANGED: u8 = 2;
const PAGE_SIZE: u64 = 100;
/// The states of an order from 1 on, from the documents of `order.getOrderList`.
const STATES: [&str; 10] = [
    "unpaid",
    "paid",
    "customs",
    "to be shipped",
    "partly shipped",
    "shipped",
    "completed",
    "closed",
    "cancelled",
    "exchange requested",
];
/// More pages than the platform has.
const PAGES_MAX: u64 = 100;

/// Where to go on: a span of time in seconds, and which page of it; before the last is known, none.
#[derive(Serialize, Deserialize)]
struct Place {
    from: Instant,
    to: Instant,
    page: Option<u64>,
}

pub fn poll(settings: &Settings, cursor: Option<&str>, now: Instant) -> Result<PollStep, Failure> {
    if !settings.orders {
        return Ok(memory::nothing());
    }
    let now_seconds = now.div_euclid(SECOND);
    let first = Place { from: now_seconds - WINDOW, to: now_seconds, page: None };
    let mut place = memory::place(cursor, first);
    if place.page.is_none() {
        place.to = now_seconds.min(place.from + WINDOW);
    }
    let about = json!({
        "startTime": place.from, "endTime": place.to, "timeType": CHANGED,
        "pageNo": place.page.unwrap_or(1), "pageSize": PAGE_SIZE,
    });
    memory::ask(ark::request(settings, "order.getOrderList", about, now)?, &place)
}

pub fn page(place: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
    let data = match ark::read(response)? {
        Ok(data) => data,
        Err(outcome) => return Ok(PollStep::Failed(outcome)),
    };
    let place: Place = memory::read(place)?;
    let missing = || Failure::BadInput("the channel's answer has no list of orders".to_owned());
    let orders =
        ["orderList", "packageList"].iter().find_map(|name| data.get(*name)?.as_array()).ok_or_else(missing)?;
    let last = data.get("maxPageNo").and_then(Value::as_u64).unwrap_or(1).min(PAGES_MAX);
    let next = match place.page {
        None if last > 1 => Place { page: Some(last), ..place },
        Some(page) if page > 1 => Place { page: Some(page - 1), ..place },
        _ => Place { from: place.to, to: place.to, page: None },
    };
    let more = next.page.is_some() || next.from + WINDOW < now.div_euclid(SECOND);
    memory::page(&next, orders.iter().filter_map(event).collect(), more)
}

/// The state of an order; who bought is not told.
fn event(told: &Value) -> Option<Received> {
    let order =
        ["/orderId", "/packageId"].map(|place| text(told, place)).into_iter().find(|order| !order.is_empty())?;
    let status = ["/orderStatus", "/packageStatus"].iter().find_map(|place| told.pointer(place)?.as_i64())?;
    let at = told.get("updateTime").and_then(Value::as_i64)?;
    Some(updated(order, status, at, told))
}

/// An order that has changed. It is known by its number: whose it is, an import of the shop's orders says.
pub fn updated(order: &str, status: i64, at: Instant, told: &Value) -> Received {
    let state = usize::try_from(status).ok().and_then(|status| STATES.get(status.checked_sub(1)?));
    let properties = json!({ "order_id": order, "status": state, "code": status, "fields": kept(told.clone()) });
    let key = format!("{order}-{status}-{}", id(told, "/updateTime"));
    received(key, vec![format!("order:{order}")], CHANNEL, "Order Updated", at, &properties)
}
