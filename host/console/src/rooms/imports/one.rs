//! One import: what its columns become, how its first rows would be read, how far it is, and its report.

use std::collections::HashMap;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::import_file::{Column, Mapping, Subject, Target};
use guanxi_app::{AppError, ImportView, Preview};
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::{ImportCounts, ImportStatus, RowResult};
use http::{HeaderValue, header};
use serde::Deserialize;

use super::words::{self, Words};
use super::{rows, targets};
use crate::Console;
use crate::format::count;
use crate::page::{Page, Room, html};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;

/// Rows of the preview on the page.
const SHOWN: usize = 8;
/// Examples of a column's values.
const EXAMPLES: usize = 3;

/// A column in the form.
struct ColumnRow {
    header: String,
    examples: String,
    choice: &'static str,
    name: String,
}

impl ColumnRow {
    fn becomes(&self, choice: &str) -> bool {
        self.choice == choice
    }
}

/// A row of the preview.
struct Shown {
    number: usize,
    read: String,
    refused: Option<String>,
}

/// How many rows came to a result.
struct Count {
    code: &'static str,
    title: &'static str,
    count: String,
    any: bool,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    name: String,
    subject: &'static str,
    status: &'static str,
    code: &'static str,
    rows: String,
    error: Option<String>,
    counts: Vec<Count>,
    /// The form, while the mapping can be changed.
    columns: Option<Vec<ColumnRow>>,
    choices: Vec<(&'static str, &'static str)>,
    lenient: bool,
    /// Whether campaigns decide about the orders; nothing where there are none.
    campaigns: Option<bool>,
    shown: Vec<Shown>,
    can_start: bool,
    can_stop: bool,
    can_forget: bool,
    /// Whether the page looks again by itself.
    moves: bool,
}

/// `GET /console/t/{slug}/imports/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id = import_id(&id)?;
    let view = console.app.import(&visitor.caller, &slug, id).await?;
    let row = &view.row;
    let open = row.rows_sent == 0 && matches!(row.status, ImportStatus::Stopped | ImportStatus::Failed);
    let preview = match open {
        true => Some(console.app.preview_import(&visitor.caller, &slug, id, None).await?),
        false => None,
    };
    let w = words::of(visitor.language);
    let manages = visitor.manages(&tenant);
    let runs = matches!(row.status, ImportStatus::Waiting | ImportStatus::Running);
    html(&ImportPage {
        page: visitor.page(row.name.clone(), &tenant, Room::Imports),
        w,
        place: format!("/console/t/{}/imports/{id}", tenant.slug),
        csrf: visitor.proof(),
        name: row.name.clone(),
        subject: w.subject(view.mapping.subject),
        status: w.status(row.status),
        code: row.status.as_str(),
        rows: rows(row.rows_done, row.rows_total, w),
        error: row.error.clone(),
        counts: counts(row.counts, w),
        columns: preview.as_ref().filter(|_| manages).map(|preview| columns(&view, preview)),
        choices: targets::choices(view.mapping.subject, w),
        lenient: view.mapping.options.lenient,
        campaigns: (view.mapping.subject == Subject::Orders).then_some(view.mapping.options.campaigns),
        shown: preview.map(shown).unwrap_or_default(),
        can_start: manages && matches!(row.status, ImportStatus::Stopped | ImportStatus::Failed),
        can_stop: manages && runs,
        can_forget: manages && !runs,
        moves: runs,
    })
}

fn counts(counts: ImportCounts, w: &'static Words) -> Vec<Count> {
    let of = |result| match result {
        RowResult::New => counts.new,
        RowResult::Recognised => counts.recognised,
        RowResult::Unchanged => counts.unchanged,
        RowResult::Conflicting => counts.conflicting,
        RowResult::Refused => counts.refused,
    };
    let row = |result: RowResult| Count {
        code: result.as_str(),
        title: w.result(result),
        count: count(of(result)),
        any: of(result) > 0,
    };
    RowResult::ALL.into_iter().map(row).collect()
}

