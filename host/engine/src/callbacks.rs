//! Requests of channels, read by their connectors. Anybody may send one, so nothing of a request that a connector refuses
//! counts against its tenant: neither fuel nor crashes.

use std::sync::Arc;

use guanxi_app::{AppError, Callback, CallbackError};
use guanxi_domain::Millis;
use guanxi_domain::connector::{Incoming, Received, Response};
use guanxi_domain::event::{NewEvent, received};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_runtime::CallError;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;
use crate::fleet::Unit;

/// Requests that are worked on at the same time.
const AT_ONCE: usize = 64;
/// Statuses with which a channel may be answered: neither promises nor redirects.
const STATUSES: [std::ops::RangeInclusive<u16>; 2] = [200..=299, 400..=599];

/// Answers requests until `stop` is cancelled, then finishes what is under way.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let Some(mut line) = engine.app.callbacks() else { return };
    let (places, tasks) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    loop {
        let callback = tokio::select! {
            () = stop.cancelled() => break,
            next = line.recv() => match next { Some(callback) => callback, None => break },
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let engine = engine.clone();
        tasks.spawn(async move {
            let Callback { tenant, installation, incoming, answer, place: of_tenant } = callback;
            let answered = received_by(&engine, tenant, &installation, incoming).await;
            drop((place, of_tenant));
            // An error means that the channel hung up; what it told is kept all the same.
            drop(answer.send(answered));
        });
    }
    tasks.close();
    tasks.wait().await;
}

async fn received_by(
    engine: &Engine,
    tenant: TenantId,
    name: &str,
    incoming: Incoming,
) -> Result<Response, CallbackError> {
    let now = engine.app.ambient().now();
    let units = engine.fleet.units(tenant).await?;
    let unit = units.iter().find(|unit| unit.installation.name == name && unit.plugin.receives());
    let unit = unit.ok_or(AppError::NotFound("address of a channel"))?;
    if let Some(pause) = unit.pause(now) {
        return Err(CallbackError::Unable(pause.to_owned()));
    }
    let Some(spec) = unit.manifest().connector.as_ref() else {
        return Err(AppError::NotFound("address of a channel").into());
    };
    let secrets = engine.fleet.passport(tenant, unit, spec).await?.secrets;
    let (called, limits) = (Arc::clone(unit), engine.options.limits);
    let reading = move || called.plugin.receive(&called.config, &incoming, now, &secrets, &limits);
    let call = tokio::task::spawn_blocking(reading).await.map_err(AppError::internal)?;
    if matches!(call.result, Ok(Ok(_))) {
        unit.count(WorkKind::Delivery, &call, 1, now);
    }
    let reception = call.result.map_err(|error| broken(tenant, unit, crash(&error)))??;
    let reply = reception.reply;
    if !STATUSES.iter().any(|range| range.contains(&reply.status)) {
        return Err(broken(tenant, unit, &format!("it answers with {}", reply.status)));
    }
    let mut events = Vec::with_capacity(reception.events.len());
    for event in reception.events {
        events.push(read(engine, tenant, unit, &spec.channel, event, now).await?);
    }
    engine.app.ingest(tenant, events).await?;
    Ok(reply)
}

/// What a connector read, ready for the log. It knows who writes to it, not who is who: what it names together stays to be
/// confirmed.
async fn read(
    engine: &Engine,
    tenant: TenantId,
    unit: &Unit,
    channel: &str,
    event: Received,
    now: Millis,
) -> Result<NewEvent, CallbackError> {
    let settings = engine.app.settings(tenant).await?;
    let gate = received::Gate { installation: unit.installation.id, channel, region: settings.region.as_deref() };
    let mut event = received::read(event, gate, now, engine.app.event_id())
        .map_err(|bad| broken(tenant, unit, &format!("an event that it read: {bad}")))?;
    settings.shape(&mut event.body);
    Ok(event)
}

/// What a plugin says as it crashes may quote what people wrote, so the log gets none of it.
fn crash(error: &CallError) -> &'static str {
    match error {
        CallError::OutOfFuel | CallError::Deadline => "it computes too much or too long",
        CallError::BadAnswer(_) => "its answer breaks the contract",
        _ => "it crashes",
    }
}

fn broken(tenant: TenantId, unit: &Unit, why: &str) -> CallbackError {
    let installation = &unit.installation.name;
    tracing::warn!(tenant = tenant.0, installation, why, "a connector cannot read a request of its channel");
    CallbackError::Unable("it failed to read the request".to_owned())
}
