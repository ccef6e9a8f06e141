//! Takes messages of a queue as far as their channel lets them through: one while it rests, no more than its quotas have
//! left, none to whoever got enough. What has to wait is given back in the same transaction, and its try is not counted.

use std::collections::HashMap;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::breaker::Pass;
use guanxi_domain::channel_rules::Quota;
use guanxi_domain::ids::PersonId;
use guanxi_domain::message::{Message, MessageClass};
use guanxi_domain::pace;
use guanxi_store::{Claimed, Queue, Released, Scope as Rows, Work};

use super::gate::Gate;
use crate::Engine;

/// Messages claimed at once.
pub(crate) const CLAIM: u32 = 256;
/// How many exchanges long a claim lasts: the claimed messages go out in waves, each with a few exchanges.
const LEASE_EXCHANGES: u32 = 12;
/// A quota that is used up for longer than this is told of as a pause of the channel.
const PATIENCE: Millis = 5_000;
/// How long messages wait that left the tokens to more urgent ones.
const GIVEN_WAY: Millis = 100;

/// What a queue does next.
pub(crate) enum Turn {
    /// These leave.
    Send {
        claimed: Vec<Claimed>,
        /// It is the one that tries a resting channel.
        is_probe: bool,
        /// Nothing else is due.
        is_last: bool,
    },
    /// More may leave then, which is soon.
    Wait(Millis),
    /// Nothing is due, or nothing may leave for a while.
    Rest,
}

/// Claims what of a queue may leave now. `idempotent` says whether the channel recognises repetitions.
pub(crate) async fn claim(
    engine: &Engine,
    queue: Queue,
    quotas: &[Quota],
    gate: &Gate,
    idempotent: bool,
) -> Result<Turn, AppError> {
    let (tenant, connector, class) = queue;
    let now = engine.app.ambient().now();
    // On the disk before anything leaves: this claim, and with it the decisions that made the messages.
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    let state = gate.refresh(work.channel_state(tenant, connector).await?);
    let is_probe = match state.pass(now) {
        Pass::Free => false,
        Pass::Probe => true,
        Pass::Wait(_) => return Ok(Turn::Rest),
    };
    let uses = match pace::is_paced(quotas) {
        true => Some(work.lock_uses(tenant, connector).await?),
        false => None,
    };
    let mut limit = if is_probe { 1 } else { CLAIM };
    if let Some((uses, left)) = uses.as_ref().and_then(|uses| Some((uses, uses.left(quotas, now)?))) {
        if left == 0 {
            return exhausted(engine, work, queue, uses.next(quotas, now, wave(class)), gate, now).await;
        }
        let urgent = work.due_messages(tenant, connector, class.before(), now, left.min(CLAIM)).await?;
        let random = u32::from_le_bytes(engine.app.ambient().bytes());
        limit = limit.min(pace::share(left, urgent, random));
        if limit == 0 {
            return Ok(Turn::Wait(now + GIVEN_WAY));
        }
    }
    let lease = engine.options.exchange * LEASE_EXCHANGES;
    let until = now + Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX / 2);
    let claimed = work.claim(queue, now, until, limit).await?;
    if claimed.is_empty() {
        return Ok(Turn::Rest);
    }
    let is_last = claimed.len() < limit as usize;
    let claimed = hold_back(&mut work, queue, quotas, claimed, idempotent, now).await?;
    if let Some(uses) = uses {
        let count = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
        work.put_uses(tenant, connector, &uses.take(quotas, now, count)).await?;
    }
    if is_probe && !claimed.is_empty() {
        let rested = state.breaker.open_until.unwrap_or(now);
        if gate.news().is_some() {
            work.put_channel_state(tenant, connector, &state, now).await?;
        }
        if !work.claim_probe(tenant, connector, rested, until).await? {
            return Ok(Turn::Rest);
        }
    }
    work.commit().await?;
    if is_probe && !claimed.is_empty() {
        gate.probing(until);
    }
    Ok(Turn::Send { claimed, is_probe, is_last })
}

/// Nothing of a quota is left: soon there is more, or the channel pauses until then.
async fn exhausted(
    engine: &Engine,
    mut work: Work,
    (tenant, connector, _): Queue,
    next: Option<(Millis, &Quota)>,
    gate: &Gate,
    now: Millis,
) -> Result<Turn, AppError> {
    let Some((at, quota)) = next else { return Ok(Turn::Wait(now + GIVEN_WAY)) };
    if at - now <= PATIENCE {
        return Ok(Turn::Wait(at.max(now + 1)));
    }
    let Quota { limit, per_seconds, .. } = quota;
    gate.pause(at, format!("the quota of {limit} messages in {per_seconds} s is used up"));
    if let Some(state) = gate.news() {
        work.put_channel_state(tenant, connector, &state, now).await?;
        work.commit().await?;
        gate.written(&state);
        super::settle::tell_of_turn(engine, tenant, connector, gate, now);
    }
    Ok(Turn::Rest)
}

/// For how many tokens a class waits: what is not urgent leaves in waves, of which fewer wait for the disk.
fn wave(class: MessageClass) -> u32 {
    if class == MessageClass::Marketing { CLAIM } else { 1 }
}

/// Gives messages back to people who got enough, each due when it may go; the others in their order.
async fn hold_back(
    work: &mut Work,
    (tenant, connector, _): Queue,
    quotas: &[Quota],
    claimed: Vec<Claimed>,
    idempotent: bool,
    now: Millis,
) -> Result<Vec<Claimed>, AppError> {
    let Some(span) = pace::recipient_span(quotas) else { return Ok(claimed) };
    let mut people: Vec<PersonId> = claimed.iter().map(|one| one.message.person).collect();
    people.sort_unstable();
    people.dedup();
    let mut sent: HashMap<String, Vec<Millis>> = HashMap::new();
    for arrival in work.arrivals(tenant, connector, &people, now - span).await? {
        if !claimed.iter().any(|one| one.message.id == arrival.message) {
            sent.entry(arrival.address).or_default().push(arrival.at);
        }
    }
    let (mut kept, mut released) = (Vec::with_capacity(claimed.len()), Vec::new());
    for one in claimed {
        let theirs = sent.entry(one.message.address.clone()).or_default();
        // What may have left already is not sent, so it need not wait.
        let is_over = one.interrupted && !idempotent;
        let at = if is_over { now } else { pace::recipient_next(quotas, theirs, now) };
        // Its turn is taken, whether that is now or later: the next one goes after it.
        theirs.push(at);
        match at > now {
            true => released.push(later(one, at, now)),
            false => kept.push(one),
        }
    }
    work.release(tenant, &released).await?;
    Ok(kept)
}

fn later(one: Claimed, due_at: Millis, now: Millis) -> Released {
    let Message { id, attempts, .. } = one.message;
    let reason = Some("the channel takes no more for this address at the moment".to_owned());
    Released { id, attempts, reason, due_at, now }
}
