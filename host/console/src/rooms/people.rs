//! The list of people: searched as one types, newest first or by a score, page by page.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{AppError, PeopleCursor, PersonSummary};
use guanxi_domain::identity::Identity;
use guanxi_domain::person::Person;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, count, money, number, short, time};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::session::Visitor;
use crate::trouble::Trouble;

const ROWS: u32 = 50;
const IDENTITIES_SHOWN: usize = 2;
const SCORES_SHOWN: usize = 3;
const TAGS_SHOWN: usize = 3;

/// Who is wanted, in which order, from where on.
#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
    #[serde(default)]
    order: String,
    after: Option<String>,
}

struct Row {
    href: String,
    name: String,
    stage: Badge<'static>,
    identities: Vec<String>,
    more_identities: usize,
    orders: String,
    revenue: String,
    scores: Vec<(String, String)>,
    tags: Vec<String>,
    last_seen: Option<Time>,
}

struct Order {
    name: String,
    title: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    page: Page,
    place: String,
    reviews: String,
    search: String,
    orders: Vec<Order>,
    rows: Vec<Row>,
    total: String,
    first: Option<String>,
    next: Option<String>,
}

/// `GET /console/t/{slug}/people`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let by_score = catalogue.scores().map(|(name, _)| name).find(|name| *name == wish.order).map(str::to_owned);
    let after = wish.after.as_deref().map(|text| read_cursor(text, by_score.is_some())).transpose()?;
    let search = Some(wish.q.clone());
    let people = console.app.people(&visitor.caller, &slug, search, by_score.clone(), after, Some(ROWS)).await?;
    let (total, is_exact) = console.app.count_people(&visitor.caller, &slug).await?;

    let place = format!("/console/t/{}/people", tenant.slug);
    let order = by_score.as_deref().unwrap_or_default();
    let here = format!("{place}?q={}&order={order}", utf8_percent_encode(&wish.q, NON_ALPHANUMERIC));
    let full = people.len() == ROWS as usize;
    let next = people.last().filter(|_| full).map(|last| format!("{here}&after={}", cursor(last, by_score.as_deref())));
    let orders = catalogue.scores().map(|(name, title)| Order {
        name: name.to_owned(),
        title: title.to_owned(),
        chosen: name == order,
    });
    let w = visitor.language.words();
    html(&People {
        page: visitor.page(w.people, &tenant, Room::People),
        orders: orders.collect(),
        rows: people.into_iter().map(|person| row(&place, person, &catalogue, order, visitor.language)).collect(),
        total: if is_exact { count(total) } else { format!("≈ {}", count(total)) },
        first: after.map(|_| here),
        next,
        reviews: format!("/console/t/{}/reviews", tenant.slug),
        place,
        search: wish.q,
    })
}

/// What people call a person: the name, else the strongest identity, else nothing but a word.
pub fn name_of(person: &Person, identities: &[Identity], language: Language) -> String {
    let named = person.display_name().or_else(|| identities.first().map(|identity| identity.value().to_owned()));
    named.unwrap_or_else(|| language.words().nameless.to_owned())
}

fn row(place: &str, found: PersonSummary, catalogue: &Catalogue, order: &str, language: Language) -> Row {
    let PersonSummary { person, identities, mut scores, mut tags } = found;
    // The score that orders the list stands first.
    scores.sort_by_key(|score| score.name != order);
    tags.sort_by(|a, b| b.tag.weight.total_cmp(&a.tag.weight));
    Row {
        href: format!("{place}/{}", person.id),
        name: short(&name_of(&person, &identities, language), 60),
        stage: Badge { code: person.stage.as_str(), title: language.words().stage(person.stage) },
        identities: identities.iter().take(IDENTITIES_SHOWN).map(|one| short(&one.to_string(), 48)).collect(),
        more_identities: identities.len().saturating_sub(IDENTITIES_SHOWN),
        orders: count(person.facts.order_count),
        revenue: money(person.facts.revenue, None),
        scores: scores
            .iter()
            .take(SCORES_SHOWN)
            .map(|score| (catalogue.score(&score.name).to_owned(), number(score.value)))
            .collect(),
        tags: tags.into_iter().take(TAGS_SHOWN).map(|held| short(&held.tag.name, 24)).collect(),
        last_seen: time(person.facts.last_seen),
    }
}

fn cursor(last: &PersonSummary, by_score: Option<&str>) -> String {
    let id = last.person.id;
    match by_score.and_then(|name| last.scores.iter().find(|score| score.name == name)) {
        Some(score) => format!("{}~{id}", score.value),
        None => id.to_string(),
    }
}

fn read_cursor(text: &str, by_score: bool) -> Result<PeopleCursor, AppError> {
    let cursor = match (text.split_once('~'), by_score) {
        (Some((value, id)), true) => {
            let value = value.parse::<f64>().ok().filter(|value| value.is_finite());
            value.zip(id.parse().ok()).map(|(value, id)| PeopleCursor::Score(value, id))
        }
        (None, false) => text.parse().ok().map(PeopleCursor::Newest),
        _ => None,
    };
    cursor.ok_or(AppError::NotFound("page"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_from_outside_are_checked() {
        let id = "per_01h2xcejqtf2nbrexx3vqjhp41";
        assert!(matches!(read_cursor(id, false), Ok(PeopleCursor::Newest(_))));
        assert!(matches!(read_cursor(&format!("-1.5~{id}"), true), Ok(PeopleCursor::Score(value, _)) if value == -1.5));
        for (bad, by_score) in [("", false), ("x", false), (id, true), ("NaN~x", true), ("1~x", true)] {
            assert!(read_cursor(bad, by_score).is_err(), "{bad}");
        }
        assert!(read_cursor(&format!("NaN~{id}"), true).is_err());
    }
}
