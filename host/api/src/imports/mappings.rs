//! `GET`, `PUT` and `DELETE /api/v1/tenants/{tenant}/import-mappings`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::import_file::Mapping;
use guanxi_app::{App, KnownMapping};
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// A saved mapping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportMapping)]
pub struct MappingBody {
    /// To be given as `mapping` with an upload.
    pub name: String,
    /// What columns become.
    #[schema(value_type = Object)]
    pub mapping: Mapping,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

impl From<KnownMapping> for MappingBody {
    fn from(known: KnownMapping) -> Self {
        Self { name: known.name, mapping: known.mapping, updated_at: known.updated_at }
    }
}

/// List saved mappings
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/import-mappings",
    tag = "imports",
    operation_id = "list_import_mappings",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "All of them, by name", body = Page<MappingBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
) -> ApiResult<axum::Json<Page<MappingBody>>> {
    Ok(axum::Json(cursor::whole(app.import_mappings(&caller, &tenant).await?, MappingBody::from)))
}

/// Save a mapping
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/import-mappings/{name}",
    tag = "imports",
    operation_id = "put_import_mapping",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "1 to 64 characters"),
    ),
    request_body(content = Object, description = "The mapping"),
    responses((status = 200, description = "Saved", body = MappingBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(mapping): Json<Mapping>,
) -> ApiResult<axum::Json<MappingBody>> {
    Ok(axum::Json(app.put_import_mapping(&caller, &tenant, &name, mapping).await?.into()))
}

/// Forget a saved mapping
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{tenant}/import-mappings/{name}",
    tag = "imports",
    operation_id = "delete_import_mapping",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "1 to 64 characters"),
    ),
    responses((status = 204, description = "Forgotten")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.delete_import_mapping(&caller, &tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
