//! How messages fare, by channel, connector, campaign or content.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{RateGroup, RateView};
use guanxi_domain::rates::Rates;
use serde::Deserialize;

use super::words::{self, Words};
use crate::Console;
use crate::format::{percent, whole};
use crate::page::{Page, Room, html};
use crate::session::Visitor;
use crate::trouble::Trouble;

const GROUPS: [(&str, RateGroup); 4] = [
    ("channel", RateGroup::Channel),
    ("connector", RateGroup::Connector),
    ("campaign", RateGroup::Campaign),
    ("content", RateGroup::Content),
];
const DAYS: [u32; 4] = [7, 30, 90, 365];

/// What is looked at; whatever is not known counts as not said.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Look {
    by: String,
    days: String,
}

struct Row {
    name: String,
    sent: String,
    opened: (String, String),
    clicked: (String, String),
    replied: (String, String),
}

#[derive(Template)]
#[template(path = "rates.html")]
struct RatesPage {
    page: Page,
    w: &'static Words,
    list: String,
    place: String,
    /// Code, title, whether it is chosen.
    groups: Vec<(&'static str, &'static str, bool)>,
    days: Vec<(u32, bool)>,
    rows: Vec<Row>,
}

/// `GET /console/t/{slug}/rates`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(look): Query<Look>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let w = words::of(visitor.language);
    let known = GROUPS.into_iter().find(|(code, _)| *code == look.by);
    let (code, group) = known.unwrap_or(("channel", RateGroup::Channel));
    let days = look.days.parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(30);
    let rates = console.app.message_rates(&visitor.caller, &slug, Some(days), group).await?;
    html(&RatesPage {
        page: visitor.page(w.rates, &tenant, Room::Contents),
        w,
        list: format!("/console/t/{}/contents", tenant.slug),
        place: format!("/console/t/{}/rates", tenant.slug),
        groups: GROUPS.into_iter().map(|(known, _)| (known, w.of_group(known), known == code)).collect(),
        days: DAYS.into_iter().map(|known| (known, known == days)).collect(),
        rows: rates.into_iter().map(|view| row(view, w)).collect(),
    })
}

fn row(view: RateView, w: &'static Words) -> Row {
    let RateView { channel, connector, campaign, content, rates } = view;
    let name = channel.or(connector).or(campaign).or(content).filter(|name| !name.is_empty());
    let Rates { sent, opened, clicked, replied } = rates;
    let of = |count: u64| (whole(count), percent((sent > 0).then(|| count as f64 / sent as f64)));
    Row {
        name: name.unwrap_or_else(|| w.nameless.to_owned()),
        sent: whole(sent),
        opened: of(opened),
        clicked: of(clicked),
        replied: of(replied),
    }
}
