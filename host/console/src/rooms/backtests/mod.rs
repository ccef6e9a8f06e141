//! Backtests of one plugin of a tenant: what was compared, and the form for the next.

mod one;
mod scores;
mod words;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{AppError, BacktestInput};
use guanxi_domain::DAY;
use guanxi_domain::backtest::shift::PEOPLE_MAX;
use guanxi_domain::backtest::{Backtest, BacktestKind};
use guanxi_domain::manifest::Manifest;
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, pretty_value, whole};
use crate::page::{Page, Room, html};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

pub use one::{show, stop};

/// Those in the list.
const ROWS: u32 = 50;

/// A backtest in the list.
struct Row {
    link: String,
    version: String,
    status: &'static str,
    code: &'static str,
    differ: String,
    at: Time,
}

#[derive(Template)]
#[template(path = "backtests.html")]
struct BacktestsPage {
    page: Page,
    w: &'static Words,
    name: String,
    csrf: String,
    manages: bool,
    versions: Vec<(String, bool)>,
    config: String,
    kinds: [(&'static str, &'static str); 2],
    /// What alone can be compared.
    only: Option<&'static str>,
    decides: bool,
    scores: bool,
    people_max: u32,
    rows: Vec<Row>,
}

/// What is to be compared; fields of the other kind are empty.
#[derive(Deserialize)]
pub struct Wish {
    version: String,
    config: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    people: String,
}

/// `GET /console/t/{slug}/plugins/{name}/backtests`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    let (installation, manifest) = (view.installation, view.plugin.manifest);
    let versions = console.app.plugin_versions(&visitor.caller, &installation.plugin).await?;
    let mut backtests = console.app.backtests(&visitor.caller, &slug, None, Some(ROWS)).await?;
    backtests.retain(|backtest| backtest.installation == installation.id);
    let w = words::of(visitor.language);
    html(&BacktestsPage {
        page: visitor.page(w.backtests, &tenant, Room::Plugins),
        w,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        versions: versions
            .into_iter()
            .map(|plugin| (plugin.manifest.version.clone(), plugin.manifest.version == installation.version))
            .collect(),
        config: pretty_value(&installation.config),
        kinds: [(BacktestKind::Campaign.as_str(), w.kind_decisions), (BacktestKind::Scorer.as_str(), w.kind_scores)],
        only: only(&manifest),
        decides: manifest.campaign.is_some(),
        scores: manifest.scorer.is_some(),
        people_max: PEOPLE_MAX,
        rows: backtests.into_iter().map(|backtest| row(backtest, &slug, w)).collect(),
        name: installation.name,
    })
}

/// `POST /console/t/{slug}/plugins/{name}/backtests`.
pub async fn start(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, wish): Signed<Wish>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let config = serde_json::from_str(&wish.config)
        .map_err(|error| AppError::invalid("config", format!("is no JSON: {error}")))?;
    let kind = BacktestKind::parse(&wish.kind).unwrap_or(BacktestKind::Campaign);
    let now = console.app.ambient().now();
    let days = match kind {
        BacktestKind::Campaign => Some(read_days(&wish.days)?),
        BacktestKind::Scorer => None,
    };
    let input = BacktestInput {
        installation: name,
        version: Some(wish.version),
        config: Some(config),
        from: days.map(|days| now - days * DAY),
        to: days.map(|_| now),
        kind: Some(kind),
        people: (kind == BacktestKind::Scorer).then(|| read_people(&wish.people)).transpose()?,
    };
    let backtest = console.app.start_backtest(&visitor.caller, &slug, input).await?;
    Ok(Redirect::to(&format!("/console/t/{}/backtests/{}", tenant.slug, backtest.id)))
}

fn read_days(text: &str) -> Result<i64, AppError> {
    let days: i64 = text.trim().parse().map_err(|_| AppError::invalid("days", "give a whole number of days"))?;
    if (1..=3_650).contains(&days) { Ok(days) } else { Err(AppError::invalid("days", "is from 1 to 3650")) }
}

fn read_people(text: &str) -> Result<u32, AppError> {
    text.trim().parse().map_err(|_| AppError::invalid("people", "give a whole number of people"))
}

/// What of a plugin can be compared, if it does not do both.
fn only(manifest: &Manifest) -> Option<&'static str> {
    match (manifest.campaign.is_some(), manifest.scorer.is_some()) {
        (true, true) => None,
        (false, true) => Some(BacktestKind::Scorer.as_str()),
        (_, false) => Some(BacktestKind::Campaign.as_str()),
    }
}

fn row(backtest: Backtest, slug: &str, w: &'static Words) -> Row {
    let [differ, compared] = backtest.difference.differ_of();
    Row {
        link: format!("/console/t/{slug}/backtests/{}", backtest.id),
        status: w.status(backtest.status),
        code: backtest.status.as_str(),
        differ: format!("{} / {}", whole(differ), whole(compared)),
        at: Time(backtest.requested_at),
        version: backtest.spec.version,
    }
}
