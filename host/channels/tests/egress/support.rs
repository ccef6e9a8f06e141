//! Servers that remember what they were sent, and short ways to ask them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, Uri};
use guanxi_channels::{AllowPrivate, Egress, EgressError, EgressOptions, EgressPolicy, SecretText, Secrets};
use guanxi_domain::connector::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// One request as a server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub peer: SocketAddr,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A server that answers every request with 200 and `hello`, and remembers it.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Sink {
    pub async fn start() -> (Self, SocketAddr) {
        let (sink, router) = Self::router();
        (sink, serve(router).await)
    }

    /// For more routes beside it.
    pub fn router() -> (Self, Router) {
        let sink = Self::default();
        let router = Router::new().fallback(record).with_state(sink.clone());
        (sink, router)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

async fn record(
    State(sink): State<Sink>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    sink.seen.lock().unwrap().push(Seen { method, uri: uri.to_string(), headers, body, peer });
    "hello"
}

pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// A server that answers the first bytes of every connection with `answer` and then keeps silent, still connected.
pub async fn serve_bytes(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let heard = socket.read(&mut [0; 4096]).await;
            // A client that has seen enough may be gone already.
            if matches!(heard, Ok(1..)) && socket.write_all(&answer).await.is_ok() {
                open.push(socket);
            }
        }
    });
    address
}

/// A server that redirects every request.
pub async fn redirect(status: u16, location: impl std::fmt::Display) -> SocketAddr {
    serve_bytes(format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")).await
}

/// Options of an operator who lets connectors speak plain HTTP to `allowed`.
pub fn options(allowed: &[&str]) -> EgressOptions {
    EgressOptions { allow_private: AllowPrivate::parse(allowed).unwrap(), allow_http: true, ..EgressOptions::default() }
}

/// An egress that may reach 127.0.0.1.
pub fn egress() -> Egress {
    Egress::new(options(&["127.0.0.1"])).unwrap()
}

/// A policy with the secrets `token`, `odd` (breaks a line) and `long` (100 bytes), and a session.
pub fn policy(hosts: &[&str]) -> EgressPolicy {
    let secrets = [("token", "s3cr3t:T/k=".to_owned()), ("odd", "a\r\nb: c".to_owned()), ("long", "x".repeat(100))];
    let secrets: Secrets = secrets.into_iter().map(|(name, text)| (name, SecretText::new(text))).collect();
    EgressPolicy::new(hosts, Arc::new(secrets)).unwrap().with_session(Some(SecretText::new("sess10n")))
}

/// A policy for 127.0.0.1 at any port.
pub fn loopback() -> EgressPolicy {
    policy(&["127.0.0.1"])
}

pub fn get(url: impl std::fmt::Display) -> Request {
    Request { method: "GET".to_owned(), url: url.to_string(), headers: vec![], body: vec![] }
}

pub fn with_headers(request: Request, headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { headers, ..request }
}

/// Expects a refusal that shows no secret and was certain before anything left.
pub fn refused_before_send(result: Result<Response, EgressError>) -> EgressError {
    let error = result.expect_err("must be refused");
    assert!(error.is_before_send(), "{error}");
    silent(&error);
    error
}

/// Expects a failure inside of `AfterRedirect`.
pub fn refused_after_redirect(result: Result<Response, EgressError>) -> EgressError {
    let error = result.expect_err("must be refused");
    assert!(!error.is_before_send(), "{error}");
    silent(&error);
    match error {
        EgressError::AfterRedirect(cause) => *cause,
        other => panic!("{other}"),
    }
}

fn silent(error: &EgressError) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("sess10n"), "{shown}");
}
