//! `POST /api/v1/tenants/{tenant}/contents/preview`.

use axum::extract::State;
use guanxi_app::{App, ContentPreview, PreviewInput};
use guanxi_domain::JsonMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::problem::ApiResult;

/// A content to look at on a channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentPreviewWish {
    /// The channel: the name of a connector's installation.
    #[schema(example = "telegram")]
    pub installation: String,
    /// The document, or nothing for the one that is kept under `name`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub content: Option<JsonMap>,
    /// The name of a content that is kept.
    #[serde(default)]
    pub name: Option<String>,
    /// The tag of the language that the person speaks.
    #[serde(default)]
    #[schema(example = "zh")]
    pub language: Option<String>,
    /// What `{{name}}` stands for.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: JsonMap,
    /// `kind:value`; somebody who does not exist if not given.
    #[serde(default)]
    pub address: Option<String>,
}

/// What the channel would be asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContentPreview)]
pub struct ContentPreviewBody {
    /// The channel.
    pub channel: String,
    /// To whom, `kind:value`.
    pub address: String,
    /// What the connector is told to say.
    #[schema(value_type = Object)]
    pub content: JsonMap,
    /// How it reads as nothing but text.
    pub text: String,
    /// The first request that the connector makes, if it makes one.
    pub request: Option<RequestBody>,
    /// What the connector says instead of making one: `sent`, or why it cannot be sent.
    pub outcome: Option<String>,
}

/// A request that is not performed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedRequest)]
pub struct RequestBody {
    /// `GET`, `POST` …
    pub method: String,
    /// With secrets as `{{secret:…}}`.
    pub url: String,
    /// In order.
    pub headers: Vec<HeaderBody>,
    /// The body; what of it is no text is replaced.
    pub body: String,
}

/// A header of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedHeader)]
pub struct HeaderBody {
    /// Its name.
    pub name: String,
    /// Its value, with secrets as `{{secret:…}}`.
    pub value: String,
}

impl From<ContentPreview> for ContentPreviewBody {
    fn from(preview: ContentPreview) -> Self {
        let header = |(name, value)| HeaderBody { name, value };
        let request = preview.request.map(|request| RequestBody {
            method: request.method,
            url: request.url,
            headers: request.headers.into_iter().map(header).collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        });
        let ContentPreview { channel, address, content, text, outcome, .. } = preview;
        Self { channel, address, content, text, request, outcome }
    }
}

/// Look at a content
///
/// Asks the connector for the request that it would make, with its real configuration and secrets, and does not perform it.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/contents/preview",
    tag = "contents",
    operation_id = "preview_content",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = ContentPreviewWish,
    responses((status = 200, description = "What would leave", body = ContentPreviewBody)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn preview(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<ContentPreviewWish>,
) -> ApiResult<axum::Json<ContentPreviewBody>> {
    let ContentPreviewWish { installation, content, name, language, variables, address } = wish;
    let input = PreviewInput { installation, content, name, language, variables, address };
    Ok(axum::Json(app.preview_content(&caller, &tenant, input).await?.into()))
}
