//! What an installation logged, as a part of its page that follows by itself, and alone.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{App, AppError, LogPlace, LogRow};
use guanxi_domain::caller::Caller;
use guanxi_domain::ids::{DecisionId, MessageId};
use guanxi_domain::plugin_log::{Asked, Level};
use serde::Deserialize;

use super::words::{self, Words};
use crate::Console;
use crate::format::Time;
use crate::page::html;
use crate::rooms::Badge;
use crate::session::Visitor;
use crate::trouble::Trouble;

/// Lines of one look.
const ROWS: u32 = 50;

/// Which lines.
#[derive(Default, Deserialize)]
pub struct Wish {
    /// Those that matter at least so much; all if nothing is said.
    #[serde(default)]
    level: String,
    /// Those before this one, as [`Logs::older`] says it.
    #[serde(default)]
    before: String,
}

/// Lines of an installation.
pub struct Logs {
    /// The plugin's page.
    pub place: String,
    /// What is chosen.
    pub level: &'static str,
    /// A choice: its word, its title and whether it is chosen.
    pub levels: Vec<(&'static str, &'static str, bool)>,
    /// Newest first.
    pub rows: Vec<Row>,
    /// Where the next older ones begin, if there may be any.
    pub older: Option<String>,
    /// Whether these are the newest, which others follow.
    pub follows: bool,
}

/// One line.
pub struct Row {
    /// When.
    pub at: Time,
    /// How much it matters.
    pub level: Badge<'static>,
    /// What it says.
    pub line: String,
    /// What the call was for.
    pub asked: &'static str,
    /// The receipt or the message that it belongs to.
    pub href: Option<String>,
}

/// The lines alone.
#[derive(Template)]
#[template(path = "parts/plugin_logs.html")]
struct Part {
    own: &'static Words,
    logs: Logs,
}

/// `GET /console/t/{slug}/plugins/{name}/logs`: a piece of the plugin's page.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    visitor.tenant(&slug).await?;
    let own = words::of(visitor.language);
    let logs = Logs::read(&console.app, &visitor.caller, (&slug, &name), &wish, own).await?;
    html(&Part { own, logs })
}

impl Logs {
    /// The lines of an installation of a tenant that somebody wants to see.
    pub async fn read(
        app: &App,
        caller: &Caller,
        (slug, name): (&str, &str),
        wish: &Wish,
        own: &'static Words,
    ) -> Result<Self, AppError> {
        // What a link of ours does not say shows everything.
        let level = Level::parse(&wish.level).unwrap_or(Level::Debug);
        let before = place(&wish.before);
        let rows = app.installation_logs(caller, slug, name, level, before, Some(ROWS)).await?;
        let last = rows.last().filter(|_| rows.len() == ROWS as usize).map(|row| row.place);
        Ok(Self {
            place: format!("/console/t/{slug}/plugins/{name}"),
            level: level.as_str(),
            levels: Level::ALL.map(|one| (one.as_str(), own.level_from(one), one == level)).to_vec(),
            older: last.map(|LogPlace { at, call, number }| format!("{at}.{call}.{number}")),
            follows: before.is_none(),
            rows: rows.into_iter().map(|row| Row::of(row, slug, own)).collect(),
        })
    }
}

impl Row {
    fn of(row: LogRow, slug: &str, own: &'static Words) -> Self {
        let call = row.place.call;
        let href = match row.asked {
            Asked::Decide => {
                DecisionId::from_slice(call.as_bytes()).map(|id| format!("/console/t/{slug}/decisions/{id}"))
            }
            Asked::Score => None,
            Asked::Deliver => row.message.map(|id: MessageId| format!("/console/t/{slug}/messages/{id}")),
        };
        Self {
            at: Time(row.place.at),
            level: Badge { code: row.level.as_str(), title: own.level(row.level) },
            line: row.line,
            asked: own.asked(row.asked),
            href,
        }
    }
}

fn place(text: &str) -> Option<LogPlace> {
    let mut parts = text.split('.');
    let (at, call, number) = (parts.next()?, parts.next()?, parts.next()?);
    Some(LogPlace { at: at.parse().ok()?, call: call.parse().ok()?, number: number.parse().ok()? })
}
