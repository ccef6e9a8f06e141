//! `Idempotency-Key`: a write that is sent again under the same key is answered again, not done again.
//!
//! Kept are answers of success only; an error may be tried again under the same key. An answer that shows a secret is
//! not kept as it was: the store would hold the secret in the clear. What is kept instead says that it was done.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use guanxi_app::{Answer, App};

use crate::auth::Authenticated;
use crate::extract::RawBody;
use crate::problem::{ApiResult, CONTENT_TYPE, Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// More than any answer to a write.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Marks a response that shows a secret: what to answer to a repetition instead.
#[derive(Debug, Clone)]
pub(crate) struct ShownOnce(pub Problem);

/// Gives a kept answer again, or keeps the one that is given now.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> ApiResult<Response> {
    let writes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let Some(key) = request.headers().get(KEY).filter(|_| writes).cloned() else {
        return Ok(next.run(request).await);
    };
    let key = key.to_str().map_err(|_| Problem::invalid("Idempotency-Key", "use visible ASCII characters"))?;
    let (mut parts, body) = request.into_parts();
    let Authenticated(caller) = Authenticated::from_request_parts(&mut parts, &app).await?;
    let RawBody(bytes) = RawBody::from_request(Request::from_parts(parts.clone(), body), &app).await?;
    // With the token: what one token was told is not told to another.
    let token = caller.token.to_string();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let method = parts.method.clone();
    let same = [token.as_bytes(), method.as_str().as_bytes(), target.as_bytes(), &bytes];
    if let Some(answer) = app.answered(&caller, key, &same).await? {
        return Ok(replay(answer));
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let (response, answer) = split(response).await?;
    // It is done: that its answer could not be kept must not turn it into a failure.
    if let Err(error) = app.keep_answer(&caller, key, &same, &answer).await {
        tracing::warn!(%error, "an answer could not be kept under its idempotency key");
    }
    Ok(response)
}

fn replay(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { CONTENT_TYPE };
    let mut response = (status, answer.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// The response as it goes out, and the answer to keep.
async fn split(response: Response) -> ApiResult<(Response, Answer)> {
    let (mut parts, body) = response.into_parts();
    let instead = parts.extensions.remove::<ShownOnce>();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|error| Problem::internal(&error))?;
    let answer = match instead {
        Some(ShownOnce(problem)) => Answer {
            status: problem.status(),
            body: serde_json::to_string(&problem).map_err(|error| Problem::internal(&error))?,
        },
        None => Answer { status: parts.status.as_u16(), body: String::from_utf8_lossy(&bytes).into_owned() },
    };
    Ok((Response::from_parts(parts, Body::from(bytes)), answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;

    #[tokio::test]
    async fn a_secret_goes_out_but_is_not_kept() {
        let mut shown = (StatusCode::CREATED, r#"{"token":"gxt_secret"}"#).into_response();
        shown.extensions_mut().insert(ShownOnce(Problem::new(Kind::Conflict, "shown once")));
        let (out, kept) = split(shown).await.unwrap();
        assert_eq!((out.status(), kept.status), (StatusCode::CREATED, 409));
        assert!(!kept.body.contains("gxt_secret") && kept.body.contains("shown once"));
        assert_eq!(to_bytes(out.into_body(), 100).await.unwrap(), r#"{"token":"gxt_secret"}"#);

        let again = replay(kept);
        assert_eq!(again.headers()["content-type"], CONTENT_TYPE);
        assert_eq!(again.headers()["idempotent-replayed"], "true");
    }
}
