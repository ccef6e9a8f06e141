//! For each campaign how far it came with a person, and what stopped it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{CampaignAnswer, Step};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;

use crate::Console;
use crate::format::{Time, short};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::people::name_of;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

#[derive(Template)]
#[template(path = "person_campaigns.html")]
struct PersonCampaigns {
    page: Page,
    w: &'static Words,
    place: String,
    person: String,
    name: String,
    answers: Vec<Answer>,
}

struct Answer {
    title: String,
    installation: String,
    reached: bool,
    steps: Vec<StepLine>,
    receipt: Option<String>,
}

struct StepLine {
    holds: bool,
    /// The first that does not hold: what stopped it.
    stopped: bool,
    said: String,
    at: Option<Time>,
}

/// `GET /console/t/{slug}/people/{id}/campaigns`: for each campaign how far it came with the person.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, PersonId)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.person(&visitor.caller, &slug, id).await?;
    let answers = console.app.campaigns_of(&visitor.caller, &slug, id).await?;
    let (w, place) = (visitor.language.words(), format!("/console/t/{}", tenant.slug));
    let identities: Vec<Identity> = view.links.iter().map(|link| link.identity.clone()).collect();
    html(&PersonCampaigns {
        page: visitor.page(w.campaigns, &tenant, Room::People),
        w,
        person: format!("{place}/people/{id}"),
        name: name_of(&view.person, &identities, visitor.language),
        answers: answers.into_iter().map(|answer| told(answer, &place, visitor.language)).collect(),
        place,
    })
}

fn told(answer: CampaignAnswer, place: &str, language: Language) -> Answer {
    let stopped = answer.steps.iter().position(|step| !step.holds);
    let lines = answer.steps.iter().enumerate().map(|(index, step)| line(step, stopped == Some(index), language));
    Answer {
        title: language.pick(&answer.title).to_owned(),
        reached: answer.reached,
        steps: lines.collect(),
        receipt: answer.decision.map(|id| format!("{place}/decisions/{id}")),
        installation: answer.installation,
    }
}

fn line(step: &Step, stopped: bool, language: Language) -> StepLine {
    let [english, chinese] = &step.said;
    let said = short(if language.is_zh() { chinese } else { english }, 300);
    StepLine { holds: step.holds, stopped, said, at: step.at.map(Time) }
}
