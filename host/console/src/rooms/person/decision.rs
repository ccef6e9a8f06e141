//! The receipt of one decision: what went in, what came out, and what it takes to execute it again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::{AppError, Replay};
use guanxi_domain::ids::DecisionId;
use serde::Deserialize;

use super::operation::{OperationView, operations};
use crate::Console;
use crate::format::{Time, pretty, whole};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::rooms::sign_in::Nothing;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use crate::words::Words;

/// A line that the plugin logged.
#[derive(Deserialize)]
struct LogLine {
    level: String,
    line: String,
}

#[derive(Template)]
#[template(path = "decision.html")]
struct Receipt {
    page: Page,
    w: &'static Words,
    id: String,
    plugin: String,
    version: String,
    person: (String, String),
    outcome: Badge<'static>,
    /// That nothing was done, if it was made beside the one that took effect.
    shadow: Option<Badge<'static>>,
    at: Time,
    reasons: Vec<String>,
    operations: Vec<OperationView>,
    log: Vec<LogLine>,
    input: String,
    marks: Vec<(&'static str, String)>,
    csrf: String,
    again: Option<Again>,
}

/// What came of executing it again.
struct Again {
    same: bool,
    marks: Vec<(&'static str, String)>,
    answer: String,
}

/// `GET /console/t/{slug}/decisions/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    receipt(&console, &visitor, &slug, read_id(&id)?, None).await
}

/// `POST /console/t/{slug}/decisions/{id}`: executes the decision again and shows it beside the receipt.
pub async fn replay(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, Nothing {}): Signed<Nothing>,
) -> Result<Response, Trouble> {
    let id = read_id(&id)?;
    let replay = console.app.replay_decision(&visitor.caller, &slug, id).await?;
    let again = Again::of(&replay, visitor.language.words());
    receipt(&console, &visitor, &slug, id, Some(again)).await
}

fn read_id(id: &str) -> Result<DecisionId, AppError> {
    id.parse().map_err(|_| AppError::NotFound("decision"))
}

async fn receipt(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    id: DecisionId,
    again: Option<Again>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let view = console.app.decision(&visitor.caller, slug, id).await?;
    let catalogue = Catalogue::of(&console.app, visitor, slug).await?;
    let (w, row) = (visitor.language.words(), view.row);
    html(&Receipt {
        page: visitor.page(w.receipt, &tenant, Room::People),
        w,
        id: row.id.to_string(),
        plugin: catalogue.installation(&view.installation).to_owned(),
        version: format!("{} {}", view.plugin.0, view.plugin.1),
        person: (format!("/console/t/{}/people/{}", tenant.slug, row.person), row.person.to_string()),
        outcome: w.outcome(&row.outcome),
        shadow: w.shadow_of(row.shadow),
        at: Time(row.at),
        reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
        operations: operations(&row.operations, w),
        log: serde_json::from_str(&row.log).unwrap_or_default(),
        input: pretty(&row.input),
        marks: vec![
            (w.fuel, whole(row.fuel)),
            (w.seed, row.seed.to_string()),
            (w.position, row.position.to_string()),
            (w.digest, row.digest),
            (w.config_hash, row.config_hash),
        ],
        csrf: visitor.proof(),
        again,
    })
}

impl Again {
    fn of(replay: &Replay, w: &'static Words) -> Self {
        let (then, now) = (whole(replay.call.fuel), whole(replay.fuel));
        Self {
            same: replay.is_same(),
            marks: vec![(w.replay_fuel, format!("{then} → {now}")), (w.replay_moments, whole(replay.moments))],
            answer: match &replay.answer {
                Ok(decision) => serde_json::to_string_pretty(decision).unwrap_or_default(),
                Err(failure) => failure.clone(),
            },
        }
    }
}
