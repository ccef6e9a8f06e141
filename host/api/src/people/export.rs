//! `GET /api/v1/tenants/{tenant}/people/{id}/export`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use guanxi_app::App;
use guanxi_domain::ids::PersonId;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::{ApiResult, Problem};

/// Take an archive of a person
///
/// A ZIP of JSON files with an `index.html` that says what is in them: profile, identities, consents, events, orders,
/// tags, scores, signals, relations, decisions, messages and what plugins keep. Who took it stands in the person's
/// timeline.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/export",
    tag = "people",
    operation_id = "export_person",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The archive", content_type = "application/zip")),
    security(("token" = ["manage"])),
)]
pub(crate) async fn export(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Response> {
    let archive = app.export_person(&caller, &tenant, id).await?;
    let named = format!("attachment; filename=\"{}\"", archive.name);
    let named = HeaderValue::try_from(named).map_err(|error| Problem::internal(&error))?;
    let kind = HeaderValue::from_static("application/zip");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, named),
        (header::CONTENT_LENGTH, archive.bytes.into()),
    ];
    Ok((headers, Body::from_stream(archive.pieces())).into_response())
}
