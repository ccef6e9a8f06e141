//! `/l/{code}` and `/o/{code}.gif`: links of messages that lead over the host, and the image that tells that a message was
//! looked at. Anybody may ask; a code that the host did not write leads nowhere.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_app::{App, AppError, Visit};

use crate::extract::Path;

/// Where links of messages lead.
pub(crate) const LINK: &str = "/l/{code}";
/// Where the image is.
pub(crate) const PIXEL: &str = "/o/{file}";

/// One transparent pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// What people read whose link leads nowhere any more.
const GONE: &str = "This link leads nowhere any more. 此链接已失效。\n";
/// The most bytes of a program's name that are looked at.
const AGENT_MAX: usize = 512;
/// Headers of browsers and messengers that fetch a page before anybody wants it.
const AHEAD: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Leads on to where the message leads.
pub(crate) async fn follow(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Response {
    match app.follow_link(&code, &visit(&method, &headers)).await {
        Ok(target) => match HeaderValue::try_from(target) {
            Ok(target) => (StatusCode::FOUND, [(header::LOCATION, target)]).into_response(),
            Err(_) => gone(),
        },
        Err(error) => failed(&error),
    }
}

/// Shows nothing, which is enough to know that somebody looks.
pub(crate) async fn open(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    let Some(code) = file.strip_suffix(".gif") else { return gone() };
    match app.note_open(code, &visit(&method, &headers)).await {
        Ok(()) => ([(header::CONTENT_TYPE, "image/gif")], GIF).into_response(),
        Err(error) => failed(&error),
    }
}

fn visit(method: &Method, headers: &HeaderMap) -> Visit {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fetches = |name: &&str| {
        let purpose = said(name).to_ascii_lowercase();
        purpose.contains("prefetch") || purpose.contains("preview") || purpose.contains("prerender")
    };
    let user_agent = said(header::USER_AGENT.as_str()).chars().take(AGENT_MAX).collect();
    Visit { ahead: *method == Method::HEAD || AHEAD.iter().any(fetches), user_agent }
}

fn failed(error: &AppError) -> Response {
    match error {
        AppError::NotFound(_) => gone(),
        AppError::Unavailable | AppError::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        other => {
            tracing::error!(error = %other, "a link cannot be followed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn gone() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], GONE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_who_only_looks_ahead_is_told_from_who_comes() {
        let of = |method: Method, name: &'static str, value: &'static str| {
            let headers = [(header::HeaderName::from_static(name), HeaderValue::from_static(value))];
            visit(&method, &headers.into_iter().collect()).ahead
        };
        assert!(of(Method::HEAD, "user-agent", "Mozilla/5.0"));
        assert!(of(Method::GET, "sec-purpose", "prefetch;prerender"));
        assert!(of(Method::GET, "x-purpose", "preview"));
        assert!(!of(Method::GET, "user-agent", "Mozilla/5.0"));
    }
}
