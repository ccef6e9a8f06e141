//! `PUT /api/v1/tenants/{tenant}/installations/{name}`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::{App, InstallationInput, Placed};
use guanxi_domain::installation::Mode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::grants::{GrantsBody, GrantsSchema};
use super::{InstallationBody, ModeName};
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// How a plugin is to be switched on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstallationWish {
    /// The plugin; the installation's own name if not given.
    #[serde(default)]
    pub plugin: Option<String>,
    /// Its version.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// On or off.
    #[schema(value_type = ModeName)]
    pub mode: Mode,
    /// What the plugin's schema asks for; what is left out gets the schema's default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub config: Value,
    /// What it may do; what it was granted before if not given.
    #[serde(default)]
    #[schema(value_type = Option<GrantsSchema>)]
    pub grants: Option<GrantsBody>,
    /// Secrets to set, or with `null` to take away; others stay as they are.
    #[serde(default)]
    pub secrets: BTreeMap<String, Option<String>>,
}

impl From<InstallationWish> for InstallationInput {
    fn from(wish: InstallationWish) -> Self {
        Self {
            plugin: wish.plugin,
            version: wish.version,
            mode: wish.mode,
            config: wish.config,
            grants: wish.grants.map(|grants| grants.0),
            secrets: wish.secrets,
        }
    }
}

/// Switch a plugin on or off
///
/// Installs it under this name, or changes how it is installed. Everything that is wrong is told at once. Grants, secrets and
/// switching on take `manage`. Without `grants` a version that asks for more than the one before waits until somebody approves it,
/// and so does whatever a token without `manage` may not do: what was installed runs on, and `upgrade` tells of it.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/installations/{name}",
    tag = "installations",
    operation_id = "put_installation",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "2 to 64 of `a-z 0-9 -`; the plugin's name unless it is installed twice"),
    ),
    request_body = InstallationWish,
    responses(
        (status = 200, description = "As it is now", body = InstallationBody),
        (status = 202, description = "As it stays until `upgrade` is approved", body = InstallationBody),
    ),
    security(("token" = ["install"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<InstallationWish>,
) -> ApiResult<(StatusCode, axum::Json<InstallationBody>)> {
    let Placed { view, waits } = app.put_installation(&caller, &tenant, &name, wish.into()).await?;
    let status = if waits { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, axum::Json(view.into())))
}
