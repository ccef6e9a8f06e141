//! Files of people, orders and relations: upload, mapping, preview, run, report.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod map;
pub(crate) mod mappings;
pub(crate) mod presets;
pub(crate) mod preview;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod upload;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use guanxi_app::import_file::Mapping;
use guanxi_app::{AppError, ImportView};
use guanxi_domain::Millis;
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::{ImportCounts, ImportStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// An import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportBody {
    /// `imp_…`.
    #[schema(value_type = String)]
    pub id: ImportId,
    /// The file's name.
    pub name: String,
    /// `people`, `orders` or `relations`.
    pub subject: String,
    /// `csv`, `xlsx` or `json-lines`.
    pub format: String,
    /// `uploading`, `waiting`, `running`, `stopped`, `done` or `failed`. An upload ends `stopped`: look at the mapping,
    /// then start it.
    #[schema(value_type = String)]
    pub status: ImportStatus,
    /// Of the file.
    pub bytes: i64,
    /// What columns become and how cells are read; see the guide.
    #[schema(value_type = Object)]
    pub mapping: Mapping,
    /// How far it is.
    pub rows: RowsBody,
    /// Why it failed.
    pub error: Option<String>,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// How far an import is, and what became of its rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRows)]
pub struct RowsBody {
    /// Handed to the log.
    pub sent: i64,
    /// Decided.
    pub done: i64,
    /// In the file, as soon as it was read to its end.
    pub total: Option<i64>,
    /// Somebody, or something, who was not known.
    pub new: i64,
    /// Somebody who was known, of whom something new is known now.
    pub recognised: i64,
    /// Nothing that was not known.
    pub unchanged: i64,
    /// Identities of different people, or more of them than one person may have.
    pub conflicting: i64,
    /// Cannot be read.
    pub refused: i64,
}

impl From<ImportView> for ImportBody {
    fn from(view: ImportView) -> Self {
        let ImportView { row, mapping } = view;
        let ImportCounts { new, recognised, unchanged, conflicting, refused } = row.counts;
        Self {
            id: row.id,
            name: row.name,
            subject: row.subject,
            format: row.format,
            status: row.status,
            bytes: row.bytes,
            mapping,
            rows: RowsBody {
                sent: row.rows_sent,
                done: row.rows_done,
                total: row.rows_total,
                new,
                recognised,
                unchanged,
                conflicting,
                refused,
            },
            error: row.error,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Lines of CSV as a file to keep. Should reading fail on the way, the body ends early and the client sees that.
pub(crate) fn sheet(name: &str, lines: impl Stream<Item = Result<Bytes, AppError>> + Send + 'static) -> Response {
    let lines = lines.inspect(|line| {
        if let Err(error) = line {
            tracing::warn!(%error, "a list ended early");
        }
    });
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let named = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let named = named.unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, named)], Body::from_stream(lines)).into_response()
}
