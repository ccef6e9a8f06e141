//! Whom a person knows: the strongest relations, how far they reach, the way to somebody else, and what channels tell.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{Acquaintance, AppError, PathView, ReachView, Related, SignalView};
use guanxi_domain::ids::PersonId;
use guanxi_domain::relations::Who;
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, number, plain, short, whole};
use crate::page::{Page, Room, html};
use crate::rooms::people::name_of;
use crate::rooms::person::portrait::among_others;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

/// Neighbours that are shown.
const ROWS: u32 = 25;
/// Steps within which people are counted.
const STEPS: u32 = 3;
/// The most bytes of what somebody types to find a person.
const WISH_MAX: usize = 512;

/// To whom a way is wanted: an identity or an id.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    to: String,
}

struct Someone {
    href: String,
    name: String,
}

struct Row {
    who: Someone,
    strength: String,
    relations: Vec<RelationRow>,
}

struct RelationRow {
    kind: String,
    outgoing: bool,
    since: Time,
    source: String,
}

struct SignalRow {
    kind: String,
    value: String,
    source: String,
    observed_at: Time,
    fresh: bool,
}

/// What became of the wish for a way.
enum Way {
    NotAsked,
    Nobody,
    None { complete: bool },
    Found(Vec<Someone>),
}

#[derive(Template)]
#[template(path = "relations.html")]
struct RelationsPage {
    page: Page,
    w: &'static Words,
    place: String,
    id: String,
    name: String,
    standing: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    total: String,
    reach: Vec<(usize, String)>,
    reach_complete: bool,
    wish: String,
    way: Way,
    signals: Vec<SignalRow>,
}

/// `GET /console/t/{slug}/people/{id}/relations`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id: PersonId = id.parse().map_err(|_| AppError::NotFound("person"))?;
    let (app, caller) = (&console.app, &visitor.caller);
    let view = app.person(caller, &slug, id).await?;
    let related = app.related(caller, &slug, id, None, Some(ROWS)).await?;
    let ReachView { steps, complete } = app.reach(caller, &slug, id, Some(STEPS)).await?;
    let place = format!("/console/t/{}", tenant.slug);
    let someone = |who: Acquaintance| Someone {
        href: format!("{place}/people/{}/relations", who.person.id),
        name: short(&name_of(&who.person, &who.identities, visitor.language), 60),
    };
    let way = match find(&console, &visitor, &slug, &wish.to).await? {
        Wanted::NotAsked => Way::NotAsked,
        Wanted::Nobody => Way::Nobody,
        Wanted::Person(to) => match app.path(caller, &slug, id, Some(to)).await? {
            PathView { people: Some(people), .. } => Way::Found(people.into_iter().map(someone).collect()),
            PathView { people: None, complete } => Way::None { complete },
        },
    };
    let w = visitor.language.words();
    let identities: Vec<_> = view.links.into_iter().map(|link| link.identity).collect();
    let name = name_of(&view.person, &identities, visitor.language);
    html(&RelationsPage {
        page: visitor.page(short(&name, 60), &tenant, Room::People),
        w,
        id: view.person.id.to_string(),
        name,
        standing: view.standing.map(|standing| among_others(&standing, w)).unwrap_or_default(),
        rows: related.people.into_iter().map(|one| row(one, someone)).collect(),
        total: whole(related.total),
        reach: steps.into_iter().enumerate().map(|(index, (people, _))| (index + 1, whole(people))).collect(),
        reach_complete: complete,
        wish: short(&wish.to, WISH_MAX),
        way,
        signals: view.signals.into_iter().map(signal).collect(),
        place,
    })
}

enum Wanted {
    NotAsked,
    Nobody,
    Person(PersonId),
}

/// Whom somebody means by what they typed.
async fn find(console: &Console, visitor: &Visitor, slug: &str, wish: &str) -> Result<Wanted, Trouble> {
    let wish = wish.trim();
    if wish.is_empty() {
        return Ok(Wanted::NotAsked);
    }
    if wish.len() > WISH_MAX {
        return Ok(Wanted::Nobody);
    }
    let found = match wish.parse() {
        Ok(Who::Identity(identity)) => console.app.person_by_identity(&visitor.caller, slug, &identity).await?,
        Ok(Who::Person(id)) => match console.app.person(&visitor.caller, slug, id).await {
            Ok(view) => Some(view),
            Err(AppError::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        },
        Err(_) => None,
    };
    Ok(found.map_or(Wanted::Nobody, |view| Wanted::Person(view.person.id)))
}

fn row(one: Related, someone: impl Fn(Acquaintance) -> Someone) -> Row {
    let relations = one.relations.into_iter().map(|relation| RelationRow {
        kind: relation.kind,
        outgoing: relation.outgoing,
        since: Time(relation.at),
        source: relation.source,
    });
    Row { strength: number(one.strength), relations: relations.collect(), who: someone(one.who) }
}

fn signal(view: SignalView) -> SignalRow {
    SignalRow {
        kind: view.signal.kind,
        value: short(&plain(&view.signal.value), 120),
        source: view.signal.source,
        observed_at: Time(view.signal.observed_at),
        fresh: view.counts,
    }
}
