//! `POST /api/v1/tenants/{tenant}/installations/{name}/upgrade/approve` and `…/refuse`.

use std::collections::BTreeMap;

use axum::extract::State;
use guanxi_app::{App, Approval, GrantsInput};
use guanxi_domain::Millis;
use serde::Deserialize;
use utoipa::ToSchema;

use super::InstallationBody;
use super::grants::{GrantsBody, GrantsSchema};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// What somebody approves of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalWish {
    /// The version that they looked at.
    #[schema(example = "0.2.0")]
    pub version: String,
    /// Its `asked_at`: what waits may have come again since, with another configuration.
    pub asked_at: Millis,
    /// What it may do; everything that it requests if not given.
    #[serde(default)]
    #[schema(value_type = Option<GrantsSchema>)]
    pub grants: Option<GrantsBody>,
    /// Secrets to set, or with `null` to take away; others stay as they are.
    #[serde(default)]
    pub secrets: BTreeMap<String, Option<String>>,
}

/// What somebody does not approve of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalWish {
    /// The version that they looked at.
    #[schema(example = "0.2.0")]
    pub version: String,
    /// Its `asked_at`.
    pub asked_at: Millis,
}

/// Approve the version that an installation waits for
///
/// It takes the place of what is installed, with its configuration. A conflict if something else waits by now.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/upgrade/approve",
    tag = "installations",
    operation_id = "approve_upgrade",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    request_body = ApprovalWish,
    responses((status = 200, description = "As it is now", body = InstallationBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn approve(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(ApprovalWish { version, asked_at, grants, secrets }): Json<ApprovalWish>,
) -> ApiResult<axum::Json<InstallationBody>> {
    let grants = grants.map_or(GrantsInput::Requested, |grants| grants.0);
    let approval = Approval { version, asked_at, grants, secrets };
    Ok(axum::Json(app.approve_upgrade(&caller, &tenant, &name, approval).await?.into()))
}

/// Refuse the version that an installation waits for
///
/// What is installed stays. A conflict if something else waits by now.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/installations/{name}/upgrade/refuse",
    tag = "installations",
    operation_id = "refuse_upgrade",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "The installation's name"),
    ),
    request_body = RefusalWish,
    responses((status = 200, description = "As it stays", body = InstallationBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn refuse(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(RefusalWish { version, asked_at }): Json<RefusalWish>,
) -> ApiResult<axum::Json<InstallationBody>> {
    Ok(axum::Json(app.refuse_upgrade(&caller, &tenant, &name, &version, asked_at).await?.into()))
}
