//! For each segment why a person is in it or not.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::Reason;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;

use super::place;
use crate::Console;
use crate::format::short;
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::people::name_of;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

#[derive(Template)]
#[template(path = "person_segments.html")]
struct PersonSegments {
    page: Page,
    w: &'static Words,
    person: String,
    name: String,
    answers: Vec<Answer>,
}

struct Answer {
    href: String,
    title: String,
    member: bool,
    reasons: Vec<ReasonLine>,
}

struct ReasonLine {
    depth: usize,
    holds: bool,
    said: String,
    found: Option<String>,
}

/// `GET /console/t/{slug}/people/{id}/segments`: for each segment why the person is in it or not.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, PersonId)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.person(&visitor.caller, &slug, id).await?;
    let answers = console.app.segments_of(&visitor.caller, &slug, id).await?;
    let (w, place) = (visitor.language.words(), place(&tenant));
    let answers = answers.into_iter().map(|answer| {
        let mut reasons = Vec::new();
        tell(&answer.reason, 0, visitor.language, &mut reasons);
        let href = format!("{place}/{}", answer.segment.name);
        Answer { href, title: answer.segment.title, member: answer.member, reasons }
    });
    let identities: Vec<Identity> = view.links.iter().map(|link| link.identity.clone()).collect();
    html(&PersonSegments {
        page: visitor.page(w.segments, &tenant, Room::People),
        w,
        person: format!("/console/t/{}/people/{id}", tenant.slug),
        name: name_of(&view.person, &identities, visitor.language),
        answers: answers.collect(),
    })
}

fn tell(reason: &Reason, depth: usize, language: Language, lines: &mut Vec<ReasonLine>) {
    let [english, chinese] = &reason.said;
    let said = short(if language.is_zh() { chinese } else { english }, 300);
    lines.push(ReasonLine { depth: depth.min(6), holds: reason.holds, said, found: reason.found.clone() });
    reason.parts.iter().for_each(|part| tell(part, depth + 1, language, lines));
}
