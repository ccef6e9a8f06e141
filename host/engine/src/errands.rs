//! What staff try out on channels: sessions and test messages, by the same connectors, sessions and egress as real messages.

use std::sync::Arc;

use guanxi_app::{AppError, Errand, SentTest, SessionCheck, TestMessage};
use guanxi_domain::tenant::TenantId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;
use crate::delivery::trial;
use crate::fleet::{Passport, Unit};

/// Errands that are run at the same time.
const AT_ONCE: usize = 16;

/// Runs errands until `stop` is cancelled, then finishes what is under way.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let Some(mut line) = engine.app.errands() else { return };
    let (places, tasks) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    loop {
        let errand = tokio::select! {
            () = stop.cancelled() => break,
            next = line.recv() => match next { Some(errand) => errand, None => break },
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let engine = engine.clone();
        tasks.spawn(async move {
            // Who asked may be gone.
            match errand {
                Errand::CheckSession { tenant, installation, answer } => {
                    drop(answer.send(checked(&engine, tenant, &installation).await));
                }
                Errand::SendTest { tenant, installation, test, answer } => {
                    drop(answer.send(sent(&engine, tenant, &installation, test).await));
                }
            }
            drop(place);
        });
    }
    tasks.close();
    tasks.wait().await;
}

async fn checked(engine: &Engine, tenant: TenantId, name: &str) -> Result<SessionCheck, AppError> {
    let (unit, passport) = equipped(engine, tenant, name).await?;
    let clock = engine.app.ambient();
    let started = clock.now();
    if !unit.plugin.has_session() {
        return Ok(SessionCheck { wanted: false, expires_at: None, problem: None, took_ms: 0 });
    }
    let got = engine.sessions.at_once(engine, tenant, &unit, &passport).await;
    let took_ms = clock.now() - started;
    Ok(match got {
        Ok(session) => SessionCheck { wanted: true, expires_at: Some(session.expires_at), problem: None, took_ms },
        Err(none) => SessionCheck { wanted: true, expires_at: None, problem: Some(none.why), took_ms },
    })
}

async fn sent(engine: &Engine, tenant: TenantId, name: &str, test: TestMessage) -> Result<SentTest, AppError> {
    let (unit, passport) = equipped(engine, tenant, name).await?;
    trial::send(engine, tenant, &unit, passport, test).await
}

/// A connector with what it may use, whether it is switched on or not: it is tried before.
async fn equipped(engine: &Engine, tenant: TenantId, name: &str) -> Result<(Arc<Unit>, Passport), AppError> {
    let unit = engine.fleet.unit(tenant, name).await?.ok_or(AppError::NotFound("channel"))?;
    if let Some(pause) = unit.pause(engine.app.ambient().now()) {
        return Err(AppError::Conflict(format!("{pause}; try again later")));
    }
    let spec = unit.manifest().connector.as_ref().ok_or(AppError::NotFound("channel"))?;
    let passport = engine.fleet.passport(tenant, &unit, spec).await?;
    Ok((unit, passport))
}
