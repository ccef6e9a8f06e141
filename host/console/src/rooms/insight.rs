//! Insight: what everybody or a segment is like, in pictures that are tables, too. A portrait that is being counted is
//! looked for again by itself.

pub mod pictures;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{PortraitView, SegmentRow};
use guanxi_domain::insight::{BandShare, ChannelShare, Distribution, Portrait, Purchases};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, count, money, number, percent, short, whole};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::{Words, fill};

use pictures::{Bar, Bars, Heat, bars, length};

/// The most characters of a label from a brand's data.
const LABEL_MAX: usize = 40;

/// Of whom.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    segment: String,
}

struct Choice {
    name: String,
    title: String,
    chosen: bool,
}

struct BandRow {
    title: &'static str,
    people: String,
    length: String,
    before: String,
    participation: String,
    /// Of the bar, per cent of the width.
    active: String,
}

struct ChannelRow {
    channel: String,
    connected: bool,
    reachable: String,
    reachable_length: String,
    with_address: String,
    deliverable: String,
    sent: String,
    answered: String,
    rate: String,
}

struct Shown {
    people: String,
    facts: Vec<(&'static str, String)>,
    bands: Vec<BandRow>,
    heat: Heat,
    heat_text: String,
    channels: Vec<ChannelRow>,
    bars: Vec<Bars>,
    concerns: Bars,
    dimensions: Vec<Bars>,
}

#[derive(Template)]
#[template(path = "insight.html")]
struct InsightPage {
    page: Page,
    w: &'static Words,
    place: String,
    choices: Vec<Choice>,
    title: String,
    segment: Option<String>,
    computing: bool,
    computed_at: Option<Time>,
    shown: Option<Shown>,
}

/// `GET /console/t/{slug}/insight`, of a segment with `?segment=`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let segment = Some(wish.segment.trim()).filter(|name| !name.is_empty());
    let PortraitView { segment, portrait, computed_at, computing } = app.portrait(caller, &slug, segment).await?;
    let segments = app.segments(caller, &slug).await?;
    let w = visitor.language.words();
    html(&InsightPage {
        page: visitor.page(w.insight, &tenant, Room::Insight),
        w,
        place: format!("/console/t/{}", tenant.slug),
        choices: segments.iter().map(|one| choice(one, segment.as_ref())).collect(),
        title: segment.as_ref().map_or_else(|| w.insight_everybody.to_owned(), |segment| segment.title.clone()),
        segment: segment.map(|segment| segment.name),
        computing,
        computed_at: computed_at.map(Time),
        shown: portrait.map(|portrait| shown(&portrait, visitor.language)),
    })
}

fn choice(one: &SegmentRow, chosen: Option<&SegmentRow>) -> Choice {
    let chosen = chosen.is_some_and(|chosen| chosen.id == one.id);
    Choice { name: one.name.clone(), title: short(&one.title, LABEL_MAX), chosen }
}

fn shown(portrait: &Portrait, language: Language) -> Shown {
    let w = language.words();
    let people = portrait.people;
    let heat_text = match (portrait.hours.best_day(), portrait.hours.best_hour()) {
        (Some(day), Some(hour)) => best(day, hour, w),
        _ => w.no_orders.to_owned(),
    };
    let most = portrait.bands.iter().map(|share| share.people).max().unwrap_or(0);
    Shown {
        people: total(people),
        facts: facts(&portrait.purchases, w),
        bands: portrait.bands.iter().map(|share| band(share, most, w)).collect(),
        heat: Heat::of(&portrait.hours, &portrait.time_zone, w),
        heat_text,
        channels: portrait.channels.iter().map(|share| channel(share, people)).collect(),
        concerns: concerns(&portrait.concerns, w),
        dimensions: portrait.dimensions.iter().map(|one| dimension(one, w)).collect(),
        bars: [
            told("stages", w.stage_title, &portrait.stages, w, |code| w.stage_code(code)),
            told("roles", w.roles, &portrait.roles, w, |code| w.role_code(code)),
            told("genders", w.gender, &portrait.genders, w, |code| w.gender_code(code)),
            told("ages", w.age, &portrait.ages, w, |code| code),
            told("cities", w.city, &portrait.cities, w, |code| code),
            told("provinces", w.province, &portrait.provinces, w, |code| code),
            told("countries", w.country, &portrait.countries, w, |code| code),
            told("first-channels", w.first_channel, &portrait.first_channels, w, |code| code),
            addresses(portrait, w),
        ]
        .into_iter()
        .filter(|bars| !bars.rows.is_empty())
        .collect(),
    }
}

