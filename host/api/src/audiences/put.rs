//! `PUT /api/v1/tenants/{tenant}/audiences/{name}`.

use axum::extract::State;
use guanxi_app::{App, AudienceInput};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AudienceBody;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// An audience as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceWish {
    /// What people read.
    #[schema(example = "Fans on Meta")]
    pub title: String,
    /// The name of the segment whose members are meant.
    #[schema(example = "fans")]
    pub segment: String,
    /// The name of an installation whose connector keeps audiences.
    #[schema(example = "meta-audience")]
    pub installation: String,
    /// The audience's id on the channel's side, at most 256 bytes.
    #[schema(example = "23851234567890123")]
    pub channel_audience: String,
    /// Kinds of identities that the channel is told, 1 to 16 that it takes.
    pub kinds: Vec<String>,
    /// A purpose of the settings that people must have allowed.
    #[schema(example = "advertising")]
    pub purpose: String,
}

/// Define or change an audience
///
/// The channel is told SHA-256 hashes of the identifiers of everybody who is in the segment and allows the purpose, and from
/// then on of whoever comes and goes. Installation and channel audience stay as they are: another place is another audience.
#[utoipa::path(
    put,
    path = "/api/v1/tenants/{tenant}/audiences/{name}",
    tag = "audiences",
    operation_id = "put_audience",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("name" = String, Path, description = "2 to 64 of `a-z 0-9 - _`, starting with a letter"),
    ),
    request_body = AudienceWish,
    responses((status = 200, description = "As it is now", body = AudienceBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn put(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, name)): Path<(String, String)>,
    Json(wish): Json<AudienceWish>,
) -> ApiResult<axum::Json<AudienceBody>> {
    let AudienceWish { title, segment, installation, channel_audience, kinds, purpose } = wish;
    let input = AudienceInput { title, segment, installation, channel_audience, kinds, purpose };
    Ok(axum::Json(app.put_audience(&caller, &tenant, &name, input).await?.into()))
}
