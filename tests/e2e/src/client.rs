//! HTTP as a client of Guanxi speaks it, with answers that a test can read.

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Sends requests to one host, with a token or without.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    /// A client of the host at `base`, without a token.
    pub fn new(base: &str) -> Self {
        // A second install changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Self { http: http.expect("a client"), base: base.to_owned(), token: None }
    }

    /// The same with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same with paths below `prefix`.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        Self { base: format!("{}{prefix}", self.base), ..self.clone() }
    }

    /// The token that it shows.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request to be completed by the caller.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends without a body.
    pub async fn send(&self, method: Method, path: &str) -> Answer {
        finish(self.request(method, path)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        finish(with_json(self.request(Method::POST, path), body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        finish(with_json(self.request(Method::PUT, path), body)).await
    }

    /// Sends bytes as they are.
    pub async fn post_bytes(&self, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
        finish(self.request(Method::POST, path).header(CONTENT_TYPE, content_type).body(body.into())).await
    }

    /// Every item of a list, page by page of at most `limit` (`path` may have a query); pages never repeat a cursor.
    pub async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{separator}limit={limit}{after}")).await.expect(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            let next = page["next"].as_str().map(str::to_owned);
            assert!(next.is_none() || next != cursor, "{path} goes in circles");
            cursor = next;
            if cursor.is_none() {
                return items;
            }
        }
    }
}

/// A request with a JSON body.
pub fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.to_string())
}

/// Sends a request and reads the whole answer.
pub async fn finish(request: RequestBuilder) -> Answer {
    try_finish(request).await.expect("an answer")
}

/// The same, where there may be no answer: the host may be gone.
pub async fn try_finish(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await? })
}

impl Answer {
    /// The body, of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The body as JSON; `null` if there is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// A problem document of this status and sort: checks what all have in common and returns it.
    #[track_caller]
    pub fn problem(&self, status: u16, sort: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{body}");
        assert_eq!(body["type"], format!("urn:guanxi:problem:{sort}"), "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{body}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
        body
    }

    /// One header, if it is there once and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