fn facts(purchases: &Purchases, w: &'static Words) -> Vec<(&'static str, String)> {
    let average = purchases.average_order.map_or_else(|| "–".to_owned(), |minor| money(minor.round() as i64, None));
    vec![
        (w.buyers, total(purchases.buyers)),
        (w.orders, count(purchases.orders)),
        (w.revenue, money(purchases.revenue, None)),
        (w.average_order, average),
        (w.repeat_share, percent(purchases.repeat_share)),
    ]
}

/// When most is bought, in words.
pub fn best(day: usize, hour: usize, w: &'static Words) -> String {
    let day = pictures::days(w).get(day).copied().unwrap_or_default();
    fill(&fill(w.buys_most, day), &format!("{hour:02}:00–{:02}:00", hour + 1))
}

fn band(share: &BandShare, most: u64, w: &'static Words) -> BandRow {
    BandRow {
        title: w.band(share.band),
        people: total(share.people),
        length: length(share.people as f64, most as f64),
        before: total(share.before),
        participation: percent(share.participation),
        active: length(share.participation.unwrap_or(0.0), 1.0),
    }
}

fn channel(share: &ChannelShare, people: u64) -> ChannelRow {
    ChannelRow {
        reachable: total(share.reachable),
        reachable_length: length(share.reachable as f64, people as f64),
        with_address: total(share.with_address),
        deliverable: total(share.deliverable),
        sent: total(share.sent),
        answered: total(share.answered),
        rate: percent(share.answer_rate),
        connected: share.connected,
        channel: share.channel.clone(),
    }
}

/// A distribution as bars, whose codes have a name for people.
fn told<'t>(
    id: &str,
    title: &str,
    distribution: &'t Distribution,
    w: &'static Words,
    name: impl Fn(&'t str) -> &'t str,
) -> Bars {
    let values = distribution.values.iter().map(|share| (short(name(&share.value), LABEL_MAX), share.people));
    let rest = [(w.others, distribution.others), (w.unknown, distribution.unknown)];
    let rest = rest.into_iter().filter(|(_, people)| *people > 0).map(|(word, people)| (word.to_owned(), people));
    if distribution.values.iter().all(|share| share.people == 0) {
        return Bars { id: id.to_owned(), title: title.to_owned(), rows: Vec::new() };
    }
    bars(id, title, values.chain(rest).map(|(name, people)| (name, total(people), people as f64)))
}

fn addresses(portrait: &Portrait, w: &'static Words) -> Bars {
    let row = |share: &guanxi_domain::insight::AddressShare| {
        let value = format!("{} / {}", total(share.deliverable), total(share.people));
        (w.identity(&share.kind).to_owned(), value, share.deliverable as f64)
    };
    bars("addresses", w.addresses, portrait.addresses.iter().map(row))
}

fn concerns(concerns: &[guanxi_domain::insight::Concern], w: &'static Words) -> Bars {
    let row = |one: &guanxi_domain::insight::Concern| (short(&one.name, LABEL_MAX), number(one.weight), one.weight);
    bars("concerns", w.concerns, concerns.iter().map(row))
}

fn dimension(one: &guanxi_domain::insight::DimensionShare, w: &'static Words) -> Bars {
    let rows = one.names.iter().map(|tag| {
        let value = format!("{} · {}", total(tag.people), number(tag.weight));
        (short(&tag.name, LABEL_MAX), value, tag.people as f64)
    });
    let mut told = bars("", &short(&one.dimension, LABEL_MAX), rows);
    if one.others > 0 {
        let (title, value) = (w.others.to_owned(), total(one.others));
        told.rows.push(Bar { title, value, length: String::new() });
    }
    told
}

/// A number of people.
pub fn total(people: u64) -> String {
    whole(people)
}
