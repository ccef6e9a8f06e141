//! Counts the portraits that are wanted, one at a time, and never so often that it takes more than a part of the time.

use std::time::Duration;

use guanxi_app::{AppError, Counted, PortraitClaim};
use guanxi_domain::Millis;
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// After counting it rests so many times as long.
const REST: u32 = 3;
/// The longest rest; what is wanted is shown to somebody who waits.
const REST_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let began = engine.app.ambient().now();
        let round = async {
            match count_next(&engine).await {
                Ok(true) => rest(engine.app.ambient().now() - began).await,
                Ok(false) => pause(&engine).await,
                Err(error) => {
                    tracing::warn!(%error, "portraits wait");
                    tokio::time::sleep(engine.options.pause).await;
                }
            }
        };
        // Counting is only reading: what was begun is begun anew by whoever comes next.
        tokio::select! {
            () = stop.cancelled() => return,
            () = round => {}
        }
    }
}

async fn rest(took: Millis) {
    let took = Duration::from_millis(u64::try_from(took).unwrap_or(0));
    tokio::time::sleep((took * REST).min(REST_MAX)).await;
}

async fn pause(engine: &Engine) {
    tokio::select! {
        () = engine.app.signals().portrayed.notified() => {}
        () = tokio::time::sleep(engine.options.pause) => {}
    }
}

/// Counts one portrait if one is wanted; whether one was.
async fn count_next(engine: &Engine) -> Result<bool, AppError> {
    let Some(claim) = engine.app.claim_portrait().await? else { return Ok(false) };
    let PortraitClaim { tenant, segment, .. } = claim;
    match engine.app.count_portrait(claim).await {
        Ok(Counted::Stored(people, took_ms)) => {
            tracing::debug!(tenant = tenant.0, ?segment, people, took_ms, "portrait counted");
            Ok(true)
        }
        // Whoever finds the segment's members does so within a moment.
        Ok(Counted::Waits) => Ok(false),
        Ok(Counted::Lost) => Ok(true),
        Err(error) => {
            tracing::warn!(tenant = tenant.0, ?segment, %error, "a portrait waits");
            engine.app.postpone_portrait(&claim).await?;
            Ok(false)
        }
    }
}
