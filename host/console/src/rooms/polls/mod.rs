//! How far the channel of an installation was asked: when it last answered, where it goes on, and what is wrong.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, PollView};

use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

#[derive(Template)]
#[template(path = "poll.html")]
struct PollPage {
    page: Page,
    w: &'static Words,
    /// Of the plugin.
    plugin: String,
    name: String,
    place: String,
    csrf: String,
    manages: bool,
    live: bool,
    refusal: Option<Refusal>,
    problem: Option<String>,
    cursor: Option<String>,
    times: Vec<(&'static str, Option<Time>)>,
    facts: Vec<(&'static str, String)>,
    /// Who last set the cursor, when and why.
    reset: Option<(Time, String, String)>,
}

/// `GET /console/t/{slug}/plugins/{name}/poll`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    html(&page(&console, &visitor, &slug, name, None).await?)
}

/// `POST /console/t/{slug}/plugins/{name}/poll`: asks at once, or sets where it goes on.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let (app, caller) = (&console.app, &visitor.caller);
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let done = match text("act") {
        "now" => app.poll_now(caller, &slug, &name).await,
        "reset" => {
            let cursor = Some(text("cursor")).filter(|cursor| !cursor.is_empty());
            app.reset_poll(caller, &slug, &name, cursor, text("reason")).await
        }
        _ => Err(AppError::NotFound("page")),
    };
    let Err(error) = done else {
        return Ok(Redirect::to(&format!("/console/t/{slug}/plugins/{name}/poll")).into_response());
    };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    Ok((status, html(&page(&console, &visitor, &slug, name, Some(refusal)).await?)?).into_response())
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    name: String,
    refusal: Option<Refusal>,
) -> Result<PollPage, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let w = words::of(visitor.language);
    let PollView { live, every_seconds, row } = console.app.poll_state(&visitor.caller, slug, &name).await?;
    let row = row.as_ref();
    let outcome = row.and_then(|row| row.outcome.clone()).unwrap_or_else(|| w.never.to_owned());
    let plugin = format!("/console/t/{}/plugins/{name}", tenant.slug);
    Ok(PollPage {
        page: visitor.page(w.title, &tenant, Room::Plugins),
        w,
        place: format!("{plugin}/poll"),
        plugin,
        name,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        live,
        refusal,
        problem: row.and_then(|row| row.problem.clone()),
        cursor: row.and_then(|row| row.cursor.clone()),
        times: vec![
            (w.succeeded, row.and_then(|row| row.succeeded_at).map(Time)),
            (w.polled, row.and_then(|row| row.polled_at).map(Time)),
            (w.next, row.filter(|_| live).map(|row| Time(row.due_at))),
            (w.cursor_at, row.map(|row| Time(row.cursor_at))),
        ],
        facts: vec![
            (w.outcome, outcome),
            (w.events, count(row.map_or(0, |row| row.events))),
            (w.failures, row.map_or(0, |row| row.failures).to_string()),
            (w.every, every_seconds.to_string()),
        ],
        reset: row.and_then(|row| row.reset.clone()).map(|reset| (Time(reset.at), reset.by, reset.reason)),
    })
}
