//! What went wrong, as RFC 9457 problem documents. The only place that knows which error is which HTTP status.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_app::AppError;
use serde::Serialize;
use utoipa::ToSchema;

/// The content type of a problem document.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";
/// Seconds that a client is asked to wait while the database is away.
const RETRY_AFTER_UNAVAILABLE: u32 = 5;

/// Result of a handler.
pub type ApiResult<T> = Result<T, Problem>;

/// A sort of problem; its name never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Invalid,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Timeout,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Overloaded,
    Internal,
    Unavailable,
}

impl Kind {
    const fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Invalid => ("invalid", StatusCode::BAD_REQUEST, "The request cannot be used"),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "No valid token"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "The token does not allow this"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "The path does not take this method")
            }
            Self::Timeout => ("timeout", StatusCode::REQUEST_TIMEOUT, "The request took too long"),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "Something else is there already"),
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The content type cannot be read")
            }
            Self::Overloaded => ("overloaded", StatusCode::TOO_MANY_REQUESTS, "Too much is waiting"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Not available right now"),
        }
    }
}

/// Why a request was not carried out; small enough to be handed on in a `Result`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Document>);

/// A problem document: why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Names the sort of problem and never changes: `urn:guanxi:problem:` and `invalid`, `unauthorized`, `forbidden`,
    /// `not-found`, `method-not-allowed`, `timeout`, `conflict`, `too-large`, `unsupported-media-type`, `overloaded`,
    /// `internal` or `unavailable`.
    #[serde(rename = "type")]
    #[schema(example = "urn:guanxi:problem:invalid")]
    kind: String,
    /// The sort of problem in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// This very problem, and what to do.
    detail: String,
    /// Everything that is wrong with the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<InputError>,
    /// The last part of `type`; on the Segment-style routes only, whose libraries read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The same as `detail`; on the Segment-style routes only, whose libraries read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip)]
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Of {
    kind: Kind,
    retry_after: Option<u32>,
}

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputError {
    /// Where, as a path.
    #[schema(example = "config/url")]
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (slug, status, title) = kind.parts();
        Self(Box::new(Document {
            kind: format!("urn:guanxi:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            code: None,
            message: None,
            of: Of { kind, retry_after: None },
        }))
    }

    /// An input with one problem.
    pub(crate) fn invalid(at: impl Into<String>, problem: impl Into<String>) -> Self {
        AppError::invalid(at, problem).into()
    }

    /// An input with these problems.
    pub(crate) fn invalid_input(errors: Vec<InputError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.at, one.problem),
            many => format!("{} things are wrong; see errors", many.len()),
        };
        let mut problem = Self::new(Kind::Invalid, detail);
        problem.0.errors = errors;
        problem
    }

    /// A defect; its cause goes to the log here and nowhere else.
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        let causes: Vec<String> = std::iter::successors(Some(cause), |e| e.source()).map(|e| e.to_string()).collect();
        tracing::error!(error = causes.join(": "), "a request failed");
        Self::new(Kind::Internal, "internal error")
    }

    /// With what Segment's libraries look for in an answer that is no success.
    #[must_use]
    pub(crate) fn for_segment(mut self) -> Self {
        self.0.code = Some(self.0.of.kind.parts().0);
        self.0.message = Some(self.0.detail.clone());
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.of.retry_after = Some(seconds);
        self
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let detail = error.to_string();
        match error {
            AppError::Unauthorized => Self::new(Kind::Unauthorized, "show a valid token in the Authorization header"),
            AppError::Forbidden(_) => Self::new(Kind::Forbidden, detail),
            AppError::NotFound(_) => Self::new(Kind::NotFound, detail),
            AppError::Conflict(_) => Self::new(Kind::Conflict, detail),
            AppError::Invalid(problems) => {
                Self::invalid_input(problems.into_iter().map(|p| InputError { at: p.at, problem: p.problem }).collect())
            }
            AppError::TooLarge(_) => Self::new(Kind::TooLarge, detail),
            AppError::Overloaded(seconds) => Self::new(Kind::Overloaded, detail).retry_after(seconds),
            AppError::Unavailable => Self::new(Kind::Unavailable, detail).retry_after(RETRY_AFTER_UNAVAILABLE),
            AppError::Internal(cause) => Self::internal(cause.as_ref()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (_, status, _) = self.0.of.kind.parts();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.of.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.of.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"guanxi\""));
        }
        response
    }
}

/// Answers requests for paths that do not exist; for routers that this one is merged into, too.
pub async fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "there is no such path; /openapi.json lists those there are")
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "use one of the methods in the Allow header")
}

pub(crate) fn timed_out(limit: std::time::Duration) -> Problem {
    let detail =
        format!("nothing came of it within {} s; if it was a write, look before you repeat it", limit.as_secs());
    Problem::new(Kind::Timeout, detail)
}

/// Answers a request whose handler panicked.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(error = message.unwrap_or("unknown"), "a request handler panicked");
    Problem::new(Kind::Internal, "internal error").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    async fn check(error: AppError, status: u16, retry_after: Option<&str>, body: Value) {
        let response = Problem::from(error).into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("retry-after").map(|v| v.to_str().unwrap()), retry_after);
        assert_eq!(response.headers().get("content-type").unwrap(), CONTENT_TYPE);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), body);
    }

    #[tokio::test]
    async fn errors_become_problem_documents() {
        let invalid = AppError::Invalid(vec![
            guanxi_app::Problem::new("name", "give one"),
            guanxi_app::Problem::new("config/url", "is no URL"),
        ]);
        check(
            invalid,
            400,
            None,
            json!({
                "type": "urn:guanxi:problem:invalid", "title": "The request cannot be used", "status": 400,
                "detail": "2 things are wrong; see errors",
                "errors": [{"at": "name", "problem": "give one"}, {"at": "config/url", "problem": "is no URL"}],
            }),
        )
        .await;
        check(
            AppError::Overloaded(2),
            429,
            Some("2"),
            json!({"type": "urn:guanxi:problem:overloaded", "title": "Too much is waiting", "status": 429,
                "detail": "too much is waiting; try again in 2 s"}),
        )
        .await;
        check(
            AppError::Unavailable,
            503,
            Some("5"),
            json!({"type": "urn:guanxi:problem:unavailable", "title": "Not available right now", "status": 503,
                "detail": "the service cannot store anything right now; try again later"}),
        )
        .await;
        check(
            AppError::internal("password=hunter2"),
            500,
            None,
            json!({"type": "urn:guanxi:problem:internal", "title": "Internal error", "status": 500,
                "detail": "internal error"}),
        )
        .await;
    }
}
