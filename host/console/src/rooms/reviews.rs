//! What could not be linked by itself: people who may be the same wait for somebody to look.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{AppError, ConflictCursor, IdentityConflict};
use guanxi_domain::linking::REASON_MAX;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::Words;

const ROWS: u32 = 20;

struct Row {
    identity: String,
    person: String,
    claimed_by: String,
    cause: &'static str,
    at: Time,
    /// Whether joining the two would settle it.
    joinable: bool,
}

/// From where on.
#[derive(Deserialize)]
pub struct Wish {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "reviews.html")]
struct ReviewsPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    total: String,
    rows: Vec<Row>,
    next: Option<String>,
    reason_max: usize,
}

/// `GET /console/t/{slug}/reviews`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let after = wish.after.as_deref().map(read_cursor).transpose()?;
    let rows = console.app.review_queue(&visitor.caller, &slug, after.as_ref(), Some(ROWS)).await?;
    let total = console.app.count_reviews(&visitor.caller, &slug).await?;
    let w = visitor.language.words();
    let place = format!("/console/t/{}", tenant.slug);
    let last = rows.last().filter(|_| rows.len() == ROWS as usize);
    let next = last.map(|row| format!("{place}/reviews?after={}", cursor(row)));
    html(&ReviewsPage {
        page: visitor.page(w.reviews, &tenant, Room::People),
        w,
        place,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        total: count(total),
        rows: rows.into_iter().map(|row| self::row(row, w)).collect(),
        next,
        reason_max: REASON_MAX,
    })
}

fn row(row: IdentityConflict, w: &'static Words) -> Row {
    Row {
        joinable: row.person != row.claimed_by,
        identity: row.identity.to_string(),
        person: row.person.to_string(),
        claimed_by: row.claimed_by.to_string(),
        cause: w.conflict_cause(row.cause),
        at: Time(row.at),
    }
}

fn cursor(row: &IdentityConflict) -> String {
    let text = format!("{}~{}", row.position, row.identity);
    utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
}

fn read_cursor(text: &str) -> Result<ConflictCursor, AppError> {
    let read = || {
        let (position, identity) = text.split_once('~')?;
        let (kind, value) = identity.split_once(':')?;
        Some(ConflictCursor { position: position.parse().ok()?, kind: kind.to_owned(), value: value.to_owned() })
    };
    read().filter(|_| !text.contains('\0')).ok_or(AppError::NotFound("page"))
}
