//! Segments: the list with counts, an editor that counts before it saves, the members of one, and why a person is in
//! which.
//!
//! The editor is one form that works without scripts: each button sends all of it, and the page comes back with what the
//! button did. The filter travels as its document; common conditions are added and removed line by line.

mod condition;
pub mod why;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, PersonSummary, SegmentInput, SegmentRow};
use guanxi_domain::segment::{Filter, Tongue};
use guanxi_domain::tenant::Tenant;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::format::{Time, count, money, pretty_value, short, time};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::people::name_of;
use crate::session::{Signed, Visitor};
use crate::trouble::{Trouble, explain};
use crate::words::Words;

use condition::{PRESETS, made};

const ROWS: u32 = 50;

struct Line {
    href: String,
    title: String,
    said: String,
    members: String,
    built: bool,
    changed: Time,
}

struct Row {
    href: String,
    name: String,
    stage: Badge<'static>,
    revenue: String,
    last_seen: Option<Time>,
}

#[derive(Template)]
#[template(path = "segments.html")]
struct SegmentsPage {
    page: Page,
    w: &'static Words,
    place: String,
    manages: bool,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "segment.html")]
struct SegmentPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    /// The segment as it is; nothing for a new one.
    line: Option<Line>,
    form: Editor,
    group_any: bool,
    conditions: Vec<String>,
    presets: Vec<(&'static str, &'static str)>,
    problems: Vec<String>,
    counted: Option<Counted>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Counted {
    count: String,
    took_ms: i64,
}

/// The form: the segment as it shall be, a condition to add, and which button was pressed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Editor {
    name: String,
    title: String,
    filter: String,
    group: String,
    preset: String,
    what: String,
    value: String,
    days: String,
    act: String,
    remove: String,
}

/// From where on.
#[derive(Deserialize)]
pub struct Wish {
    after: Option<u32>,
}

/// `GET /console/t/{slug}/segments`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let segments = console.app.segments(&visitor.caller, &slug).await?;
    let w = visitor.language.words();
    let place = place(&tenant);
    html(&SegmentsPage {
        page: visitor.page(w.segments, &tenant, Room::Segments),
        w,
        manages: visitor.manages(&tenant),
        lines: segments.iter().map(|segment| line(segment, &place, visitor.language)).collect(),
        place,
    })
}

/// `GET /console/t/{slug}/segments/new`.
pub async fn new(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let form = Editor { filter: pretty_value(&json!({ "all": [] })), ..Editor::default() };
    Desk { console: &console, visitor: &visitor, tenant: &tenant }.show(form, None, Outcome::Nothing, None).await
}

/// `GET /console/t/{slug}/segments/{name}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let segment = console.app.segment(&visitor.caller, &slug, &name).await?;
    let form = Editor {
        name,
        title: segment.title.clone(),
        filter: pretty_value(&segment.filter.to_json()),
        ..Editor::default()
    };
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    desk.show(form, Some(segment), Outcome::Nothing, wish.after).await
}

/// `POST /console/t/{slug}/segments`: one press of a button of the editor.
pub async fn act(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, mut form): Signed<Editor>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    let outcome = match desk.press(&mut form).await {
        Ok(Outcome::Gone(to)) => return Ok(Redirect::to(&to).into_response()),
        Ok(outcome) => outcome,
        Err(trouble) => {
            let status = trouble.clone().into_response().status();
            if !matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::FORBIDDEN | StatusCode::CONFLICT) {
                return Err(trouble);
            }
            let (heading, _, problems) = explain(&trouble, visitor.language);
            let told = problems.into_iter().map(|problem| format!("{} {}", problem.at, problem.problem));
            let told: Vec<String> = told.map(|text| text.trim().to_owned()).collect();
            Outcome::Refused(status, if told.is_empty() { vec![heading.to_owned()] } else { told })
        }
    };
    let known = console.app.segments(&visitor.caller, &slug).await?;
    let segment = known.into_iter().find(|segment| segment.name == form.name);
    desk.show(form, segment, outcome, None).await
}

/// What a press of a button came to.
enum Outcome {
    Nothing,
    Counted(Counted, Vec<PersonSummary>),
    Refused(StatusCode, Vec<String>),
    Gone(String),
}

/// The editor in one visitor's hands.
struct Desk<'d> {
    console: &'d Console,
    visitor: &'d Visitor,
    tenant: &'d Tenant,
}

