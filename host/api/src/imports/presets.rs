//! `GET /api/v1/tenants/{tenant}/import-presets`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, PresetView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// A system whose exports are known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreset)]
pub struct PresetBody {
    /// To be given as `preset` with an upload.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// `people`, `orders` or `relations`.
    pub subject: &'static str,
}

/// List systems whose exports are known
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/import-presets",
    tag = "imports",
    operation_id = "list_import_presets",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "All of them", body = Page<PresetBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<Json<Page<PresetBody>>> {
    let presets = app.import_presets(&caller, &tenant).await?;
    let body =
        |preset: PresetView| PresetBody { name: preset.name, title: preset.title, subject: preset.subject.as_str() };
    Ok(Json(cursor::whole(presets, body)))
}
