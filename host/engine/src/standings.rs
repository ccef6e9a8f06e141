//! Computes everybody's standing again when relations have changed: at once if many have, else after a while, and never
//! so often that it takes more than a small part of the time.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::tenant::TenantId;
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// A change waits this long at most.
const WAIT: Millis = 60_000;
/// Computing takes at most one part in so many of the time.
const REST: Millis = 20;
/// What could not be computed is tried again after so long.
const AGAIN: Millis = 10_000;

/// A tenant whose relations have changed.
struct Due {
    /// At the latest.
    at: Millis,
    /// At the earliest.
    rest_until: Millis,
}

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let mut due: HashMap<TenantId, Due> = HashMap::new();
    let mut rests: HashMap<TenantId, Millis> = HashMap::new();
    // What changed before this process started may not have been computed.
    match engine.app.related_tenants().await {
        Ok(tenants) => due.extend(tenants.into_iter().map(|tenant| (tenant, Due { at: 0, rest_until: 0 }))),
        Err(error) => tracing::warn!(%error, "cannot see who has relations"),
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            tenants = engine.app.signals().related.heard() => {
                let now = engine.app.ambient().now();
                for tenant in tenants {
                    let rest_until = rests.remove(&tenant).unwrap_or(0);
                    due.entry(tenant).or_insert(Due { at: now + WAIT, rest_until });
                }
            }
            () = tokio::time::sleep(engine.options.pause), if !due.is_empty() => {}
        }
        for tenant in due.keys().copied().collect::<Vec<_>>() {
            if stop.is_cancelled() {
                return;
            }
            let Some(next) = refresh(&engine, tenant, due.get(&tenant)).await else { continue };
            due.remove(&tenant);
            match next {
                Next::Done { rest_until } => drop(rests.insert(tenant, rest_until)),
                Next::Again { at } => drop(due.insert(tenant, Due { at, rest_until: at })),
            }
        }
        let now = engine.app.ambient().now();
        rests.retain(|_, rest_until| *rest_until > now);
    }
}

enum Next {
    Done { rest_until: Millis },
    Again { at: Millis },
}

/// Computes the standings of one tenant if it is time; `None` if it is not.
async fn refresh(engine: &Engine, tenant: TenantId, due: Option<&Due>) -> Option<Next> {
    let due = due?;
    let start = engine.app.ambient().now();
    if start < due.rest_until {
        return None;
    }
    if start < due.at && !engine.app.standings_are_due(tenant).await.unwrap_or(true) {
        return None;
    }
    match engine.app.refresh_standings(tenant).await {
        Ok(done) => {
            let now = engine.app.ambient().now();
            tracing::debug!(tenant = tenant.0, people = done.people, stored = done.stored, "standings computed");
            Some(Next::Done { rest_until: now + (now - start) * REST })
        }
        Err(error) => {
            tracing::warn!(tenant = tenant.0, %error, "the standings wait");
            Some(Next::Again { at: start + AGAIN })
        }
    }
}
