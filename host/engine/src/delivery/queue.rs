//! Works off one queue: claims what may leave, sends it in waves, writes down what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use guanxi_app::AppError;
use guanxi_channels::granted_hosts;
use guanxi_domain::message::Message;
use guanxi_store::{Claimed, Queue};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::attempt::Courier;
use super::claim::{CLAIM, Turn, claim};
use super::gate::Gate;
use super::settle::settle;
use super::standing::Standing;
use super::tracking::Tracking;
use crate::Engine;
use crate::fleet::Unit;

/// Fewer than so many wait so long for others before they are settled: nobody waits for it, and the others have more of
/// the database.
const UNPACED: usize = 32;
const PACE: Duration = Duration::from_millis(5);

/// Sends what is due in a queue until nothing is, or nothing may leave for a while.
pub(crate) async fn work_off(engine: &Engine, queue: Queue, stop: &CancellationToken) -> Result<(), AppError> {
    let (tenant, connector, class) = queue;
    let gate = engine.gates.of(tenant, connector);
    while !stop.is_cancelled() {
        let Some(unit) = well(engine, queue).await? else { return Ok(()) };
        let hosts = granted_hosts(&unit.installation.grants.egress, &unit.installation.config).join(" ");
        // Given back after each claim, so that all take turns.
        let place = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            place = engine.places.take(class, &hosts) => place,
        };
        // Whoever waited for a place looks again at what is installed.
        let Some(unit) = well(engine, queue).await? else { return Ok(()) };
        let Some(spec) = unit.manifest().connector.as_ref() else { return Ok(()) };
        // Before anything is claimed: what is claimed and does not leave looks as if it had been interrupted on its way.
        let passport = engine.fleet.passport(tenant, &unit, spec).await?;
        let quotas = spec.rules.at(engine.app.ambient().now()).map(|rules| rules.quotas.as_slice()).unwrap_or_default();
        match claim(engine, queue, quotas, &gate, spec.idempotent).await? {
            Turn::Rest => return Ok(()),
            Turn::Wait(until) => {
                drop(place);
                let wait = u64::try_from(until - engine.app.ambient().now()).unwrap_or(0);
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                }
            }
            Turn::Send { claimed, is_probe, is_last } => {
                let messages: Vec<&Message> = claimed.iter().map(|claimed| &claimed.message).collect();
                let (standing, under_way) = Standing::of(engine, tenant, &unit, &messages).await?;
                let tracking = Tracking::of(engine, tenant, spec, &messages).await?;
                let gate_and_probe = (Arc::clone(&gate), is_probe);
                let courier = Courier::new(engine, tenant, &unit, passport, standing, gate_and_probe, tracking);
                send(engine, queue, claimed, courier, (&gate, spec.idempotent)).await?;
                drop(under_way);
                if is_last {
                    // Whoever queued more meanwhile has rung.
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The connector, if it may be called. What is switched off or in quarantine keeps its messages waiting, and its tries
/// uncounted.
async fn well(engine: &Engine, (tenant, connector, _): Queue) -> Result<Option<Arc<Unit>>, AppError> {
    let units = engine.fleet.units(tenant).await?;
    let now = engine.app.ambient().now();
    let well = units.iter().find(|unit| unit.installation.id == connector && unit.is_well(now));
    Ok(well.filter(|unit| unit.manifest().connector.is_some()).cloned())
}

/// Tries claimed messages. What is done is settled while slower ones go on. A channel that knows repetitions may get a
/// message again after a power cut: only others need to note at once, and for good, that they got it.
async fn send(
    engine: &Engine,
    (tenant, connector, _): Queue,
    claimed: Vec<Claimed>,
    courier: Courier,
    (gate, idempotent): (&Gate, bool),
) -> Result<(), AppError> {
    let (done, mut settling) = mpsc::channel(CLAIM as usize);
    let send = async move {
        let tries = futures::stream::iter(claimed).map(|claimed| courier.deliver(claimed));
        let mut tries = tries.buffer_unordered(engine.options.sends);
        while let Some(tried) = tries.next().await {
            // An error means that settling has failed, which ends both.
            drop(done.send(tried).await);
        }
        Ok(())
    };
    let settle_all = async {
        let mut tried = Vec::new();
        while settling.recv_many(&mut tried, CLAIM as usize).await > 0 {
            if tried.len() < UNPACED {
                tokio::time::sleep(PACE).await;
                while let Ok(more) = settling.try_recv() {
                    tried.push(more);
                }
            }
            settle(engine, (tenant, connector), &tried, gate, idempotent).await?;
            tried.clear();
        }
        Ok::<(), AppError>(())
    };
    tokio::try_join!(send, settle_all)?;
    Ok(())
}
