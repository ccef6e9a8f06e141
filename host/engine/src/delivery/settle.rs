//! Writes down what tries came to: where the messages are, how their channel is, and what the log is told of both.

use guanxi_app::{AppError, Live, LiveKind};
use guanxi_domain::Millis;
use guanxi_domain::event::NewEvent;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::message::{Message, MessageStatus};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Released, Scope as Rows, Settled};

use super::attempt::{Fate, Tried};
use super::counts;
use super::gate::Gate;
use crate::{Engine, gone, notices, pipeline};

/// Records how messages ended, when they are tried again or that they wait on, and tells the log of those that ended.
pub(crate) async fn settle(
    engine: &Engine,
    (tenant, connector): (TenantId, InstallationId),
    tried: &[Tried],
    gate: &Gate,
    idempotent: bool,
) -> Result<(), AppError> {
    let now = engine.app.ambient().now();
    let settled: Vec<Settled> = tried.iter().filter_map(|t| t.settled().cloned()).collect();
    let released: Vec<Released> = tried.iter().filter_map(Tried::released).collect();
    let attempts: Vec<_> = tried.iter().filter_map(|t| t.attempt.clone()).collect();
    let exchanges: Vec<_> = tried.iter().filter_map(|t| t.exchanges.as_ref()).collect();
    let logs: Vec<_> = tried.iter().flat_map(|t| &t.logs).cloned().collect();
    let events: Vec<NewEvent> = tried.iter().flat_map(|t| events_of(tenant, t, now)).collect();
    let state = gate.news();
    let (store, rows) = (engine.app.store(), Rows::Tenant(tenant));
    let mut work = if idempotent { store.begin_unhurried(rows).await? } else { store.begin(rows).await? };
    work.settle(tenant, &settled).await?;
    work.release(tenant, &released).await?;
    work.insert_attempts(tenant, &attempts).await?;
    work.insert_exchanges(tenant, &exchanges).await?;
    counts::add(&mut work, tenant, tried).await?;
    work.append(tenant, &events).await?;
    work.insert_logs(tenant, &logs).await?;
    if let Some(state) = &state {
        work.put_channel_state(tenant, connector, state, now).await?;
    }
    let mut notices = Vec::new();
    for (installation, health) in tried.iter().filter_map(|t| t.health.as_ref()) {
        notices.extend(notices::put_health(&mut work, tenant, *installation, health).await?);
    }
    let noticed = engine.app.announce(&mut work, tenant, &notices).await?;
    work.commit().await?;
    if let Some(state) = &state {
        gate.written(state);
    }
    if !events.is_empty() {
        engine.app.signals().appended.ring(tenant);
    }
    if noticed {
        engine.app.signals().noticed.notify_one();
    }
    if engine.app.is_watched() {
        let told = tried.iter().filter_map(|t| Some(live(tenant, &t.message, t.settled()?, now)));
        told.for_each(|item| engine.app.tell(item));
    }
    tell_of_turn(engine, tenant, connector, gate, now);
    let ids = settled.iter().filter_map(|settled| settled.channel_id.as_deref());
    let early = engine.early.take(tenant, connector, ids);
    if !early.is_empty() {
        pipeline::write_early(engine, tenant, &early, now).await?;
    }
    Ok(())
}

/// Tells onlookers and the log of the process that a channel rests, pauses or works again.
pub(crate) fn tell_of_turn(engine: &Engine, tenant: TenantId, connector: InstallationId, gate: &Gate, now: Millis) {
    let Some((mood, until, reason)) = gate.turn(now) else { return };
    let mood = mood.as_str();
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    tracing::info!(tenant = tenant.0, %connector, mood, until, "a channel is {mood}{reason}");
    if engine.app.is_watched() {
        engine.app.tell(Live {
            tenant,
            kind: LiveKind::Plugin,
            at: now,
            id: connector.to_string(),
            person: None,
            name: None,
            what: "channel".to_owned(),
            detail: format!("{mood}{reason}"),
        });
    }
}

impl Tried {
    pub(super) fn settled(&self) -> Option<&Settled> {
        match &self.fate {
            Fate::Settled(settled) => Some(settled),
            Fate::Released(_) => None,
        }
    }

    fn released(&self) -> Option<Released> {
        match &self.fate {
            Fate::Settled(_) => None,
            Fate::Released(released) => Some(released.clone()),
        }
    }
}

/// What the log is told of a try: that the message has ended, that its address reaches nobody any more.
fn events_of(tenant: TenantId, tried: &Tried, now: Millis) -> Vec<NewEvent> {
    let Some(settled) = tried.settled().filter(|settled| settled.status != MessageStatus::Queued) else {
        return Vec::new();
    };
    let ended = Message { status: settled.status, reason: settled.reason.clone(), ..tried.message.clone() };
    // A message that was tried again ends again.
    let which = if tried.attempts_before > 0 { format!("/{}", settled.attempts) } else { String::new() };
    let gone = tried.gone.as_ref().and_then(|why| gone::event(tenant, &tried.message, why, now));
    [Some(ended.end(tenant, &which, now)), gone].into_iter().flatten().collect()
}

fn live(tenant: TenantId, message: &Message, settled: &Settled, at: Millis) -> Live {
    let status = settled.status.as_str();
    Live {
        tenant,
        kind: LiveKind::Message,
        at,
        id: message.id.to_string(),
        person: Some(message.person.to_string()),
        name: None,
        what: message.channel.clone(),
        detail: settled.reason.as_ref().map_or_else(|| status.to_owned(), |reason| format!("{status}: {reason}")),
    }
}