fn columns(view: &ImportView, preview: &Preview) -> Vec<ColumnRow> {
    let row = |(index, header): (usize, &String)| {
        let target = target_of(&view.mapping, header);
        let (choice, name) = targets::parts(&target);
        let cells = preview.rows.iter().filter_map(|row| row.cells.get(index)).map(|cell| cell.trim());
        let examples: Vec<&str> = cells.filter(|cell| !cell.is_empty()).take(EXAMPLES).collect();
        let examples = examples.join(" · ").chars().take(80).collect();
        ColumnRow { header: header.clone(), examples, choice, name: name.to_owned() }
    };
    preview.header.iter().enumerate().map(row).collect()
}

fn target_of(mapping: &Mapping, header: &str) -> Target {
    let found = mapping.columns.iter().find(|column| column.header == header);
    found.map_or(Target::Ignore, |column| column.target.clone())
}

fn shown(preview: Preview) -> Vec<Shown> {
    let row = |(index, row): (usize, guanxi_app::PreviewRow)| match row.read {
        Ok(read) => Shown { number: index + 1, read: in_words(&read), refused: None },
        Err(refused) => Shown { number: index + 1, read: String::new(), refused: Some(refused.to_string()) },
    };
    preview.rows.into_iter().enumerate().take(SHOWN).map(row).collect()
}

/// What a row says, without what it does not say.
fn in_words(read: &serde_json::Value) -> String {
    let said = read.as_object().into_iter().flatten().filter(|(_, value)| {
        let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(|o| o.is_empty());
        !value.is_null() && !empty
    });
    said.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("  ").replace('"', "")
}

/// `POST /console/t/{slug}/imports/{id}/mapping`.
pub async fn map(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id = import_id(&id)?;
    let view = console.app.import(&visitor.caller, &slug, id).await?;
    let preview = console.app.preview_import(&visitor.caller, &slug, id, None).await?;
    let text = |key: String| form.get(&key).map(String::as_str).unwrap_or_default();
    let column = |(index, header): (usize, &String)| {
        let before = target_of(&view.mapping, header);
        let target = targets::read(text(format!("to{index}")), text(format!("name{index}")), &before);
        Column { header: header.clone(), target }
    };
    let mut mapping = view.mapping.clone();
    mapping.columns = preview.header.iter().enumerate().map(column).collect();
    mapping.options.lenient = form.contains_key("lenient");
    mapping.options.campaigns = form.contains_key("campaigns");
    console.app.map_import(&visitor.caller, &slug, id, mapping).await?;
    Ok(Redirect::to(&format!("/console/t/{}/imports/{id}", tenant.slug)))
}

/// `POST /console/t/{slug}/imports/{id}/{act}`: start, stop or forget.
pub async fn act(
    State(console): State<Console>,
    Path((slug, id, act)): Path<(String, String, String)>,
    Signed(visitor, _): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id = import_id(&id)?;
    let list = format!("/console/t/{}/imports", tenant.slug);
    match act.as_str() {
        "start" => drop(console.app.start_import(&visitor.caller, &slug, id).await?),
        "stop" => drop(console.app.stop_import(&visitor.caller, &slug, id).await?),
        "forget" => {
            console.app.delete_import(&visitor.caller, &slug, id).await?;
            return Ok(Redirect::to(&list));
        }
        _ => return Err(AppError::NotFound("page").into()),
    }
    Ok(Redirect::to(&format!("{list}/{id}")))
}

/// Which rows of the report.
#[derive(Deserialize)]
pub struct Wish {
    result: Option<String>,
}

/// `GET /console/t/{slug}/imports/{id}/report`.
pub async fn report(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let id = import_id(&id)?;
    let result = wish.result.as_deref().and_then(RowResult::parse);
    let lines = console.app.import_report(&visitor.caller, &slug, id, result).await?;
    let of = result.map_or("all", RowResult::as_str);
    let named = HeaderValue::try_from(format!("attachment; filename=\"{id}-{of}.csv\"")).map_err(AppError::internal)?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, named)], Body::from_stream(lines)).into_response())
}

fn import_id(text: &str) -> Result<ImportId, AppError> {
    text.parse().map_err(|_| AppError::NotFound("import"))
}
