//! One message: what it said, where it is on its way, and every try.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{AppError, MessageView};
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::Attempt;

use super::timeline::{receipt, text_of};
use crate::Console;
use crate::format::{Time, count, pretty_value};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
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
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    page: Page,
    w: &'static Words,
    id: String,
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
    let MessageView { message, attempts, .. } = console.app.message(&visitor.caller, &slug, id).await?;
    let w = visitor.language.words();
    let mut times = vec![(w.created, Time(message.created_at)), (w.changed, Time(message.updated_at))];
    times.extend(message.expires_at.map(|at| (w.expires, Time(at))));
    html(&MessagePage {
        page: visitor.page(w.message, &tenant, Room::People),
        w,
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
        tries: attempts.into_iter().map(attempt).collect(),
        content: pretty_value(&message.content.into()),
        channel: message.channel,
        address: message.address,
        reason: message.reason,
    })
}

fn attempt(attempt: Attempt) -> Try {
    Try {
        number: attempt.number,
        at: Time(attempt.at),
        took: format!("{} ms", count(attempt.took_ms)),
        http_status: attempt.http_status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
        outcome: attempt.outcome,
        detail: attempt.detail.unwrap_or_default(),
    }
}
