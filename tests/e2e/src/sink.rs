//! A receiver of webhooks: records what comes, and answers well, badly, late or never.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::wait::eventually;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this status.
    Status(u16),
    /// With this status and headers.
    With(u16, Vec<(&'static str, String)>),
    /// With `200` and this document.
    Json(serde_json::Value),
    /// Never.
    Hang,
}

type Behaviour = Box<dyn Fn(&Received) -> Reply + Send>;

/// A server on this machine; ends when dropped.
pub struct Sink {
    shared: Arc<Shared>,
    host: String,
    server: JoinHandle<()>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    behaviour: Mutex<Behaviour>,
}

impl Sink {
    /// Starts one that answers `200` until told otherwise.
    pub async fn start() -> Self {
        let shared =
            Arc::new(Shared { received: Mutex::default(), behaviour: Mutex::new(Box::new(|_| Reply::Status(200))) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") });
        Self { shared, host: address.to_string(), server }
    }

    /// `http://127.0.0.1:…/hook`
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.host)
    }

    /// `127.0.0.1`, as grants name it.
    pub fn host(&self) -> &str {
        self.host.split(':').next().unwrap_or_default()
    }

    /// `127.0.0.1:…`
    pub fn address(&self) -> &str {
        &self.host
    }

    /// Answers from now on as `behaviour` says.
    pub fn behave(&self, behaviour: impl Fn(&Received) -> Reply + Send + 'static) {
        *self.shared.behaviour.lock().expect("no panic inside") = Box::new(behaviour);
    }

    /// What came until now, in the order of arrival.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no panic inside").clone()
    }

    /// Waits until at least `count` requests came, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} requests at the sink"), async || {
            Some(self.received()).filter(|received| received.len() >= count)
        })
        .await
    }
}

impl Received {
    /// One header, if it is readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = Received { method, target: uri.to_string(), headers, body };
    let reply = (shared.behaviour.lock().expect("no panic inside"))(&received);
    shared.received.lock().expect("no panic inside").push(received);
    match reply {
        Reply::Status(status) => code(status).into_response(),
        Reply::With(status, headers) => {
            let mut response = code(status).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().expect("a header value"));
            }
            response
        }
        Reply::Json(document) => axum::Json(document).into_response(),
        Reply::Hang => std::future::pending().await,
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}
