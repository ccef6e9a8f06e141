//! Why somebody has these scores: as they are kept, as their scorers give them now, and what these see for that.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{InputSeen, ScoreAgain, ScoresAgain, Unseen};
use guanxi_domain::campaign::Value;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;

use crate::Console;
use crate::format::{Time, count, number, whole};
use crate::page::{Page, Room, html};
use crate::rooms::catalogue::Catalogue;
use crate::rooms::people::name_of;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

#[derive(Template)]
#[template(path = "person_scores.html")]
struct PersonScores {
    page: Page,
    w: &'static Words,
    person: String,
    name: String,
    scorers: Vec<Scorer>,
}

/// One scorer.
struct Scorer {
    title: String,
    version: String,
    fuel: String,
    failure: Option<String>,
    scores: Vec<Line>,
    inputs: Vec<Input>,
}

/// One score or one of its terms, then and now.
struct Line {
    title: String,
    kept: String,
    at: Option<Time>,
    now: String,
    is_term: bool,
}

/// What the scorer sees.
struct Input {
    name: String,
    purpose: String,
    value: String,
    at: Option<Time>,
    unseen: Option<&'static str>,
}

/// `GET /console/t/{slug}/people/{id}/scores`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, PersonId)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.person(&visitor.caller, &slug, id).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let again = console.app.score_again(&visitor.caller, &slug, id).await?;
    let w = visitor.language.words();
    let identities: Vec<Identity> = view.links.iter().map(|link| link.identity.clone()).collect();
    html(&PersonScores {
        page: visitor.page(w.scores, &tenant, Room::People),
        w,
        person: format!("/console/t/{}/people/{id}", tenant.slug),
        name: name_of(&view.person, &identities, visitor.language),
        scorers: again.into_iter().map(|again| scorer(again, &catalogue, w)).collect(),
    })
}

fn scorer(again: ScoresAgain, catalogue: &Catalogue, w: &'static Words) -> Scorer {
    let ScoresAgain { installation, inputs, scores, fuel, failure } = again;
    Scorer {
        title: catalogue.installation(&installation.name).to_owned(),
        version: format!("{} {}", installation.plugin, installation.version),
        fuel: whole(fuel),
        failure,
        scores: scores.iter().flat_map(|score| lines(score, catalogue)).collect(),
        inputs: inputs.into_iter().map(|seen| input(seen, w)).collect(),
    }
}

/// A score, then its terms on either side.
fn lines(score: &ScoreAgain, catalogue: &Catalogue) -> Vec<Line> {
    let ScoreAgain { name, kept, now } = score;
    let of = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
    let before = kept.as_ref().map(|kept| kept.terms.as_slice()).unwrap_or_default();
    let after = now.as_ref().map(|(_, terms)| terms.as_slice()).unwrap_or_default();
    let find =
        |terms: &[(String, f64)], name: &str| of(terms.iter().find(|(term, _)| term == name).map(|(_, value)| *value));
    let mut names: Vec<&str> = Vec::new();
    for (term, _) in before.iter().chain(after) {
        if !names.contains(&term.as_str()) {
            names.push(term);
        }
    }
    let head = Line {
        title: catalogue.score(name).to_owned(),
        kept: of(kept.as_ref().map(|kept| kept.value)),
        at: kept.as_ref().map(|kept| Time(kept.at)),
        now: of(now.as_ref().map(|(value, _)| *value)),
        is_term: false,
    };
    let term = |term: &str| Line {
        title: catalogue.term(name, term).to_owned(),
        kept: find(before, term),
        at: None,
        now: find(after, term),
        is_term: true,
    };
    std::iter::once(head).chain(names.into_iter().map(term)).collect()
}

fn input(seen: InputSeen, w: &'static Words) -> Input {
    let (value, at, unseen) = match seen.value {
        Ok(Value::Time(at)) => (String::new(), Some(Time(at)), None),
        Ok(value) => (shown(value), None, None),
        Err(Unseen::NotGranted) => (String::new(), None, Some(w.input_not_granted)),
        Err(Unseen::NotAllowed) => (String::new(), None, Some(w.input_not_allowed)),
        Err(Unseen::Unknown) => (String::new(), None, Some(w.unknown)),
    };
    Input { name: seen.name, purpose: seen.purpose, value, at, unseen }
}

fn shown(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Number(value) => number(value),
        Value::Integer(value) | Value::Time(value) => count(value),
        Value::Flag(flag) => flag.to_string(),
        Value::Texts(texts) => texts.join(", "),
    }
}
