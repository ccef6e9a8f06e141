//! Media: pictures, recordings and films that a brand keeps, for channels to fetch.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod serve;

use guanxi_app::MediaView;
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that the tenant keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Media)]
pub struct MediaBody {
    /// Contents say `media:` and this name.
    pub name: String,
    /// `png`, `jpg`, `gif`, `webp`, `mp3`, `amr` or `mp4`, as its bytes say.
    pub kind: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Where channels fetch it; `null` if the host does not know its own address.
    pub url: Option<String>,
    /// When it came, milliseconds since the epoch.
    pub created_at: Millis,
}

impl From<MediaView> for MediaBody {
    fn from(view: MediaView) -> Self {
        let MediaView { media, url } = view;
        let (kind, bytes, created_at) = (media.kind.as_str().to_owned(), media.bytes, media.created_at);
        Self { name: media.name, kind, bytes, url, created_at }
    }
}
