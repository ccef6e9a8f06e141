//! Backtests of one plugin of a tenant: what was compared, and the form for the next.

mod one;
mod words;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{AppError, BacktestInput};
use guanxi_domain::DAY;
use guanxi_domain::backtest::Backtest;
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
    rows: Vec<Row>,
}

/// What is to be compared.
#[derive(Deserialize)]
pub struct Wish {
    version: String,
    config: String,
    days: String,
}

/// `GET /console/t/{slug}/plugins/{name}/backtests`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let installation = console.app.installation(&visitor.caller, &slug, &name).await?.installation;
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
    let days: i64 = wish.days.trim().parse().map_err(|_| AppError::invalid("days", "give a whole number of days"))?;
    if !(1..=3_650).contains(&days) {
        return Err(AppError::invalid("days", "is from 1 to 3650").into());
    }
    let to = console.app.ambient().now();
    let input = BacktestInput {
        installation: name,
        version: Some(wish.version),
        config: Some(config),
        from: Some(to - days * DAY),
        to: Some(to),
    };
    let backtest = console.app.start_backtest(&visitor.caller, &slug, input).await?;
    Ok(Redirect::to(&format!("/console/t/{}/backtests/{}", tenant.slug, backtest.id)))
}

fn row(backtest: Backtest, slug: &str, w: &'static Words) -> Row {
    let difference = &backtest.difference;
    Row {
        link: format!("/console/t/{slug}/backtests/{}", backtest.id),
        status: w.status(backtest.status),
        code: backtest.status.as_str(),
        differ: format!("{} / {}", whole(difference.differ), whole(difference.decisions)),
        at: Time(backtest.requested_at),
        version: backtest.spec.version,
    }
}
