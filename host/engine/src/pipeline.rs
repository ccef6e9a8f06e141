//! From the log to what follows: micro-batches of one tenant, in order, each committed as a whole.

mod actions;
mod bulk;
mod commit;
mod consents;
mod decide;
mod erase;
mod facts;
mod groups;
mod imports;
mod limits;
mod load;
mod memory;
mod named;
mod operations;
mod people;
mod profile;
mod rates;
mod recall;
mod receipts;
mod relations;
mod rounds;
mod score;
mod segments;
mod signals;
mod standings;
mod tags;

use std::collections::HashMap;
use std::sync::Arc;

use guanxi_app::AppError;
use guanxi_domain::event::Event;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{LogCursor, Scope as Rows, StoreError};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;
use recall::Bookmark;

pub(crate) use people::HOST;
pub(crate) use recall::Recall;
pub(crate) use receipts::write_early;
pub(crate) use segments::Shelf;

/// Starts a worker for every tenant that has something to decide, and wakes it when there is more.
pub(crate) async fn supervise(engine: Engine, stop: CancellationToken) {
    let workers = TaskTracker::new();
    let mut wake: HashMap<TenantId, Arc<Notify>> = HashMap::new();
    // What nobody told of (another node's, the command line's) is looked for.
    let mut look = tokio::time::interval(engine.options.pause);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let tenants = tokio::select! {
            // What was installed before an event came in decides about it.
            biased;
            () = stop.cancelled() => break,
            () = engine.app.signals().installed.notified() => {
                engine.fleet.refresh();
                continue;
            }
            _ = look.tick() => behind(&engine).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot see which logs are behind");
                Vec::new()
            }),
            tenants = engine.app.signals().appended.heard() => tenants.into_iter().collect(),
        };
        for tenant in tenants {
            let signal = wake.entry(tenant).or_insert_with(|| {
                let signal = Arc::new(Notify::new());
                workers.spawn(work_off(engine.clone(), tenant, Arc::clone(&signal), stop.clone()));
                signal
            });
            signal.notify_one();
        }
    }
    workers.close();
    workers.wait().await;
}

/// Decides until the log is at its end.
pub(crate) async fn catch_up(engine: &Engine, tenant: TenantId) -> Result<(), AppError> {
    let mut bookmark = Bookmark::default();
    while step(engine, tenant, &mut bookmark).await? {}
    Ok(())
}

async fn behind(engine: &Engine) -> Result<Vec<TenantId>, AppError> {
    let backlogs = engine.app.store().read(Rows::Host).await?.backlogs().await?;
    for backlog in &backlogs {
        engine.app.backlog(backlog.tenant, backlog.head, backlog.position);
    }
    let now = engine.app.ambient().now();
    let due = engine.app.store().read(Rows::Host).await?.tenants_with_due_segments(now).await?;
    Ok(backlogs.into_iter().map(|backlog| backlog.tenant).chain(due).collect())
}

async fn work_off(engine: Engine, tenant: TenantId, signal: Arc<Notify>, stop: CancellationToken) {
    let mut bookmark = Bookmark::default();
    while !stop.is_cancelled() {
        match step(&engine, tenant, &mut bookmark).await {
            Ok(true) => {}
            Ok(false) => tokio::select! {
                () = stop.cancelled() => return,
                () = signal.notified() => {}
            },
            Err(error) => {
                tracing::warn!(tenant = tenant.0, %error, "a micro-batch waits");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(engine.options.pause) => {}
                }
            }
        }
    }
}

/// Takes one micro-batch; `false` if the log is worked off.
async fn step(engine: &Engine, tenant: TenantId, bookmark: &mut Bookmark) -> Result<bool, AppError> {
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let cursor = read.cursor(tenant).await?;
    let mut events = bookmark.following(cursor.position);
    let missing =
        engine.options.batch.min(bookmark.affordable()).saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
    if missing > 0 {
        let last = events.last().map_or(cursor.position, |event| event.position);
        events.extend(read.read_log(tenant, last, missing).await?.into_iter().map(Arc::new));
    }
    let due = read.has_due_segments(tenant, engine.app.ambient().now()).await?;
    drop(read);
    if due {
        segments::tend(engine, tenant, cursor).await?;
    }
    if events.is_empty() {
        return Ok(false);
    }
    process(engine, tenant, bookmark, cursor, events).await?;
    Ok(true)
}

/// Processes events in order. Should a batch fail for another reason than a database that is away, it is halved until
/// the event that cannot be processed stands alone; that one becomes a dead letter and the others go on.
async fn process(
    engine: &Engine,
    tenant: TenantId,
    bookmark: &mut Bookmark,
    from: LogCursor,
    events: Vec<Arc<Event>>,
) -> Result<(), AppError> {
    let mut from = from;
    let mut ahead = None;
    let mut left = vec![events];
    while let Some(mut events) = left.pop() {
        let Some(at) = events.first().map(|event| event.position) else { continue };
        from = match rounds::run(engine, tenant, bookmark, &mut ahead, from, &events).await {
            Ok(done) => {
                let rest = events.split_off(done.events);
                left.push(rest);
                done.cursor
            }
            Err(AppError::Internal(cause)) if events.len() == 1 => {
                let fenced = cause.downcast_ref::<StoreError>().is_some_and(|e| matches!(e, StoreError::Fenced));
                if fenced {
                    return Err(AppError::Internal(cause));
                }
                tracing::error!(tenant = tenant.0, position = at, error = %cause, "an event became a dead letter");
                commit::bury(engine, tenant, from, at, &cause.to_string()).await?;
                LogCursor { position: at, ..from }
            }
            Err(AppError::Internal(cause)) => {
                if cause.downcast_ref::<StoreError>().is_some_and(|e| matches!(e, StoreError::Fenced)) {
                    return Err(AppError::Internal(cause));
                }
                let mut first = events;
                let second = first.split_off(first.len() / 2);
                left.push(second);
                left.push(first);
                continue;
            }
            Err(error) => return Err(error),
        };
        engine.app.decided(tenant, from.position);
    }
    Ok(())
}
