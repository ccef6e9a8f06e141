//! Contents: what a brand says more than once, by name.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod put;

use guanxi_app::ContentView;
use guanxi_domain::{JsonMap, Millis};
use serde::Serialize;
use utoipa::ToSchema;

/// A content that the tenant keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Content)]
pub struct ContentBody {
    /// By which campaigns name it.
    pub name: String,
    /// Goes up with every change, also over a deletion.
    pub version: u32,
    /// The document: `text`, `title`, `url`, `image`, `voice`, `video`, `article`, `cards`, `buttons`, `channels`, `languages`.
    #[schema(value_type = Object)]
    pub content: JsonMap,
    /// When it was last changed, milliseconds since the epoch.
    pub updated_at: Millis,
}

impl From<ContentView> for ContentBody {
    fn from(view: ContentView) -> Self {
        Self { name: view.name, version: view.version, content: view.document, updated_at: view.updated_at }
    }
}
