//! `GET`, `PUT` and `DELETE /api/v1/plugins/{name}/allowance`.

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::App;
use guanxi_domain::grants::Grants;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::installations::grants::GrantLists;
use crate::problem::ApiResult;

/// What operators let a plugin do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Allowance)]
pub struct AllowanceBody {
    /// At most that, whatever tenants grant; `null` if it may do whatever they grant.
    pub at_most: Option<GrantLists>,
}

impl From<Option<Grants>> for AllowanceBody {
    fn from(grants: Option<Grants>) -> Self {
        Self { at_most: grants.map(GrantLists::from) }
    }
}

/// Show what a plugin may do at most
#[utoipa::path(
    get,
    path = "/api/v1/plugins/{name}/allowance",
    tag = "plugins",
    operation_id = "get_allowance",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "The allowance", body = AllowanceBody)),
    security(("token" = [])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(name): Path<String>,
) -> ApiResult<axum::Json<AllowanceBody>> {
    Ok(axum::Json(app.plugin_allowance(&caller, &name).await?.into()))
}

/// Limit what a plugin may do
///
/// For operators. It may do no more than that in any tenant from its next call on, whatever tenants grant. What no list names it
/// may not do; `*` among events is every kind.
#[utoipa::path(
    put,
    path = "/api/v1/plugins/{name}/allowance",
    tag = "plugins",
    operation_id = "put_allowance",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = GrantLists,
    responses((status = 200, description = "As it is now", body = AllowanceBody)),
    security(("token" = ["operator"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(grants): Json<Grants>,
) -> ApiResult<axum::Json<AllowanceBody>> {
    app.allow_plugin(&caller, &name, Some(grants.clone())).await?;
    Ok(axum::Json(Some(grants).into()))
}

/// Let a plugin do whatever tenants grant
///
/// For operators.
#[utoipa::path(
    delete,
    path = "/api/v1/plugins/{name}/allowance",
    tag = "plugins",
    operation_id = "delete_allowance",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 204, description = "It is not limited")),
    security(("token" = ["operator"])),
)]
pub(crate) async fn delete(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(name): Path<String>,
) -> ApiResult<StatusCode> {
    app.allow_plugin(&caller, &name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
