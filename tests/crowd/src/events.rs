//! What people did lately, as bodies for `/v1/batch`: few do much, most do little, and half have not been seen for long.
//! Each event has its message id, so that sending a line again changes nothing, and the time at which it happened.

use std::io::{self, Write};
use std::ops::Range;

use guanxi_domain::Millis;
use guanxi_domain::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Crowd;
use crate::calendar::{self, clock};
use crate::dice::{Dice, Stream, heavy_tailed, whole};

/// Events of a person on the average, and how heavy the tail is.
const MEAN: f64 = 3.0;
const SIGMA: f64 = 1.5;
/// Nobody has more.
const EVENTS_MAX: u32 = 500;
/// Bytes of a line, with room for what stands around its events.
const LINE_BYTES: usize = BATCH_BYTES_MAX - 64;
/// From how many days ago to how many somebody was seen last, and how many people that holds for.
const BANDS: &[((i64, i64), u32)] =
    &[((0, 2), 4), ((2, 7), 6), ((7, 30), 15), ((30, 90), 14), ((90, 180), 13), ((180, 365), 22), ((365, 700), 26)];
const KINDS: &[(Kind, u32)] = &[
    (Kind::Page, 34),
    (Kind::Product, 24),
    (Kind::App, 14),
    (Kind::MiniProgram, 13),
    (Kind::Scan, 6),
    (Kind::Basket, 5),
    (Kind::Follow, 4),
];
const CATEGORIES: &[&str] = &["绿茶", "红茶", "乌龙", "普洱", "白茶", "茶具", "茶点", "礼盒"];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Page,
    Product,
    App,
    MiniProgram,
    Scan,
    Basket,
    Follow,
}

/// A message as Segment's libraries write it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    message_id: String,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous_id: Option<String>,
    timestamp: String,
    channel: &'static str,
    properties: Value,
    #[serde(skip)]
    at: Millis,
}

impl Crowd {
    /// Writes what these people did, a request's body a line; returns how many events there were.
    pub fn write_events(&self, numbers: Range<u32>, mut out: impl Write) -> io::Result<u64> {
        let (mut count, mut line) = (0, Line::default());
        for block in Self::blocks(numbers) {
            let mut messages: Vec<Message> = block.flat_map(|n| self.messages(n)).collect();
            messages.sort_by_key(|message| message.at);
            for message in &messages {
                let text = serde_json::to_string(message)?;
                if !line.has_room_for(&text) {
                    line.end(&mut out)?;
                }
                line.add(&text);
            }
            count += messages.len() as u64;
        }
        line.end(&mut out)?;
        out.flush()?;
        Ok(count)
    }

    fn messages(&self, n: u32) -> Vec<Message> {
        let mut dice = self.dice(Stream::Events, n);
        let z = 0.6 * self.zeal(n) + 0.8 * dice.normal();
        let count = dice.poisson(heavy_tailed(MEAN, SIGMA, z)).min(EVENTS_MAX);
        let (nearest, farthest) = dice.weighted(BANDS);
        let mut day = self.until - 1 - dice.between(nearest, farthest);
        // Nobody is seen before they came; who came after the day that was thrown was seen on that day.
        let joined = self.joined(n);
        (0..count)
            .map(|number| {
                let at = calendar::moment(day.max(joined), clock(&mut dice)).min(self.end() - 1);
                if dice.chance(0.4) {
                    day -= i64::from(1 + dice.poisson(4.0));
                }
                self.message(n, number, at, &mut dice)
            })
            .collect()
    }

    fn message(&self, n: u32, number: u32, at: Millis, dice: &mut Dice) -> Message {
        let kind = dice.weighted(KINDS);
        let (r#type, event, name, channel) = match kind {
            Kind::Page => ("page", None, Some("Shop"), "web"),
            Kind::Product => ("track", Some("Product Viewed"), None, "web"),
            Kind::App => ("track", Some("Application Opened"), None, "app"),
            Kind::MiniProgram => ("track", Some("Mini Program Opened"), None, "mini-program"),
            Kind::Scan => ("track", Some("QR Code Scanned"), None, "store"),
            Kind::Basket => ("track", Some("Product Added"), None, "app"),
            Kind::Follow => ("track", Some("Followed"), None, "wechat"),
        };
        Message {
            r#type,
            event,
            name,
            message_id: format!("crowd-{:x}-{n}-{number}", self.seed),
            user_id: Self::account(n),
            anonymous_id: (channel == "web" && dice.chance(0.3)).then(|| format!("browser-{n}")),
            timestamp: calendar::text(at),
            channel,
            properties: properties(kind, dice),
            at,
        }
    }
}

fn properties(kind: Kind, dice: &mut Dice) -> Value {
    let product = 1 + whole(800.0 * dice.unit().powi(3));
    let category = dice.skewed(CATEGORIES, 1.3);
    match kind {
        Kind::Page => json!({ "url": format!("https://shop.example.com/c/{category}"), "title": category }),
        Kind::Product | Kind::Basket => json!({
            "url": format!("https://shop.example.com/p/{product}"), "product_id": format!("P{product:04}"),
            "category": category, "price": 18 + product % 380,
        }),
        Kind::App => json!({ "version": format!("5.{}", dice.below(9)), "from_background": dice.chance(0.4) }),
        Kind::MiniProgram => json!({ "scene": 1_001 + dice.below(90), "url": format!("mini://tea/pages/{product}") }),
        Kind::Scan => {
            let store = 1 + whole(400.0 * dice.unit().powi(2));
            json!({ "url": format!("https://qr.example.com/s/{store}"), "store": format!("S{store:03}") })
        }
        Kind::Follow => json!({ "account": "公众号" }),
    }
}

/// A request's body while events are put into it.
#[derive(Default)]
struct Line {
    events: usize,
    text: String,
}

impl Line {
    fn has_room_for(&self, event: &str) -> bool {
        self.events < BATCH_EVENTS_MAX && self.text.len() + event.len() < LINE_BYTES
    }

    fn add(&mut self, event: &str) {
        self.text.push_str(if self.events == 0 { "{\"batch\":[" } else { "," });
        self.text.push_str(event);
        self.events += 1;
    }

    fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.events > 0 {
            self.text.push_str("]}\n");
            out.write_all(self.text.as_bytes())?;
        }
        self.text.clear();
        self.events = 0;
        Ok(())
    }
}
