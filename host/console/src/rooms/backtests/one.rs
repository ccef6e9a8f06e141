//! One backtest: sums before and after, and some decisions side by side; of a scorer how scores move.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::AppError;
use guanxi_domain::backtest::{Backtest, Difference, Said, Sample};
use guanxi_domain::ids::BacktestId;

use super::scores::Moved;
use super::words::{self, Words};
use crate::Console;
use crate::format::{Time, percent, pretty_value, short, whole};
use crate::page::{Page, Room, html};
use crate::rooms::catalogue::Catalogue;
use crate::rooms::person::operation::detail;
use crate::rooms::sign_in::Nothing;
use crate::rooms::totals::{Sum, sums};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;

/// Characters of an operation's detail.
const DETAIL: usize = 120;

/// A decision side by side.
struct Pair {
    receipt: String,
    at: Time,
    sides: Option<[Side; 2]>,
}

/// What is asked for about a moment.
struct Side {
    lines: Vec<String>,
    reasons: Vec<String>,
    failed: bool,
}

#[derive(Template)]
#[template(path = "backtest.html")]
struct BacktestPage {
    page: Page,
    w: &'static Words,
    place: String,
    list: String,
    csrf: String,
    can_stop: bool,
    moves: bool,
    version: String,
    status: &'static str,
    code: &'static str,
    progress: String,
    error: Option<String>,
    marks: Vec<(&'static str, String)>,
    from: Time,
    to: Time,
    unseen: Vec<String>,
    sums: Vec<Sum>,
    pairs: Vec<Pair>,
    moved: Option<Moved>,
    config: String,
}

/// `GET /console/t/{slug}/backtests/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let backtest = console.app.backtest(&visitor.caller, &slug, read_id(&id)?).await?;
    let w = words::of(visitor.language);
    let here = format!("/console/t/{}", tenant.slug);
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let moved = Moved::of(&backtest, &here, &catalogue, w);
    let Backtest { spec, status, difference, .. } = backtest;
    let people = visitor.language.words();
    html(&BacktestPage {
        page: visitor.page(w.backtest, &tenant, Room::Plugins),
        w,
        place: format!("{here}/backtests/{id}"),
        list: format!("{here}/plugins/{}/backtests", spec.installation),
        csrf: visitor.proof(),
        can_stop: status.is_open() && visitor.manages(&tenant),
        moves: status.is_open(),
        version: format!("{} · {} {}", spec.installation, spec.plugin, spec.version),
        status: w.status(status),
        code: status.as_str(),
        progress: percent(Some(backtest.progress)),
        error: backtest.error,
        marks: if moved.is_some() { Vec::new() } else { marks(&difference, w) },
        from: Time(spec.from),
        to: Time(spec.to),
        sums: sums([&difference.before, &difference.after], true, visitor.language),
        pairs: difference
            .samples
            .into_iter()
            .map(|sample| pair(sample, &here, |name| people.operation(name).to_owned()))
            .collect(),
        moved,
        unseen: difference.unseen,
        config: pretty_value(&spec.config),
    })
}

/// `POST /console/t/{slug}/backtests/{id}`: stops it.
pub async fn stop(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, Nothing {}): Signed<Nothing>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id = read_id(&id)?;
    console.app.stop_backtest(&visitor.caller, &slug, id).await?;
    Ok(Redirect::to(&format!("/console/t/{}/backtests/{id}", tenant.slug)))
}

fn read_id(id: &str) -> Result<BacktestId, AppError> {
    id.parse().map_err(|_| AppError::NotFound("backtest"))
}

fn marks(difference: &Difference, w: &'static Words) -> Vec<(&'static str, String)> {
    let mut marks = vec![
        (w.decisions, whole(difference.decisions)),
        (w.differ, whole(difference.differ)),
        (w.gained, whole(difference.gained)),
        (w.lost, whole(difference.lost)),
    ];
    if difference.missing > 0 {
        marks.push((w.missing, whole(difference.missing)));
    }
    marks
}

fn pair(sample: Sample, here: &str, operation: impl Fn(&str) -> String) -> Pair {
    let side = |said: Said| Side {
        lines: said
            .operations
            .iter()
            .map(|asked| {
                let told = serde_json::to_value(asked).map(|value| detail(&value)).unwrap_or_default();
                format!("{} {}", operation(asked.name()), short(&told, DETAIL))
            })
            .collect(),
        reasons: said.reasons,
        failed: said.failed,
    };
    Pair {
        receipt: format!("{here}/decisions/{}", sample.decision),
        at: Time(sample.at),
        sides: sample.sides.map(|sides| sides.map(side)),
    }
}
