//! One person: who it is, what is known, what the scores are made of, and everything that happened.

pub mod campaigns;
pub mod decision;
pub mod message;
pub mod operation;
pub mod portrait;
pub mod scores;
pub mod timeline;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{AppError, IdentityConflict, OrderRow, PersonView};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, HeldTag, Score};

use crate::Console;
use crate::format::{Time, count, money, number, plain, short, time};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::rooms::people::name_of;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;
use timeline::Timeline;

struct Conflict {
    identity: String,
    /// The identity belongs to this person and was named for the other one.
    owned: bool,
    other: String,
    at: Time,
}

struct Bar {
    title: String,
    value: String,
    /// Per cent of the width: where the bar begins and how long it is.
    start: String,
    length: String,
    negative: bool,
}

struct ScoreView {
    title: String,
    value: String,
    formula: Option<String>,
    bars: Vec<Bar>,
    at: Time,
}

struct TagView {
    dimension: String,
    name: String,
    weight: String,
    source: String,
}

struct OrderView {
    id: String,
    at: Option<Time>,
    amount: String,
    refunded: Option<String>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    place: String,
    name: String,
    id: String,
    stage: Badge<'static>,
    facts: Vec<(&'static str, String)>,
    seen: Vec<(&'static str, Option<Time>)>,
    identities: Vec<(String, String)>,
    conflicts: Vec<Conflict>,
    attributes: Vec<(String, String)>,
    scores: Vec<ScoreView>,
    tags: Vec<TagView>,
    orders: Vec<OrderView>,
    portrait: portrait::Card,
    timeline: Timeline,
    w: &'static Words,
}

/// `GET /console/t/{slug}/people/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id: PersonId = id.parse().map_err(|_| AppError::NotFound("person"))?;
    let view = console.app.person(&visitor.caller, &slug, id).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let timeline = Timeline::of(&console.app, &visitor, &slug, id, None, &catalogue).await?;
    let own = console.app.portrait_of(&visitor.caller, &slug, id).await?;
    let PersonView { person, links, conflicts, scores, mut tags, orders, standing, signals, .. } = view;
    let identities: Vec<Identity> = links.into_iter().map(|link| link.identity).collect();
    let w = visitor.language.words();
    let name = name_of(&person, &identities, visitor.language);
    tags.sort_by(|a, b| a.tag.dimension.cmp(&b.tag.dimension).then(b.tag.weight.total_cmp(&a.tag.weight)));
    html(&PersonPage {
        page: visitor.page(short(&name, 60), &tenant, Room::People),
        place: format!("/console/t/{}", tenant.slug),
        name,
        id: person.id.to_string(),
        stage: Badge { code: person.stage.as_str(), title: w.stage(person.stage) },
        facts: facts(&person.facts, w),
        seen: seen(&person.facts, w),
        identities: identities.iter().map(|one| (w.identity(one.kind()).to_owned(), one.value().to_owned())).collect(),
        conflicts: conflicts.into_iter().map(|row| conflict(row, id)).collect(),
        attributes: person.attributes.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        scores: scores.into_iter().map(|score| explained(score, &catalogue)).collect(),
        tags: tags.into_iter().map(|row| tag(row, &catalogue)).collect(),
        orders: orders.into_iter().map(order).collect(),
        portrait: portrait::Card::of(own, &person, standing.as_ref(), &signals, visitor.language),
        timeline,
        w,
    })
}

fn facts(facts: &Facts, w: &'static Words) -> Vec<(&'static str, String)> {
    vec![
        (w.orders, count(facts.order_count)),
        (w.revenue, money(facts.revenue, None)),
        (w.events, count(facts.event_count)),
    ]
}

fn seen(facts: &Facts, w: &'static Words) -> Vec<(&'static str, Option<Time>)> {
    vec![
        (w.first_seen, time(facts.first_seen)),
        (w.last_seen, time(facts.last_seen)),
        (w.last_order, time(facts.last_order_at)),
    ]
}

fn conflict(row: IdentityConflict, person: PersonId) -> Conflict {
    let owned = row.person == person;
    let other = if owned { row.claimed_by } else { row.person };
    Conflict { identity: row.identity.to_string(), owned, other: other.to_string(), at: Time(row.at) }
}

fn explained(score: Score, catalogue: &Catalogue) -> ScoreView {
    let values = || score.terms.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let bars = score.terms.iter().map(|(name, value)| Bar {
        title: catalogue.term(&score.name, name).to_owned(),
        value: number(*value),
        start: format!("{:.2}", share(value.min(0.0) - low, high - low)),
        length: format!("{:.2}", share(value.abs(), high - low)),
        negative: *value < 0.0,
    });
    ScoreView {
        title: catalogue.score(&score.name).to_owned(),
        value: number(score.value),
        formula: catalogue.formula(&score.name).map(str::to_owned),
        bars: bars.collect(),
        at: Time(score.at),
    }
}

fn share(part: f64, whole: f64) -> f64 {
    let share = part / whole * 100.0;
    if share.is_finite() { share.clamp(0.0, 100.0) } else { 0.0 }
}

fn tag(row: HeldTag, catalogue: &Catalogue) -> TagView {
    TagView {
        dimension: row.tag.dimension,
        name: row.tag.name,
        weight: number(row.tag.weight),
        source: catalogue.installation(&row.source).to_owned(),
    }
}

fn order(row: OrderRow) -> OrderView {
    let currency = row.currency.as_deref();
    OrderView {
        amount: money(row.amount, currency),
        refunded: (row.refunded != 0).then(|| money(row.refunded, currency)),
        at: time(row.ordered_at),
        id: row.order_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_one_zero() {
        let places = |value: f64| (share(value.min(0.0) + 1.0, 4.0), share(value.abs(), 4.0));
        assert_eq!(places(-1.0), (0.0, 25.0));
        assert_eq!(places(3.0), (25.0, 75.0));
        assert_eq!((share(0.0, 0.0), share(f64::NAN, 1.0)), (0.0, 0.0));
    }
}
