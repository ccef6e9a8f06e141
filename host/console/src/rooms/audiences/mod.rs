//! Audiences on advertising channels: what is wanted and where each stands.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, AudienceInput, AudienceView};

use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

struct Row {
    name: String,
    title: String,
    facts: Vec<(&'static str, String)>,
    state: Badge<'static>,
    problem: Option<String>,
    there: String,
    to_add: String,
    to_remove: String,
    uploaded: Option<Time>,
    next: Option<Time>,
    ending: bool,
}

/// What was typed when something was refused.
#[derive(Default)]
struct Typed {
    name: String,
    title: String,
    segment: String,
    installation: String,
    channel_audience: String,
    kinds: String,
    purpose: String,
}

#[derive(Template)]
#[template(path = "audiences.html")]
struct AudiencesPage {
    page: Page,
    w: &'static Words,
    place: String,
    segments: String,
    csrf: String,
    manages: bool,
    refusal: Option<Refusal>,
    typed: Typed,
    rows: Vec<Row>,
}

/// `GET /console/t/{slug}/audiences`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    html(&page(&console, &visitor, &slug, None, Typed::default()).await?)
}

/// `POST /console/t/{slug}/audiences`: defines, syncs or deletes one.
pub async fn act(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let (app, caller) = (&console.app, &visitor.caller);
    let typed = Typed::of(&form);
    let done = match form.get("act").map(String::as_str).unwrap_or_default() {
        "save" => app.put_audience(caller, &slug, &typed.name, typed.input()).await.map(drop),
        "sync" => app.sync_audience(caller, &slug, &typed.name).await.map(drop),
        "remove" => app.delete_audience(caller, &slug, &typed.name, false).await,
        _ => Err(AppError::NotFound("page")),
    };
    let Err(error) = done else {
        return Ok(Redirect::to(&format!("/console/t/{slug}/audiences")).into_response());
    };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    Ok((status, html(&page(&console, &visitor, &slug, Some(refusal), typed).await?)?).into_response())
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    refusal: Option<Refusal>,
    typed: Typed,
) -> Result<AudiencesPage, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let w = words::of(visitor.language);
    let audiences = console.app.audiences(&visitor.caller, slug).await?;
    Ok(AudiencesPage {
        page: visitor.page(w.title, &tenant, Room::Segments),
        w,
        place: format!("/console/t/{}/audiences", tenant.slug),
        segments: format!("/console/t/{}/segments", tenant.slug),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        refusal,
        typed,
        rows: audiences.into_iter().map(|view| row(view, w)).collect(),
    })
}

impl Typed {
    fn of(form: &HashMap<String, String>) -> Self {
        let text = |name: &str| form.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Self {
            name: text("name"),
            title: text("title"),
            segment: text("segment"),
            installation: text("installation"),
            channel_audience: text("channel_audience"),
            kinds: text("kinds"),
            purpose: text("purpose"),
        }
    }

    fn input(&self) -> AudienceInput {
        let kinds = self.kinds.split([',', '，', ' ']).map(str::trim).filter(|kind| !kind.is_empty());
        AudienceInput {
            title: self.title.clone(),
            segment: self.segment.clone(),
            installation: self.installation.clone(),
            channel_audience: self.channel_audience.clone(),
            kinds: kinds.map(str::to_owned).collect(),
            purpose: self.purpose.clone(),
        }
    }
}

fn row(view: AudienceView, w: &'static Words) -> Row {
    let AudienceView { row, segment, installation, counts, settled } = view;
    let (audience, progress) = (row.audience, row.progress);
    let waits = counts.to_add + counts.to_remove > 0;
    let (code, title) = if audience.ending {
        ("off", w.ending)
    } else if progress.problem.is_some() {
        ("failed", w.held)
    } else if waits || !settled {
        ("queued", w.under_way)
    } else {
        ("live", w.in_step)
    };
    let state = Badge { code, title };
    Row {
        facts: vec![
            (w.segment, segment),
            (w.installation, installation),
            (w.channel_audience, audience.channel_audience),
            (w.kinds, audience.kinds.join(", ")),
            (w.purpose, audience.purpose),
        ],
        name: audience.name,
        title: audience.title,
        state,
        problem: progress.problem,
        there: count(counts.there),
        to_add: count(counts.to_add),
        to_remove: count(counts.to_remove),
        uploaded: progress.uploaded_at.map(Time),
        next: (progress.held_until > 0).then_some(Time(progress.held_until)),
        ending: audience.ending,
    }
}
