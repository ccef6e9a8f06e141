//! One message: what it said, where it is on its way, and every try.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{AppError, MessageView};
use guanxi_domain::exchange::Exchange;
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::{Attempt, MessageAction, MessageStatus, Told};

use super::timeline::{receipt, text_of};
use crate::Console;
use crate::format::{Time, count, pretty_value};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::channels::{self, exchanges::Exchanged};
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

struct Try {
    number: u32,
    at: Time,
    took: String,
    http_status: String,
    outcome: String,
    detail: String,
    exchanges: Vec<Exchanged>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    page: Page,
    w: &'static Words,
    own: &'static channels::words::Words,
    id: String,
    /// Whether it will be tried, or tried again.
    waits: bool,
    place: String,
    csrf: String,
    manages: bool,
    retriable: bool,
    cancellable: bool,
    uncertain: bool,
    /// What staff asked of it, when, and whose token it was.
    asked: Vec<(&'static str, Time, String)>,
    channel: String,
    address: String,
    status: Badge<'static>,
    reason: Option<String>,
    text: String,
    content: String,
    person: (String, String),
    decision: (String, String),
    marks: Vec<(&'static str, String)>,
    times: Vec<(&'static str, Time)>,
    tries: Vec<Try>,
}

/// `GET /console/t/{slug}/messages/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id: MessageId = id.parse().map_err(|_| AppError::NotFound("message"))?;
    let view = console.app.message(&visitor.caller, &slug, id).await?;
    let MessageView { message, attempts, exchanges, actions } = view;
    let (w, own) = (visitor.language.words(), channels::words::of(visitor.language));
    let mut exchanged: HashMap<u32, Vec<Exchange>> =
        exchanges.into_iter().map(|tried| (tried.attempt, tried.exchanges)).collect();
    let tries = attempts.into_iter().map(|tried| {
        let exchanges = exchanged.remove(&tried.number).unwrap_or_default();
        attempt(tried, exchanges)
    });
    let mut times = vec![(w.created, Time(message.created_at)), (w.changed, Time(message.updated_at))];
    times.extend(message.expires_at.map(|at| (w.expires, Time(at))));
    let Told { delivered_at, read_at, clicked_at, bounced_at } = message.told;
    let told =
        [(own.delivered, delivered_at), (own.read, read_at), (own.clicked, clicked_at), (own.bounced, bounced_at)];
    times.extend(told.into_iter().filter_map(|(what, at)| Some((what, Time(at?)))));
    html(&MessagePage {
        page: visitor.page(w.message, &tenant, Room::People),
        w,
        own,
        place: format!("/console/t/{}/messages/{}", tenant.slug, message.id),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        retriable: MessageStatus::ENDED_BADLY.contains(&message.status),
        cancellable: message.status == MessageStatus::Queued,
        uncertain: message.status == MessageStatus::Uncertain,
        asked: actions.into_iter().map(|action| asked(action, own)).collect(),
        waits: matches!(message.status, MessageStatus::Queued | MessageStatus::Sending),
        id: message.id.to_string(),
        text: text_of(&message).to_owned(),
        status: w.status(message.status),
        person: (format!("/console/t/{}/people/{}", tenant.slug, message.person), message.person.to_string()),
        decision: (receipt(tenant.slug.as_str(), message.decision), message.decision.to_string()),
        marks: vec![
            (w.class, w.message_class(message.class).to_owned()),
            (w.purpose, message.purpose),
            (w.channel_id, message.channel_id.unwrap_or_else(|| "–".to_owned())),
        ],
        times,
        tries: tries.collect(),
        content: pretty_value(&message.content.into()),
        channel: message.channel,
        address: message.address,
        reason: message.reason,
    })
}

fn asked(action: MessageAction, own: &'static channels::words::Words) -> (&'static str, Time, String) {
    let what = if action.action == "cancel" { own.action_cancel } else { own.action_retry };
    (what, Time(action.at), action.actor)
}

fn attempt(attempt: Attempt, exchanges: Vec<Exchange>) -> Try {
    Try {
        number: attempt.number,
        at: Time(attempt.at),
        took: format!("{} ms", count(attempt.took_ms)),
        http_status: attempt.http_status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
        outcome: attempt.outcome,
        detail: attempt.detail.unwrap_or_default(),
        exchanges: Exchanged::all(exchanges),
    }
}
