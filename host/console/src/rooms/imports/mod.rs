//! Files come in: the list of imports, and the upload.

mod one;
mod targets;
mod words;

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::import_file::Subject;
use guanxi_app::{AppError, ImportView, ImportWish};

use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::session::Visitor;
use crate::trouble::Trouble;
use words::Words;

pub use one::{act, map, report, show};

const ROWS: u32 = 50;

/// An import in the list.
struct Row {
    id: String,
    name: String,
    subject: &'static str,
    status: &'static str,
    code: &'static str,
    rows: String,
    at: Time,
}

#[derive(Template)]
#[template(path = "imports.html")]
struct ImportsPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    subjects: Vec<(&'static str, &'static str)>,
    presets: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
}

/// `GET /console/t/{slug}/imports`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let w = words::of(visitor.language);
    let imports = console.app.imports(&visitor.caller, &slug, None, Some(ROWS)).await?;
    let presets = console.app.import_presets(&visitor.caller, &slug).await?;
    let subjects = [Subject::People, Subject::Orders, Subject::Relations];
    html(&ImportsPage {
        page: visitor.page(w.imports, &tenant, Room::Imports),
        w,
        place: format!("/console/t/{}/imports", tenant.slug),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        subjects: subjects.into_iter().map(|subject| (subject.as_str(), w.subject(subject))).collect(),
        presets: presets.into_iter().map(|preset| (preset.name, preset.title)).collect(),
        rows: imports.into_iter().map(|view| row(view, w)).collect(),
    })
}

fn row(view: ImportView, w: &'static Words) -> Row {
    let ImportView { row, mapping } = view;
    Row {
        id: row.id.to_string(),
        subject: w.subject(mapping.subject),
        status: w.status(row.status),
        code: row.status.as_str(),
        rows: rows(row.rows_done, row.rows_total, w),
        at: Time(row.created_at),
        name: row.name,
    }
}

fn rows(done: i64, total: Option<i64>, w: &'static Words) -> String {
    match total {
        Some(total) => format!("{} {} {}", count(done), w.of, count(total)),
        None => count(done),
    }
}

/// `POST /console/t/{slug}/imports`: the form with the file last, so that what it says is known when the file comes.
pub async fn upload(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    mut form: Multipart,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let mut proven = false;
    let mut wish = ImportWish::default();
    while let Some(mut field) = form.next_field().await.map_err(|_| Trouble::Forged)? {
        match field.name().unwrap_or_default() {
            "csrf" => proven = visitor.is_proven(&short(field).await?),
            "subject" => wish.subject = Subject::parse(&short(field).await?),
            "preset" => wish.preset = Some(short(field).await?).filter(|preset| !preset.is_empty()),
            "file" if !proven => return Err(Trouble::Forged),
            "file" => {
                let name = field.file_name().unwrap_or("upload").to_owned();
                let mut upload = console.app.begin_import(&visitor.caller, &slug, &name, wish).await?;
                loop {
                    let taken = match field.chunk().await {
                        Ok(Some(bytes)) => upload.push(&bytes).await,
                        Ok(None) => break,
                        Err(_) => Err(AppError::invalid("file", "ended before it was complete")),
                    };
                    if let Err(error) = taken {
                        upload.abandon().await?;
                        return Err(error.into());
                    }
                }
                let view = upload.finish().await?;
                return Ok(Redirect::to(&format!("/console/t/{}/imports/{}", tenant.slug, view.row.id)));
            }
            _ => {}
        }
    }
    Err(AppError::invalid("file", "choose a file").into())
}

/// The most bytes of a field that is no file.
const FIELD_BYTES_MAX: usize = 256;

async fn short(mut field: axum::extract::multipart::Field<'_>) -> Result<String, Trouble> {
    let mut text = Vec::new();
    while let Some(bytes) = field.chunk().await.map_err(|_| Trouble::Forged)? {
        text.extend_from_slice(&bytes);
        if text.len() > FIELD_BYTES_MAX {
            return Err(Trouble::Forged);
        }
    }
    String::from_utf8(text).map_err(|_| Trouble::Forged)
}
