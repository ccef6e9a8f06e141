//! `guanxi serve`: everything in one process, until it is asked to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use guanxi_api::{ApiState, NotReady, Readiness};
use guanxi_app::App;
use guanxi_console::ConsoleOptions;
use guanxi_store::{SchemaState, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bundle;
use crate::commands::print;
use crate::config::Config;
use crate::wiring::{self, Parts};

/// How long requests and plugin calls may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let parts = wiring::build(config).await?;
    bundle::upload(&parts.app, &wiring::local_operator()).await?;
    if let Some(token) = parts.app.ensure_operator(config.operator_token.as_deref()).await? {
        print(format!("The first operator token, shown only now: {token}"));
    }
    let running = Running::start(config, parts, None).await?;
    print(format!("Guanxi listens on http://{}", running.address));
    running.until_asked_to_stop().await
}

/// A process at work.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: TaskTracker,
    stop: CancellationToken,
    store: Store,
}

impl Running {
    /// Starts to listen and to work. The console offers `demo_token` for one click, if given.
    pub async fn start(config: &Config, parts: Parts, demo_token: Option<String>) -> anyhow::Result<Self> {
        let Parts { app, appender, engine, store } = parts;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another with --listen", config.listen))?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        // The appender stops last: requests that are being answered still wait for it.
        let closing = CancellationToken::new();
        tasks.spawn(appender.run(closing.clone().cancelled_owned()));
        tasks.spawn(engine.run(stop.clone()));
        let (looked_at, asked) = (app.clone(), stop.clone());
        tasks.spawn(async move { asked.run_until_cancelled(warn_of_closed_secrets(&looked_at)).await });
        let (stopping, watched) = watch::channel(false);
        let console = ConsoleOptions {
            demo_token,
            public_url: config.public_url.as_ref().map(|url| url.as_str().to_owned()),
            stop: stop.clone(),
            ..ConsoleOptions::default()
        };
        let router = Router::new()
            .route("/", get(|| async { Redirect::temporary("/console") }))
            .merge(guanxi_console::router(app.clone(), console))
            .merge(guanxi_api::router(ApiState::new(app, readiness(store.clone()), watched)))
            .fallback(guanxi_api::not_found)
            .into_make_service_with_connect_info::<SocketAddr>();
        let asked = stop.clone();
        tasks.spawn(async move {
            let asked = async move {
                asked.cancelled().await;
                stopping.send_replace(true);
            };
            let served = axum::serve(listener, router).with_graceful_shutdown(asked).await;
            closing.cancel();
            if let Err(error) = served {
                tracing::error!(%error, "serving ended");
            }
        });
        tasks.close();
        Ok(Self { address, tasks, stop, store })
    }

    /// Works until SIGINT or SIGTERM, then finishes what is under way.
    pub async fn until_asked_to_stop(self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked?,
            _ = terminate.recv() => {}
        }
        self.stop().await
    }

    /// Finishes what is under way.
    pub async fn stop(self) -> anyhow::Result<()> {
        tracing::info!("stopping");
        self.stop.cancel();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not finish in time; it is done again at the next start");
        }
        self.store.close().await;
        Ok(())
    }
}

/// Says so if no key opens the secrets of some installations: their connectors would send nothing.
async fn warn_of_closed_secrets(app: &App) {
    let (mut closed, mut after) = (0, None);
    loop {
        match app.reseal(&wiring::local_operator(), after, true).await {
            Ok(piece) => {
                closed += piece.closed.len();
                after = piece.next;
            }
            Err(error) => {
                tracing::warn!(%error, "not known whether the secrets of all installations open");
                return;
            }
        }
        if after.is_none() {
            break;
        }
    }
    if closed > 0 {
        tracing::warn!(
            holders = closed,
            "no key opens the secrets of some installations or webhooks; `guanxi secrets reseal --check` names them"
        );
    }
}

/// Ready is who reaches a database whose schema is this version's.
fn readiness(store: Store) -> Readiness {
    Arc::new(move || {
        let store = store.clone();
        Box::pin(async move {
            match store.schema().await {
                Ok(SchemaState::Current) => Ok(()),
                Ok(SchemaState::Behind) => Err(NotReady("the schema is behind; run `guanxi migrate`".to_owned())),
                Err(error) => {
                    tracing::warn!(%error, "not ready");
                    Err(NotReady("the database is not available".to_owned()))
                }
            }
        })
    })
}
