//! Notices on their way to the addresses that a tenant subscribed. Every address is worked off by a task of its own, at most
//! [`SENDS`] requests at once, so that a slow receiver delays only its own notices; a tenant has as many tasks as it may have
//! addresses. A task ends after one wave, so that all take turns where there are more addresses than tasks.

mod post;
mod sign;
mod upkeep;

use futures::StreamExt;
use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::ids::WebhookId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Delivery, DeliveryStatus, FAILING_MAX, Notice, NoticeKind, Off, Webhook, delay};
use guanxi_store::{DeliverySettled, Scope as Rows, Work};
use tokio_util::sync::CancellationToken;

use crate::Engine;
use crate::crew::Crew;
use post::{Answer, Post};

pub(crate) use upkeep::run as keep_up;

/// Addresses that are worked off at the same time, of all tenants.
const TASKS_MAX: usize = 256;
/// Addresses that are looked at; more than are worked off, for some are busy.
const SEEN: u32 = 1_000;
/// Requests to one address at once.
const SENDS: usize = 4;
/// Notices claimed at once.
const CLAIM: u32 = 16;
/// How many exchanges long a claim lasts: as many as its notices take one after another, and then some.
const LEASE_EXCHANGES: u32 = CLAIM / SENDS as u32 + 2;

type Address = (TenantId, WebhookId);

/// Starts a task for every address for which something is due.
pub(crate) async fn supervise(engine: Engine, stop: CancellationToken) {
    let workers = Workers { engine, stop, crew: Crew::new(TASKS_MAX) };
    loop {
        if let Err(error) = workers.start_due().await {
            tracing::warn!(%error, "notices for webhooks wait");
        }
        tokio::select! {
            () = workers.stop.cancelled() => break,
            () = workers.engine.app.signals().noticed.notified() => {}
            () = tokio::time::sleep(workers.engine.options.pause) => {}
        }
    }
    workers.crew.dismiss().await;
}

/// The tasks that work off addresses.
struct Workers {
    engine: Engine,
    stop: CancellationToken,
    crew: Crew<Address>,
}

impl Workers {
    async fn start_due(&self) -> Result<(), AppError> {
        let now = self.engine.app.ambient().now();
        let due = self.engine.app.store().read(Rows::Host).await?.due_webhooks(now, SEEN).await?;
        due.into_iter().for_each(|address| self.start(address));
        Ok(())
    }

    fn start(&self, address: Address) {
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        let app = self.engine.app.clone();
        let work = async move { work_off(&engine, address, &stop).await };
        self.crew.start(address, work, move |done| match done {
            // There is more, and others may have waited for the task.
            Ok(true) => app.signals().noticed.notify_one(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(tenant = address.0.0, webhook = %address.1, %error, "notices for a webhook wait")
            }
        });
    }
}

/// Sends one wave of what is due for an address; whether there was anything. Once `stop` is cancelled nothing more leaves:
/// what was claimed is free again when its lease ends.
async fn work_off(engine: &Engine, (tenant, id): Address, stop: &CancellationToken) -> Result<bool, AppError> {
    let now = engine.app.ambient().now();
    let lease = engine.options.exchange * LEASE_EXCHANGES;
    let until = now.saturating_add(Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX));
    let found = engine.app.store().read(Rows::Tenant(tenant)).await?.webhook(tenant, id).await?;
    let Some(webhook) = found.filter(|webhook| webhook.off.is_none()) else {
        return tidy_away(engine, (tenant, id), now).await;
    };
    // Before anything is claimed: a try that is counted is one that could be made.
    let keys = match engine.app.webhook_keys(tenant, &webhook, now).await {
        Ok(keys) => Some(keys),
        Err(AppError::Internal(error)) => {
            tracing::warn!(tenant = tenant.0, webhook = %id, %error, "the secret of a webhook cannot be opened");
            None
        }
        Err(other) => return Err(other),
    };
    // On the disk before anything leaves: that a try was made, and with it what the notice is about.
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    let claimed = work.claim_deliveries(tenant, id, now, until, CLAIM).await?;
    work.commit().await?;
    if claimed.is_empty() {
        return Ok(false);
    }
    let post = Post::new(engine, &webhook.address, keys);
    let leaving = futures::stream::iter(claimed).take_until(stop.cancelled());
    let sends = leaving.map(|delivery| post.send(delivery)).buffer_unordered(SENDS);
    tokio::pin!(sends);
    while let Some((delivery, answer)) = sends.next().await {
        if settle(engine, tenant, &webhook, &delivery, answer).await? {
            // Switched off: whatever else is under way was given up with it.
            break;
        }
    }
    Ok(true)
}

