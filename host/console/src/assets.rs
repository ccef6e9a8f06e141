//! Style, scripts and the mark, built into the binary. Their names carry a hash, so browsers may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// One file.
struct Asset {
    url: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, ending: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash: String = Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { url: format!("/console/assets/{stem}.{hash}.{ending}"), content_type, bytes }
    }
}

/// Every file of the console.
pub struct Assets {
    style: Asset,
    script: Asset,
    htmx: Asset,
    sse: Asset,
    mark: Asset,
}

/// The files, hashed once.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let script = "text/javascript; charset=utf-8";
    Assets {
        style: Asset::new("app", "css", "text/css; charset=utf-8", include_bytes!("../assets/app.css")),
        script: Asset::new("app", "js", script, include_bytes!("../assets/app.js")),
        htmx: Asset::new("htmx", "js", script, include_bytes!("../assets/vendor/htmx.min.js")),
        sse: Asset::new("sse", "js", script, include_bytes!("../assets/vendor/sse.min.js")),
        mark: Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
    }
});

impl Assets {
    /// Where the style sheet is.
    pub fn style(&self) -> &str {
        &self.style.url
    }

    /// Where the console's own script is.
    pub fn script(&self) -> &str {
        &self.script.url
    }

    /// Where htmx is.
    pub fn htmx(&self) -> &str {
        &self.htmx.url
    }

    /// Where htmx's extension for server-sent events is.
    pub fn sse(&self) -> &str {
        &self.sse.url
    }

    /// Where the mark is.
    pub fn mark(&self) -> &str {
        &self.mark.url
    }
}

/// `GET /console/assets/{name}`.
pub async fn serve(Path(name): Path<String>) -> Response {
    let all = [&ASSETS.style, &ASSETS.script, &ASSETS.htmx, &ASSETS.sse, &ASSETS.mark];
    match all.into_iter().find(|asset| asset.url.ends_with(&format!("/{name}"))) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
                (header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER)),
            ];
            (headers, asset.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
