//! What comes back, within bounds.

use guanxi_domain::connector::Response;
use http::StatusCode;
use http::header::{HeaderMap, LOCATION};

use super::error::{EgressError, from_client};

/// The most headers that are taken.
const HEADERS_MAX: usize = 100;
/// The most bytes of header names and values that are taken.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// The same for HTTP/2, which counts 32 bytes more for every header (RFC 9113, 6.5.2).
pub(super) const HEADER_BYTES_MAX_H2: u32 = 68 * 1024;

/// Where `response` sends its reader, if it does.
pub(super) fn redirect(response: &reqwest::Response) -> Option<&str> {
    match response.status() {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => response.headers().get(LOCATION)?.to_str().ok(),
        _ => None,
    }
}

/// Reads a response to its end, unless that is too far.
pub(super) async fn read(
    mut response: reqwest::Response,
    host: &str,
    body_max: usize,
) -> Result<Response, EgressError> {
    let too_long = || EgressError::TooLarge { host: host.to_owned(), part: "body bytes", limit: body_max };
    let status = response.status().as_u16();
    let headers = lines(response.headers(), host)?;
    let announced = usize::try_from(response.content_length().unwrap_or(0)).map_err(|_| too_long())?;
    if announced > body_max {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(|error| from_client(&error, host))? {
        if chunk.len() > body_max - body.len() {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

fn lines(headers: &HeaderMap, host: &str) -> Result<Vec<(String, String)>, EgressError> {
    let too_many = |part, limit| EgressError::TooLarge { host: host.to_owned(), part, limit };
    if headers.len() > HEADERS_MAX {
        return Err(too_many("headers", HEADERS_MAX));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(too_many("header bytes", HEADER_BYTES_MAX));
    }
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(headers.iter().map(line).collect())
}
