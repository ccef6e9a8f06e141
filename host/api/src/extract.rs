//! Extractors whose refusals are problem documents: paths, queries and JSON bodies.

use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// The parameters of the path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        refuse_nul("path", parts.uri.path(), "%00")?;
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|error| match error.status() {
            StatusCode::BAD_REQUEST => {
                let text = error.body_text();
                Problem::invalid("path", text.strip_prefix("Invalid URL: ").unwrap_or(&text))
            }
            _ => Problem::internal(&error),
        })
    }
}

/// The query string.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        refuse_nul("query", parts.uri.query().unwrap_or_default(), "%00")?;
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let problem = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::invalid("query", problem)
        })
    }
}

/// A JSON body of content type `application/json`.
#[derive(Debug)]
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = essence(request.headers());
        if !kind.as_deref().is_some_and(|kind| kind == "application/json" || kind.ends_with("+json")) {
            return Err(Problem::new(Kind::UnsupportedMediaType, "send JSON with `Content-Type: application/json`"));
        }
        let RawBody(body) = RawBody::from_request(request, state).await?;
        let text = std::str::from_utf8(&body).map_err(|error| Problem::invalid("body", error.to_string()))?;
        // Escaped backslashes stand for themselves, so that `\\u0000` is no NUL.
        refuse_nul("body", &text.replace(r"\\", ""), r"\u0000")?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            // `?` stands for a place that was not reached.
            let at = if matches!(path.as_str(), "." | "?") { "body".to_owned() } else { path };
            Problem::invalid(at, error.into_inner().to_string())
        })?;
        reader.end().map_err(|error| Problem::invalid("body", error.to_string()))?;
        Ok(Self(value))
    }
}

/// The bytes of a body, within the limit of the route.
#[derive(Debug)]
pub(crate) struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Self).map_err(|error| match error {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                Problem::new(Kind::TooLarge, "the body has more bytes than this path takes")
            }
            _ => Problem::invalid("body", "ended before it was complete"),
        })
    }
}

/// PostgreSQL stores no NUL in a text: whoever sends one is told, instead of the database failing on it.
fn refuse_nul(at: &str, text: &str, written: &str) -> Result<(), Problem> {
    if text.contains(written) {
        Err(Problem::invalid(at, format!("contains `{written}`; leave it out")))
    } else {
        Ok(())
    }
}

/// The content type without its parameters, in lower case.
pub(crate) fn essence(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use guanxi_domain::ids::PersonId;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[expect(dead_code, reason = "only its reading is tested")]
        scopes: Vec<guanxi_domain::caller::Scope>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[expect(dead_code, reason = "only its reading is tested")]
        limit: Option<u32>,
    }

    async fn take(_: Path<PersonId>, _: Query<Wish>, _: Json<Input>) -> &'static str {
        "taken"
    }

    async fn check(uri: &str, content_type: &str, body: &str, status: u16, expected: &str) {
        let router = Router::new().route("/people/{id}", post(take)).layer(DefaultBodyLimit::max(100));
        let request = Request::post(uri).header("content-type", content_type).body(Body::from(body.to_owned()));
        let response = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{uri} {body}");
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = match serde_json::from_slice::<Value>(&bytes) {
            Ok(problem) => problem["detail"].as_str().unwrap().to_owned(),
            Err(_) => String::from_utf8(bytes.to_vec()).unwrap(),
        };
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn refusals_say_where_and_why() {
        let json = "application/json; charset=utf-8";
        let person = "/people/per_01h2xcejqtf2nbrexx3vqjhp41";
        check(person, json, r#"{"scopes":["read"]}"#, 200, "taken").await;
        check(
            person,
            json,
            r#"{"scopes":["read","x"]}"#,
            400,
            "scopes[1]: unknown variant `x`, expected one of `ingest`, `vouch`, `read`, `install`, `manage` at line 1 column 21",
        )
        .await;
        check(
            person,
            json,
            r#"{"scope":[]}"#,
            400,
            "scope: unknown field `scope`, expected `scopes` at line 1 column 8",
        )
        .await;
        check(person, json, "{\n\"scopes\" 1}", 400, "body: expected `:` at line 2 column 10").await;
        check(person, json, r#"{"scopes":[]} x"#, 400, "body: trailing characters at line 1 column 15").await;
        check(person, json, r#"{"a\u0000":1}"#, 400, r"body: contains `\u0000`; leave it out").await;
        check(
            person,
            json,
            r#"{"\\u0000":1}"#,
            400,
            r"\u0000: unknown field `\u0000`, expected `scopes` at line 1 column 10",
        )
        .await;
        check(&format!("{person}?limit=%00"), json, "{}", 400, "query: contains `%00`; leave it out").await;
        check("/people/a%00", json, "{}", 400, "path: contains `%00`; leave it out").await;
        check(person, "text/plain", "{}", 415, "send JSON with `Content-Type: application/json`").await;
        check(person, json, &" ".repeat(101), 413, "the body has more bytes than this path takes").await;
        check(&format!("{person}?limit=-1"), json, "{}", 400, "query: limit: invalid digit found in string").await;
        check(&format!("{person}?page=1"), json, "{}", 400, "query: page: unknown field `page`, expected `limit`")
            .await;
        check(
            "/people/42",
            json,
            "{}",
            400,
            "path: `42` is not an identifier of the form `per_` followed by 26 digits of 0-9 a-z without i, l, o, u",
        )
        .await;
    }
}