impl Desk<'_> {
    async fn press(&self, form: &mut Editor) -> Result<Outcome, Trouble> {
        let (app, caller, slug) = (&self.console.app, &self.visitor.caller, self.tenant.slug.as_str());
        form.name = form.name.trim().to_owned();
        if form.act == "delete" {
            app.delete_segment(caller, slug, &form.name).await?;
            return Ok(Outcome::Gone(place(self.tenant)));
        }
        let mut document: Value =
            serde_json::from_str(&form.filter).map_err(|error| AppError::invalid("filter", error.to_string()))?;
        if let Ok(index) = form.remove.parse::<usize>() {
            if let Some(list) = listed(&mut document).filter(|list| index < list.len()) {
                list.remove(index);
            }
        } else if form.act == "add" {
            add(&mut document, form)?;
            (form.what, form.value, form.days) = Default::default();
        }
        form.filter = pretty_value(&document);
        match form.act.as_str() {
            "save" => {
                let input = SegmentInput { title: form.title.clone(), filter: document };
                let saved = app.put_segment(caller, slug, &form.name, input).await?;
                Ok(Outcome::Gone(format!("{}/{}", place(self.tenant), saved.name)))
            }
            "count" => {
                let found = app.preview_segment(caller, slug, &document).await?;
                let total = i64::try_from(found.count).unwrap_or(i64::MAX);
                Ok(Outcome::Counted(Counted { count: count(total), took_ms: found.took_ms }, found.sample))
            }
            _ => Ok(Outcome::Nothing),
        }
    }

    async fn show(
        &self,
        form: Editor,
        segment: Option<SegmentRow>,
        outcome: Outcome,
        after: Option<u32>,
    ) -> Result<Response, Trouble> {
        let (w, language) = (self.visitor.language.words(), self.visitor.language);
        let place = place(self.tenant);
        let (mut status, mut problems, mut counted) = (StatusCode::OK, Vec::new(), None);
        let mut people = Vec::new();
        let mut next = None;
        match (outcome, &segment) {
            (Outcome::Counted(found, sample), _) => (counted, people) = (Some(found), sample),
            (Outcome::Refused(why, told), _) => (status, problems) = (why, told),
            (Outcome::Nothing | Outcome::Gone(_), Some(segment)) => {
                let (caller, slug) = (&self.visitor.caller, self.tenant.slug.as_str());
                let behind = after.unwrap_or(0);
                let page = self.console.app.segment_people(caller, slug, &segment.name, behind, Some(ROWS)).await?;
                next = page.next.map(|next| format!("{place}/{}?after={next}", segment.name));
                people = page.people;
            }
            (Outcome::Nothing | Outcome::Gone(_), None) => {}
        }
        let title = segment.as_ref().map_or_else(|| w.segment_new.to_owned(), |segment| segment.title.clone());
        let (group_any, conditions) = lines(&form.filter, language);
        let shown = html(&SegmentPage {
            page: self.visitor.page(title, self.tenant, Room::Segments),
            w,
            csrf: self.visitor.proof(),
            manages: self.visitor.manages(self.tenant),
            line: segment.as_ref().map(|segment| line(segment, &place, language)),
            form,
            group_any,
            conditions,
            presets: PRESETS.iter().map(|preset| (preset.code, (preset.title)(w))).collect(),
            problems,
            counted,
            rows: people.into_iter().map(|person| row(person, self.tenant, language)).collect(),
            next,
            place,
        })?;
        Ok((status, shown).into_response())
    }
}

fn place(tenant: &Tenant) -> String {
    format!("/console/t/{}/segments", tenant.slug)
}

fn tongue(language: Language) -> Tongue {
    if language.is_zh() { Tongue::Chinese } else { Tongue::English }
}

fn line(segment: &SegmentRow, place: &str, language: Language) -> Line {
    Line {
        href: format!("{place}/{}", segment.name),
        title: segment.title.clone(),
        said: short(&segment.filter.say(tongue(language)), 400),
        members: count(segment.members),
        built: segment.is_built(),
        changed: Time(segment.updated_at),
    }
}

fn row(summary: PersonSummary, tenant: &Tenant, language: Language) -> Row {
    let PersonSummary { person, identities, .. } = summary;
    Row {
        href: format!("/console/t/{}/people/{}", tenant.slug, person.id),
        name: short(&name_of(&person, &identities, language), 60),
        stage: Badge { code: person.stage.as_str(), title: language.words().stage(person.stage) },
        revenue: money(person.facts.revenue, None),
        last_seen: time(person.facts.last_seen),
    }
}

/// The outermost group's list.
fn listed(document: &mut Value) -> Option<&mut Vec<Value>> {
    let key = if document.get("any").is_some() { "any" } else { "all" };
    document.get_mut(key)?.as_array_mut()
}

/// Whether the outermost group is an `any`, and its conditions as people read them.
fn lines(filter: &str, language: Language) -> (bool, Vec<String>) {
    match Filter::parse(filter) {
        Ok(Filter::Any(parts)) => (true, parts.iter().map(|part| part.say(tongue(language))).collect()),
        Ok(Filter::All(parts)) => (false, parts.iter().map(|part| part.say(tongue(language))).collect()),
        Ok(_) | Err(_) => (false, Vec::new()),
    }
}

/// Adds the condition of the form to the outermost group, which is made if there is none.
fn add(document: &mut Value, form: &Editor) -> Result<(), AppError> {
    let condition = made(form)?;
    let group = if form.group == "any" { "any" } else { "all" };
    let mut parts = match listed(document) {
        Some(list) => std::mem::take(list),
        None => vec![document.take()],
    };
    parts.push(condition);
    *document = json!({ group: parts });
    Ok(())
}
