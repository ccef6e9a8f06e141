//! `POST /api/v1/tenants`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use serde::Deserialize;
use utoipa::ToSchema;

use super::TenantBody;
use crate::auth::Authenticated;
use crate::extract::Json;
use crate::problem::ApiResult;

/// A brand to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// 2 to 40 of `a-z 0-9 -`, starting with a letter; must be free.
    #[schema(example = "acme")]
    pub slug: String,
    /// 1 to 120 characters.
    #[schema(example = "Acme 茶")]
    pub name: String,
}

/// Create a tenant
///
/// For operators.
#[utoipa::path(
    post,
    path = "/api/v1/tenants",
    tag = "tenants",
    operation_id = "create_tenant",
    request_body = NewTenant,
    responses((status = 201, description = "Created", body = TenantBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn create(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Json(new): Json<NewTenant>,
) -> ApiResult<(StatusCode, axum::Json<TenantBody>)> {
    let tenant = app.create_tenant(&caller, &new.slug, &new.name).await?;
    Ok((StatusCode::CREATED, axum::Json(tenant.into())))
}
