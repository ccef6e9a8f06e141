//! The live stream: what happens at a tenant right now, newest on top.

pub mod stream;

use std::cmp::Reverse;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{DecisionView, Live, LiveKind, MessageLogFilter};
use guanxi_domain::event::Event;
use guanxi_domain::message::{Message, MessageStatus};

use crate::Console;
use crate::format::{Time, short};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

/// Rows of each sort that are there before anything happens.
const ROWS: u32 = 40;
const DETAIL_SHOWN: usize = 200;

/// One row, the same for what has happened and what happens.
pub struct Row {
    kind: Badge<'static>,
    at: Time,
    what: String,
    badge: Option<Badge<'static>>,
    detail: String,
    href: Option<String>,
    person: Option<(String, String)>,
}

/// Rows as a piece of a page.
#[derive(Template)]
#[template(path = "parts/live_rows.html")]
pub struct Rows {
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage {
    page: Page,
    w: &'static Words,
    stream: String,
    rows: Vec<Row>,
}

/// `GET /console/t/{slug}/live`: the latest that is recorded; the stream adds to it.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let catalogue = Catalogue::of(app, &visitor, &slug).await?;
    let teller = Teller::new(tenant.slug.as_str(), visitor.language.words(), catalogue);
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(app.events(caller, &slug, None, Some(ROWS)).await?.into_iter().map(|event| teller.event(event)));
    let mut decisions = app.decisions(caller, &slug, None, None, Some(ROWS)).await?;
    // As the stream does: nothing happens because of a shadow.
    decisions.retain(|decision| !decision.row.shadow);
    rows.extend(decisions.into_iter().map(|decision| teller.decision(decision)));
    let messages = app.messages(caller, &slug, &MessageLogFilter::default(), None, Some(ROWS)).await?.messages;
    rows.extend(messages.into_iter().map(|message| teller.message(message)));
    rows.sort_by_key(|row| Reverse(row.at.0));
    html(&LivePage {
        page: visitor.page(teller.w.live, &tenant, Room::Live),
        w: teller.w,
        stream: format!("/console/t/{}/live/stream", tenant.slug),
        rows,
    })
}

/// Tells in the visitor's words what happened at one tenant.
pub struct Teller {
    place: String,
    w: &'static Words,
    catalogue: Catalogue,
}

impl Teller {
    /// For the tenant called `slug`.
    pub fn new(slug: &str, w: &'static Words, catalogue: Catalogue) -> Self {
        Self { place: format!("/console/t/{slug}"), w, catalogue }
    }

    /// Something that happens right now.
    pub fn live(&self, item: &Live) -> Row {
        let (place, w) = (&self.place, self.w);
        let (code, rest) = item.detail.split_once(": ").unwrap_or((&item.detail, ""));
        let (what, badge, detail) = match item.kind {
            LiveKind::Event => (w.event(&item.what), None, item.detail.as_str()),
            LiveKind::Decision => (self.catalogue.installation(&item.what), Some(w.outcome(code)), rest),
            LiveKind::Message => (item.what.as_str(), MessageStatus::parse(code).map(|status| w.status(status)), rest),
            LiveKind::Plugin => (self.catalogue.installation(&item.what), None, item.detail.as_str()),
        };
        let href = match item.kind {
            LiveKind::Event => None,
            LiveKind::Decision => Some(format!("{place}/decisions/{}", item.id)),
            LiveKind::Message => Some(format!("{place}/messages/{}", item.id)),
            LiveKind::Plugin => Some(format!("{place}/plugins#{}", item.what)),
        };
        let person = item
            .person
            .as_ref()
            .map(|id| (format!("{place}/people/{id}"), short(item.name.as_deref().unwrap_or(w.person), 40)));
        Row {
            kind: w.live_kind(item.kind),
            at: Time(item.at),
            what: what.to_owned(),
            badge,
            detail: short(detail, DETAIL_SHOWN),
            href,
            person,
        }
    }

    fn event(&self, event: Event) -> Row {
        let body = event.event.body;
        let person = match (body.person, body.identities.first()) {
            (Some(id), _) => Some((format!("{}/people/{id}", self.place), self.w.person.to_owned())),
            (None, Some(identity)) => {
                let value = identity.to_string();
                let query = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
                Some((format!("{}/people?q={query}", self.place), short(identity.value(), 40)))
            }
            (None, None) => None,
        };
        Row {
            kind: self.w.live_kind(LiveKind::Event),
            at: Time(event.event.received_at),
            what: self.w.event(&event.event.kind).to_owned(),
            badge: None,
            detail: body.touchpoint.map(|text| short(&text, DETAIL_SHOWN)).unwrap_or_default(),
            href: None,
            person,
        }
    }

    fn decision(&self, view: DecisionView) -> Row {
        let reasons: Vec<String> = serde_json::from_str(&view.row.reasons).unwrap_or_default();
        Row {
            kind: self.w.live_kind(LiveKind::Decision),
            at: Time(view.row.at),
            what: self.catalogue.installation(&view.installation).to_owned(),
            badge: Some(self.w.outcome(&view.row.outcome)),
            detail: short(&reasons.join("; "), DETAIL_SHOWN),
            href: Some(format!("{}/decisions/{}", self.place, view.row.id)),
            person: Some((format!("{}/people/{}", self.place, view.row.person), self.w.person.to_owned())),
        }
    }

    fn message(&self, message: Message) -> Row {
        Row {
            kind: self.w.live_kind(LiveKind::Message),
            at: Time(message.updated_at),
            badge: Some(self.w.status(message.status)),
            detail: short(message.reason.as_deref().unwrap_or_default(), DETAIL_SHOWN),
            href: Some(format!("{}/messages/{}", self.place, message.id)),
            person: Some((format!("{}/people/{}", self.place, message.person), short(&message.address, 40))),
            what: message.channel,
        }
    }
}
