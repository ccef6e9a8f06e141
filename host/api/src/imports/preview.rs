//! `GET /api/v1/tenants/{tenant}/imports/{id}/preview`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, PreviewRow};
use guanxi_domain::ids::ImportId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// The beginning of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreview)]
pub struct PreviewBody {
    /// The names of its columns.
    pub header: Vec<String>,
    /// Its first rows, at most 20.
    pub rows: Vec<PreviewRowBody>,
}

/// A row as it stands and as it would be read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreviewRow)]
pub struct PreviewRowBody {
    /// Its cells.
    pub cells: Vec<String>,
    /// What it says.
    #[schema(value_type = Option<Object>)]
    pub read: Option<serde_json::Value>,
    /// Why it would be refused.
    pub refused: Option<String>,
}

/// See the first rows as they would be read
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/imports/{id}/preview",
    tag = "imports",
    operation_id = "preview_import",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`imp_…`"),
    ),
    responses((status = 200, description = "The first rows", body = PreviewBody)),
    security(("token" = ["read"])),
)]
pub(crate) async fn preview(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, ImportId)>,
) -> ApiResult<Json<PreviewBody>> {
    let preview = app.preview_import(&caller, &tenant, id, None).await?;
    let rows = preview.rows.into_iter().map(PreviewRowBody::from).collect();
    Ok(Json(PreviewBody { header: preview.header, rows }))
}

impl From<PreviewRow> for PreviewRowBody {
    fn from(row: PreviewRow) -> Self {
        let (read, refused) = match row.read {
            Ok(read) => (Some(read), None),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        Self { cells: row.cells, read, refused }
    }
}
