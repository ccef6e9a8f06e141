//! `/m/{code}.{kind}`: what a brand keeps, for channels that fetch it. Anybody may who knows the address; nobody guesses it, and there
//! is no list.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use guanxi_app::{App, AppError, ServedMedia};

use crate::extract::Path;

/// Where media are.
pub(crate) const PATH: &str = "/m/{file}";
/// Another file has another address.
const CACHE: &str = "public, max-age=31536000, immutable";

/// Sends a file, piece by piece.
pub(crate) async fn serve(State(app): State<App>, Path(file): Path<String>) -> Response {
    let (code, kind) = file.split_once('.').unwrap_or((&file, ""));
    match app.served_media(code).await {
        Ok(media) if media.kind.as_str() == kind => sent(app, media),
        Ok(_) | Err(AppError::NotFound(_)) => StatusCode::NOT_FOUND.into_response(),
        Err(AppError::Unavailable | AppError::Overloaded(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(error) => {
            tracing::error!(%error, "media cannot be served");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn sent(app: App, media: ServedMedia) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media.kind.content_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(media.bytes)),
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE)),
    ];
    // One that stops early is seen by its length.
    let pieces = stream::try_unfold((app, media, 0), |(app, media, number)| async move {
        let piece = app.media_piece(&media, number).await?;
        Ok::<_, AppError>(piece.map(|piece| (piece, (app, media, number + 1))))
    });
    (headers, Body::from_stream(pieces)).into_response()
}
