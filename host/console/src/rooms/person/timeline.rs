//! What happened to a person: each event with what was decided about it and what was sent.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{App, AppError, DecisionView, TimelinePage};
use guanxi_domain::event::Event;
use guanxi_domain::ids::{DecisionId, PersonId};
use guanxi_domain::message::Message;
use guanxi_domain::{JsonMap, Millis};
use serde::Deserialize;

use super::operation::{OperationView, operations};
use crate::Console;
use crate::format::{Time, plain, pretty_value, short};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

const EVENTS: u32 = 25;
const TEXT_SHOWN: usize = 280;
const GIST_SHOWN: usize = 120;

/// A part of a timeline, newest first.
pub struct Timeline {
    /// The events.
    pub items: Vec<Item>,
    /// Where the next part is.
    pub more: Option<String>,
}

/// One event.
pub struct Item {
    pub kind: String,
    pub title: String,
    pub at: Time,
    pub channel: Option<String>,
    pub touchpoint: Option<String>,
    pub gist: Option<String>,
    pub said: Option<String>,
    pub notes: Vec<String>,
    pub decisions: Vec<Decided>,
}

/// What one plugin decided about it.
pub struct Decided {
    pub href: String,
    pub plugin: String,
    pub outcome: Badge<'static>,
    /// That nothing was done, if it was made beside the one that took effect.
    pub shadow: Option<Badge<'static>>,
    pub reasons: Vec<String>,
    pub operations: Vec<OperationView>,
    pub messages: Vec<MessageItem>,
}

/// A message that followed.
pub struct MessageItem {
    pub href: String,
    pub channel: String,
    pub address: String,
    pub text: String,
    pub status: Badge<'static>,
    pub reason: Option<String>,
}

/// From where on.
#[derive(Deserialize)]
pub struct Wish {
    before: String,
}

#[derive(Template)]
#[template(path = "parts/timeline.html")]
struct Part {
    timeline: Timeline,
    w: &'static Words,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct Whole {
    page: Page,
    timeline: Timeline,
    back: String,
    w: &'static Words,
}

/// `GET /console/t/{slug}/people/{id}/timeline`: the next part, to be put behind what is there; a page of its own for
/// browsers without scripts.
pub async fn more(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let person: PersonId = id.parse().map_err(|_| AppError::NotFound("person"))?;
    let before = read_cursor(&wish.before).ok_or(AppError::NotFound("page"))?;
    let tenant = visitor.tenant(&slug).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let timeline = Timeline::of(&console.app, &visitor, &slug, person, Some(before), &catalogue).await?;
    let w = visitor.language.words();
    if visitor.wants_part {
        return html(&Part { timeline, w });
    }
    let back = format!("/console/t/{slug}/people/{person}");
    html(&Whole { page: visitor.page(w.timeline, &tenant, Room::People), timeline, back, w })
}

impl Timeline {
    /// The part before a time and position; the newest part without one.
    pub async fn of(
        app: &App,
        visitor: &Visitor,
        slug: &str,
        person: PersonId,
        before: Option<(Millis, i64)>,
        catalogue: &Catalogue,
    ) -> Result<Self, AppError> {
        let page = app.timeline(&visitor.caller, slug, person, before, Some(EVENTS)).await?;
        let TimelinePage { events, mut decisions, mut messages, next } = page;
        let w = visitor.language.words();
        let items = events.into_iter().map(|event| {
            let about: Vec<DecisionView> = decisions.extract_if(.., |d| d.row.position == event.position).collect();
            let decided = about.into_iter().map(|view| {
                let sent: Vec<Message> = messages.extract_if(.., |m| m.decision == view.row.id).collect();
                decided(slug, view, sent, catalogue, w)
            });
            let decided = decided.collect();
            item(event, decided, w)
        });
        let items = items.collect();
        let more =
            next.map(|(at, position)| format!("/console/t/{slug}/people/{person}/timeline?before={at}~{position}"));
        Ok(Self { items, more })
    }
}

/// Where the receipt of a decision is.
pub fn receipt(slug: &str, id: DecisionId) -> String {
    format!("/console/t/{slug}/decisions/{id}")
}

/// The text of a message's content.
pub fn text_of(message: &Message) -> &str {
    message.content.get("text").and_then(|text| text.as_str()).unwrap_or_default()
}

fn item(event: Event, decisions: Vec<Decided>, w: &'static Words) -> Item {
    let body = event.event.body;
    let gist = gist(&body.properties);
    let said = match (body.properties.is_empty(), body.traits.is_empty()) {
        (true, true) => None,
        (false, true) => Some(pretty_value(&body.properties.into())),
        (true, false) => Some(pretty_value(&body.traits.into())),
        (false, false) => {
            Some(pretty_value(&serde_json::json!({"traits": body.traits, "properties": body.properties})))
        }
    };
    Item {
        title: w.event(&event.event.kind).to_owned(),
        kind: event.event.kind,
        at: Time(event.event.occurred_at),
        channel: body.channel,
        touchpoint: body.touchpoint,
        gist,
        said,
        notes: body.notes,
        decisions,
    }
}

fn decided(slug: &str, view: DecisionView, sent: Vec<Message>, catalogue: &Catalogue, w: &'static Words) -> Decided {
    let messages = sent.into_iter().map(|message| MessageItem {
        href: format!("/console/t/{slug}/messages/{}", message.id),
        text: short(text_of(&message), TEXT_SHOWN),
        status: w.status(message.status),
        channel: message.channel,
        address: message.address,
        reason: message.reason,
    });
    Decided {
        href: receipt(slug, view.row.id),
        plugin: catalogue.installation(&view.installation).to_owned(),
        outcome: w.outcome(&view.row.outcome),
        shadow: w.shadow_of(view.row.shadow),
        reasons: serde_json::from_str(&view.row.reasons).unwrap_or_default(),
        operations: operations(&view.row.operations, w),
        messages: messages.collect(),
    }
}

/// The one thing that people want to know of an event: how much, or what.
fn gist(properties: &JsonMap) -> Option<String> {
    let text = |name: &str| properties.get(name).map(plain).filter(|text| !text.is_empty());
    let total = text("total").or_else(|| text("revenue"));
    let gist = match (total, text("currency")) {
        (Some(total), Some(currency)) => Some(format!("{total} {currency}")),
        (Some(total), None) => Some(total),
        (None, _) => ["name", "title", "path", "url", "reason", "segments"].into_iter().find_map(text),
    };
    gist.map(|gist| short(&gist, GIST_SHOWN))
}

fn read_cursor(text: &str) -> Option<(Millis, i64)> {
    let (at, position) = text.split_once('~')?;
    Some((at.parse().ok()?, position.parse().ok()?))
}
