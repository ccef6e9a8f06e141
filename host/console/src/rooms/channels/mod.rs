//! How every channel of a brand does: what waits for it, what left lately and how quickly, and what went wrong last.

pub mod connect;
pub mod exchanges;
pub mod undelivered;
pub mod words;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{ChannelStatus, ChannelView, Lack};
use guanxi_domain::channel_health::Sums;

use crate::Console;
use crate::format::{Time, count};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::session::Visitor;
use crate::trouble::Trouble;
use words::Words;

/// Places of the room, for the links between its pages.
pub struct Places {
    pub channels: String,
    pub log: String,
    pub undelivered: String,
}

impl Places {
    pub fn of(slug: &str) -> Self {
        let place = |room: &str| format!("/console/t/{slug}/{room}");
        Self { channels: place("channels"), log: place("messages"), undelivered: place("undelivered") }
    }
}

/// One channel as a card.
pub struct Card {
    pub place: String,
    pub log: String,
    pub name: String,
    pub title: String,
    pub channel: String,
    pub state: Badge<'static>,
    /// Whether messages leave through it, and it is not only asked or told of audiences.
    pub sends: bool,
    /// Whether it lacks something besides being switched on.
    pub lacks: bool,
    /// How many wait, of all classes.
    pub waiting: String,
    /// By class.
    pub classes: Vec<(&'static str, String)>,
    /// What came of tries in the last hour and in the last day.
    pub sums: Vec<(&'static str, String, String)>,
    pub median: String,
    pub p99: String,
    pub problem: Option<String>,
    /// Why it rests or pauses, and until when.
    pub rest: Option<(String, Option<Time>)>,
    pub last_failure: Option<(Time, String)>,
    pub last_callback: Option<(Time, Badge<'static>)>,
}

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    page: Page,
    w: &'static Words,
    places: Places,
    cards: Vec<Card>,
}

/// `GET /console/t/{slug}/channels`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (w, places) = (words::of(visitor.language), Places::of(tenant.slug.as_str()));
    let channels = console.app.channels(&visitor.caller, &slug).await?;
    let cards = channels.into_iter().map(|view| Card::of(view, &places, visitor.language)).collect();
    html(&ChannelsPage { page: visitor.page(w.title, &tenant, Room::Channels), w, places, cards })
}

impl Card {
    /// Of what is known of a channel.
    pub fn of(view: ChannelView, places: &Places, language: Language) -> Self {
        let (w, common) = (words::of(language), language.words());
        let name = view.view.installation.name.clone();
        let (sums, median, p99) = summed(&view.hour, &view.day, w);
        let waiting: i64 = view.waiting.iter().map(|(_, count)| count).sum();
        let more = if view.waiting_more { format!("{} ", w.more_than) } else { String::new() };
        Self {
            place: format!("{}/{name}", places.channels),
            log: format!("{}?channel={name}", places.log),
            title: language.pick(&view.view.plugin.manifest.title).to_owned(),
            channel: view.spec().map(|spec| spec.channel.clone()).unwrap_or_default(),
            state: state(view.state, w),
            sends: view.spec().is_some_and(|spec| !spec.addresses.is_empty()),
            lacks: view.lacks().iter().any(|lack| *lack != Lack::SwitchedOff),
            waiting: format!("{more}{}", count(waiting)),
            classes: view
                .waiting
                .iter()
                .map(|(class, waiting)| (common.message_class(*class), count(*waiting)))
                .collect(),
            sums,
            median,
            p99,
            rest: match (view.reason, view.until) {
                (None, None) => None,
                (reason, until) => Some((reason.unwrap_or_default(), until.map(Time))),
            },
            problem: view.session.and_then(|session| session.problem),
            last_failure: view.last_failure.map(|last| {
                (Time(last.at), last.reason.unwrap_or_else(|| common.status(last.status).title.to_owned()))
            }),
            last_callback: view.last_callback.map(|seen| {
                let code = callback_code(seen.outcome.as_str());
                (Time(seen.at), Badge { code, title: w.of_outcome(seen.outcome) })
            }),
            name,
        }
    }
}

/// The state of a channel in its colour.
pub fn state(status: ChannelStatus, w: &'static Words) -> Badge<'static> {
    let code = match status {
        ChannelStatus::WaitsForSession | ChannelStatus::Paused => "queued",
        ChannelStatus::Resting => "failed",
        other => other.as_str(),
    };
    Badge { code, title: w.of_status(status) }
}

/// The colour of what became of a request.
pub fn callback_code(outcome: &str) -> &'static str {
    match outcome {
        "taken" => "done",
        "refused" => "refused",
        _ => "failed",
    }
}

/// Rows of what tries came to in an hour and in a day, and how long those of the day took that were sent.
fn summed(hour: &Sums, day: &Sums, w: &'static Words) -> (Vec<(&'static str, String, String)>, String, String) {
    let rows = [
        (w.sent, hour.sent, day.sent),
        (w.again, hour.again, day.again),
        (w.failed, hour.failed, day.failed),
        (w.expired, hour.expired, day.expired),
        (w.uncertain, hour.uncertain, day.uncertain),
    ];
    let time = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("≤ {} ms", count(ms)));
    let rows = rows.into_iter().map(|(title, hour, day)| (title, count(hour), count(day)));
    (rows.collect(), time(day.median_ms), time(day.p99_ms))
}
