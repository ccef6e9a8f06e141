//! The receipt of one decision: what went in, what came out, and what it takes to execute it again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_app::AppError;
use guanxi_domain::ids::DecisionId;
use serde::Deserialize;

use super::operation::{OperationView, operations};
use crate::Console;
use crate::format::{Time, count, pretty};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::catalogue::Catalogue;
use crate::session::Visitor;
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
    at: Time,
    reasons: Vec<String>,
    operations: Vec<OperationView>,
    log: Vec<LogLine>,
    input: String,
    marks: Vec<(&'static str, String)>,
}

/// `GET /console/t/{slug}/decisions/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id: DecisionId = id.parse().map_err(|_| AppError::NotFound("decision"))?;
    let view = console.app.decision(&visitor.caller, &slug, id).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let (w, row) = (visitor.language.words(), view.row);
    html(&Receipt {
        page: visitor.page(w.receipt, &tenant, Room::People),
        w,
        id: row.id.to_string(),
        plugin: catalogue.installation(&view.installation).to_owned(),
        version: format!("{} {}", view.plugin.0, view.plugin.1),
        person: (format!("/console/t/{}/people/{}", tenant.slug, row.person), row.person.to_string()),
        outcome: w.outcome(&row.outcome),
        at: Time(row.at),
        reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
        operations: operations(&row.operations, w),
        log: serde_json::from_str(&row.log).unwrap_or_default(),
        input: pretty(&row.input),
        marks: vec![
            (w.fuel, count(i64::try_from(row.fuel).unwrap_or(i64::MAX))),
            (w.seed, row.seed.to_string()),
            (w.position, row.position.to_string()),
            (w.digest, row.digest),
            (w.config_hash, row.config_hash),
        ],
    })
}
