//! `/hooks/{tenant}/{installation}`: what channels send. The connector verifies, reads and answers; no token is shown here.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_app::{App, CallbackError};
use guanxi_domain::connector::{self, Incoming, Refusal};

use crate::extract::{Path, RawBody};
use crate::problem::{ApiResult, Kind, Problem};

/// Where channels send their requests.
pub(crate) const PATH: &str = "/hooks/{tenant}/{installation}";

/// Seconds that a channel is asked to wait while its connector cannot answer.
const RETRY_AFTER: u32 = 30;
/// What a connector may say in the headers of its reply, besides names that begin with `x-`.
const HEADERS: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// Hands a request to the connector and sends its reply back.
pub(crate) async fn receive(
    State(app): State<App>,
    Path((tenant, installation)): Path<(String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> ApiResult<Response> {
    let incoming = Incoming {
        // A look at the head of an answer is a look at the answer.
        method: if method == Method::POST { "POST" } else { "GET" }.to_owned(),
        query: query.unwrap_or_default(),
        // Channels send no cookies; a browser that is led here would send the console's.
        headers: headers.iter().filter(|(name, _)| *name != header::COOKIE).map(readable).collect(),
        body: body.into(),
    };
    let reply = app.receive(&tenant, &installation, incoming).await?;
    Ok(written(reply))
}

/// What of a header is no UTF-8 is replaced: no channel signs such a thing.
fn readable((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The reply of a connector is nobody's page: whatever it says, a browser runs nothing of it and keeps nothing. It may hold a
/// button, which sends a form back here and nowhere else, without the cookies of anybody.
fn written(reply: connector::Response) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in reply.headers {
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) else { continue };
        if HEADERS.contains(&name) || name.as_str().starts_with("x-") {
            headers.insert(name, value);
        }
    }
    let policy =
        HeaderValue::from_static("sandbox allow-forms; default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl From<CallbackError> for Problem {
    fn from(error: CallbackError) -> Self {
        let detail = error.to_string();
        match error {
            CallbackError::App(error) => error.into(),
            CallbackError::Unable(_) | CallbackError::Refused(Refusal::BadConfig(_)) => {
                Self::new(Kind::Unavailable, detail).retry_after(RETRY_AFTER)
            }
            CallbackError::Refused(Refusal::BadSignature | Refusal::Stale) => Self::new(Kind::Forbidden, detail),
            CallbackError::Refused(Refusal::Malformed(_)) => Self::new(Kind::Invalid, detail),
        }
    }
}
