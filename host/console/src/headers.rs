//! What every answer carries for the browser's protection, and what every change must show before it is looked at.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::Console;
use crate::session::is_secure;
use crate::trouble::Trouble;

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const PROTECTION: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the protecting headers; pages are never stored, whatever else is said.
pub async fn protect(State(console): State<Console>, request: Request, next: Next) -> Response {
    let secure = is_secure(&console.options, request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(PROTECTION);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Refuses changes that another site's page sends. Browsers say where a request comes from; whatever says nothing is
/// no browser and brings no cookies by itself.
pub async fn refuse_other_origins(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_same_origin(request.headers()) { next.run(request).await } else { Trouble::Forged.into_response() }
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match text(header::ORIGIN) {
        Some(origin) => origin.split_once("://").is_some_and(|(_, host)| Some(host) == text(header::HOST)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_may_change_things() {
        for (headers, same) in [
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://other")], true),
            (vec![("sec-fetch-site", "same-site"), ("host", "a"), ("origin", "http://a")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("host", "a:80"), ("origin", "http://a:80")], true),
            (vec![("host", "a:80"), ("origin", "http://b:80")], false),
            (vec![("host", "a:80"), ("origin", "null")], false),
            (vec![("host", "a:80")], true),
        ] {
            let map = headers.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect();
            assert_eq!(is_same_origin(&map), same, "{headers:?}");
        }
    }
}
