//! What the routes share.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRef;
use futures::future::BoxFuture;
use guanxi_app::App;
use tokio::sync::watch;

/// Says whether the process can serve.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), NotReady>> + Send + Sync>;

/// Why the process cannot serve, in words that anybody may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady(pub String);

/// What the routes share.
#[derive(Clone)]
pub struct ApiState {
    app: App,
    ready: Readiness,
    stopping: Stopping,
}

impl ApiState {
    /// `ready` is asked for `/readyz`; live streams end once `stopping` holds `true` or its sender is gone.
    pub fn new(app: App, ready: Readiness, stopping: watch::Receiver<bool>) -> Self {
        Self { app, ready, stopping: Stopping(stopping) }
    }
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiState")
    }
}

/// Whether the process is about to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Returns when the process is about to stop.
    pub(crate) async fn wait(mut self) {
        // An error means that the sender is gone, which only happens at the end.
        drop(self.0.wait_for(|stopping| *stopping).await);
    }
}

/// Asks whether the process can serve.
#[derive(Clone)]
pub(crate) struct Ready(pub Readiness);

impl FromRef<ApiState> for App {
    fn from_ref(state: &ApiState) -> Self {
        state.app.clone()
    }
}

impl FromRef<ApiState> for Ready {
    fn from_ref(state: &ApiState) -> Self {
        Self(Arc::clone(&state.ready))
    }
}

impl FromRef<ApiState> for Stopping {
    fn from_ref(state: &ApiState) -> Self {
        state.stopping.clone()
    }
}
