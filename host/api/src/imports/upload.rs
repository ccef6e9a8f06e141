//! `POST /api/v1/tenants/{tenant}/imports`.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use futures::StreamExt;
use guanxi_app::import_file::Subject;
use guanxi_app::{App, ImportWish};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ImportBody;
use crate::auth::Authenticated;
use crate::extract::{Path, Query};
use crate::problem::{ApiResult, Problem};

/// What is known of the file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// The file's name; for people to know it by.
    pub name: Option<String>,
    /// `people`, `orders` or `relations`; found out if not given.
    #[param(value_type = Option<String>)]
    pub subject: Option<Subject>,
    /// A preset: `hubspot-contacts`, `salesforce-contacts`, `salesforce-leads`, `shopify-customers`, `shopify-orders`,
    /// `youzan-customers` or `youzan-orders`; found out if not given.
    pub preset: Option<String>,
    /// The name of a saved mapping.
    pub mapping: Option<String>,
}

/// Upload a file
///
/// The body is the file itself: CSV (UTF-8, GB18030, UTF-16 and others), XLSX or JSON lines, at most 1 GiB. It is kept and
/// a mapping is suggested; nothing is imported before the import is started.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/imports",
    tag = "imports",
    operation_id = "upload_import",
    params(("tenant" = String, Path, description = "The tenant's slug"), UploadQuery),
    request_body(content = Vec<u8>, description = "The file", content_type = "application/octet-stream"),
    responses((status = 201, description = "Kept, with a mapping to look over", body = ImportBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn upload(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<UploadQuery>,
    body: Body,
) -> ApiResult<(StatusCode, axum::Json<ImportBody>)> {
    let wish = ImportWish { subject: query.subject, preset: query.preset, saved: query.mapping };
    let name = query.name.as_deref().unwrap_or("upload");
    let mut upload = app.begin_import(&caller, &tenant, name, wish).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let taken = match piece {
            Ok(piece) => upload.push(&piece).await.map_err(Problem::from),
            Err(_) => Err(Problem::invalid("body", "ended before it was complete")),
        };
        if let Err(problem) = taken {
            upload.abandon().await?;
            return Err(problem);
        }
    }
    let view = upload.finish().await?;
    Ok((StatusCode::CREATED, axum::Json(view.into())))
}