/// What was queued while its address was switched off or deleted goes nowhere.
async fn tidy_away(engine: &Engine, (tenant, id): Address, now: Millis) -> Result<bool, AppError> {
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    match work.webhook(tenant, id).await? {
        None => {
            work.delete_webhook(tenant, id).await?;
        }
        Some(webhook) if webhook.off.is_some() => {
            work.give_up_deliveries(tenant, id, "the address is switched off", now).await?;
        }
        Some(_) => {}
    }
    work.commit().await?;
    Ok(false)
}

/// Records what a try came to; whether the address was switched off by it.
async fn settle(
    engine: &Engine,
    tenant: TenantId,
    webhook: &Webhook,
    delivery: &Delivery,
    answer: Answer,
) -> Result<bool, AppError> {
    let (app, id) = (&engine.app, webhook.id);
    let now = app.ambient().now();
    let settled = settled(delivery, &answer, now, u32::from_le_bytes(app.ambient().bytes()));
    let status = settled.status;
    let mut work = app.store().begin(Rows::Tenant(tenant)).await?;
    if !work.settle_delivery(tenant, id, &settled).await? {
        // Another worker took over, or the address is gone: they know better.
        return Ok(false);
    }
    let off = match status {
        DeliveryStatus::Delivered => {
            work.note_webhook_works(tenant, id).await?;
            None
        }
        _ => {
            let since = work.note_webhook_fails(tenant, id, now).await?.unwrap_or(now);
            let given_up = status == DeliveryStatus::Failed;
            match answer.is_gone() {
                true => Some(Off::Gone),
                false => (given_up && now.saturating_sub(since) >= FAILING_MAX).then_some(Off::Failing),
            }
        }
    };
    let told = match off {
        Some(off) => switch_off(engine, &mut work, tenant, id, off, now).await?,
        None => false,
    };
    work.commit().await?;
    if told {
        app.signals().noticed.notify_one();
    }
    Ok(off.is_some())
}

/// Where a delivery is after a try.
fn settled(delivery: &Delivery, answer: &Answer, now: Millis, random: u32) -> DeliverySettled {
    let wait = delay(delivery.attempts, random).filter(|_| !answer.is_gone());
    let (status, due_at) = match (answer.is_taken(), wait) {
        (true, _) => (DeliveryStatus::Delivered, now),
        // Whoever tries again by hand asks for one try, not for another day of them.
        (false, Some(wait)) => (DeliveryStatus::Waiting, now.saturating_add(wait)),
        (false, None) => (DeliveryStatus::Failed, now),
    };
    DeliverySettled {
        id: delivery.id,
        attempts: delivery.attempts,
        status,
        due_at,
        http_status: answer.status,
        error: answer.error.clone(),
        now,
    }
}

/// Switches an address off and tells the tenant's others; whether one is told.
async fn switch_off(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    id: WebhookId,
    off: Off,
    now: Millis,
) -> Result<bool, AppError> {
    work.give_up_deliveries(tenant, id, "the address was switched off", now).await?;
    if !work.switch_webhook_off(tenant, id, off, now).await? {
        return Ok(false);
    }
    tracing::warn!(tenant = tenant.0, webhook = %id, why = off.as_str(), "a webhook was switched off");
    let data = [("webhook", id.to_string().into()), ("status", "off".into()), ("reason", off.as_str().into())];
    engine.app.announce(work, tenant, &[Notice::new(NoticeKind::Webhook, data)]).await
}

#[cfg(test)]
mod tests {
    use guanxi_domain::ids::DeliveryId;

    use super::*;

    #[track_caller]
    fn check(attempts: u32, status: Option<u16>, expected: (DeliveryStatus, Millis)) {
        let delivery = Delivery {
            id: DeliveryId::from_slice(&[7; 16]).unwrap(),
            kind: NoticeKind::Test,
            payload: "{}".to_owned(),
            status: DeliveryStatus::Sending,
            attempts,
            due_at: 0,
            http_status: None,
            error: None,
            created_at: 0,
            updated_at: 0,
        };
        let settled = settled(&delivery, &Answer { status, error: None }, 1_000, 0);
        assert_eq!((settled.status, settled.due_at), expected, "{attempts} {status:?}");
    }

    #[test]
    fn te_6_only_a_2xx_is_taken_and_only_a_410_is_final_at_once() {
        for status in [200, 204, 299] {
            check(1, Some(status), (DeliveryStatus::Delivered, 1_000));
        }
        for status in [None, Some(301), Some(400), Some(429), Some(500), Some(199)] {
            check(1, status, (DeliveryStatus::Waiting, 6_000));
            check(3, status, (DeliveryStatus::Waiting, 1_801_000));
            check(8, status, (DeliveryStatus::Failed, 1_000));
            check(9, status, (DeliveryStatus::Failed, 1_000));
        }
        check(1, Some(410), (DeliveryStatus::Failed, 1_000));
    }
}
