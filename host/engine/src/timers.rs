//! Timers that are due become events in their tenant's log: deleted and appended in one transaction, so each rings once.

use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::event::{EventBody, NewEvent, TIMER};
use guanxi_domain::ids::{EventId, derived_uuid};
use guanxi_store::{Scope as Rows, Timer};
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// The most timers of one transaction.
const ROUND: u32 = 500;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let pause = match ring(&engine).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "timers are late");
                engine.options.pause
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = engine.app.signals().timed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Rings everything that is due; returns how long nothing will be due.
async fn ring(engine: &Engine) -> Result<Duration, AppError> {
    loop {
        let now = engine.app.ambient().now();
        let due = engine.app.store().read(Rows::Host).await?.due_timers(now, ROUND).await?;
        if due.is_empty() {
            let next = engine.app.store().read(Rows::Host).await?.next_timer().await?;
            let wait = next.map_or(Duration::MAX, |at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0)));
            return Ok(wait.clamp(Duration::from_millis(1), engine.options.pause));
        }
        let mut rest = due.as_slice();
        while let Some(first) = rest.first() {
            let (mine, others) = rest.split_at(rest.iter().take_while(|timer| timer.tenant == first.tenant).count());
            ring_tenant(engine, mine, now).await?;
            rest = others;
        }
    }
}

async fn ring_tenant(engine: &Engine, due: &[Timer], now: Millis) -> Result<(), AppError> {
    let Some(tenant) = due.first().map(|timer| timer.tenant) else { return Ok(()) };
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    let taken = work.take_timers(tenant, due).await?;
    let events: Vec<NewEvent> = taken.iter().map(|timer| event_of(timer, now)).collect();
    work.append(tenant, &events).await?;
    work.commit().await?;
    engine.app.signals().appended.ring(tenant);
    Ok(())
}

fn event_of(timer: &Timer, now: Millis) -> NewEvent {
    let message_id = format!("guanxi.timer/{}/{}/{}/{}", timer.installation, timer.person, timer.key, timer.due_at);
    let payload = serde_json::from_str(&timer.payload).unwrap_or(serde_json::Value::Null);
    let properties = [
        ("installation", serde_json::Value::String(timer.installation.to_string())),
        ("key", serde_json::Value::String(timer.key.clone())),
        ("payload", payload),
    ];
    NewEvent {
        id: EventId::from_uuid(derived_uuid(now, &[&timer.tenant.0.to_be_bytes(), message_id.as_bytes()])),
        message_id,
        kind: TIMER.to_owned(),
        occurred_at: timer.due_at.min(now),
        received_at: now,
        body: EventBody {
            person: Some(timer.person),
            properties: properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            ..EventBody::default()
        },
    }
}
