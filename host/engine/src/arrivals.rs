//! What arrives over sessions that the egress keeps for connectors: read by them as requests of channels are, and acknowledged
//! once it is in the log.

use std::sync::Arc;

use guanxi_channels::Arrival;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;

/// Arrivals that are worked on at the same time.
const AT_ONCE: usize = 32;

/// Hands arrivals on until `stop` is cancelled, then finishes what is under way.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let Some(mut line) = engine.egress.arrivals() else { return };
    let (places, tasks) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    loop {
        let arrival = tokio::select! {
            () = stop.cancelled() => break,
            next = line.recv() => match next { Some(arrival) => arrival, None => break },
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let engine = engine.clone();
        tasks.spawn(async move {
            let Arrival { holder, incoming, kept } = arrival;
            let reply = engine.app.receive_for(holder.tenant, &holder.installation, incoming).await;
            if let Err(error) = &reply {
                let installation = &*holder.installation;
                tracing::warn!(tenant = holder.tenant.0, installation, %error, "what arrived was not taken");
            }
            if kept.send(reply.is_ok_and(|reply| (200..300).contains(&reply.status))).is_err() {
                tracing::debug!(tenant = holder.tenant.0, "a session ended before it heard that an arrival is kept");
            }
            drop(place);
        });
    }
    tasks.close();
    tasks.wait().await;
}
