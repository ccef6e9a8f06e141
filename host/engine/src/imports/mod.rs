//! Works imports off: reads uploaded files and hands their rows to the log, with the cursor in the same transaction, so
//! that a worker that is killed is followed by another that goes on with the next row.

mod events;
mod read;

use std::sync::Arc;
use std::time::Duration;

use guanxi_app::{AppError, import_notice};
use guanxi_domain::Millis;
use guanxi_domain::import::ImportStatus;
use guanxi_import::{Format, Mapping};
use guanxi_store::{ImportClaim, ImportOutcomes, ImportRow, Scope as Rows, Work};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;
use events::Frame;
use read::{BATCH_ROWS, Batch, Job, Piece, Stopped};

/// How long a worker may be silent before another takes over.
const LEASE: Millis = 30_000;
/// How often to look whether the log has room, should nobody tell.
const LOOK: Duration = Duration::from_millis(100);
/// Imports of all tenants that one process reads at once.
const AT_ONCE: usize = 2;
/// Rows that may be handed over and not decided: more would make live events wait behind them.
const AHEAD_ROWS: i64 = 8 * BATCH_ROWS as i64;
/// Events of a tenant that may wait for their decision before an import waits, too.
const AHEAD_EVENTS: i64 = 4_000;
/// Uploads that nobody goes on with are forgotten after so long.
const ABANDONED: Millis = 24 * 3_600_000;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let workers = TaskTracker::new();
    let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    loop {
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            match claim(&engine).await {
                Ok(Some(claim)) => {
                    let (engine, stop) = (engine.clone(), stop.clone());
                    workers.spawn(async move {
                        work_off(&engine, claim, &stop).await;
                        drop(place);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "cannot see which imports wait"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(engine.options.pause) => {}
        }
    }
    workers.close();
    workers.wait().await;
}

async fn claim(engine: &Engine) -> Result<Option<ImportClaim>, AppError> {
    let now = engine.app.ambient().now();
    let mut read = engine.app.store().read(Rows::Host).await?;
    let waits = read.waiting_imports(now).await?;
    let abandoned = read.abandoned_imports(now - ABANDONED).await?;
    drop(read);
    for old in abandoned {
        let mut work = engine.app.store().begin(Rows::Tenant(old.tenant)).await?;
        work.delete_import(old.tenant, old.import).await?;
        work.commit().await?;
    }
    if !waits {
        return Ok(None);
    }
    let mut work = engine.app.store().begin(Rows::Host).await?;
    let claimed = work.claim_import(now, now + LEASE).await?;
    work.commit().await?;
    Ok(claimed)
}

async fn work_off(engine: &Engine, claim: ImportClaim, stop: &CancellationToken) {
    let (tenant, import) = (claim.tenant.0, claim.import);
    match carry_over(engine, claim, stop).await {
        Ok(Ended::Whole(rows)) => tracing::info!(tenant, %import, rows, "a file was read"),
        Ok(Ended::Left) => tracing::info!(tenant, %import, "an import was left"),
        Ok(Ended::Unreadable(why)) => {
            if let Err(error) = give_up(engine, claim, &why).await {
                tracing::warn!(tenant, %import, %error, "an import cannot be given up");
            }
        }
        // Its lease ends, and then it is tried again.
        Err(error) => tracing::warn!(tenant, %import, %error, "an import waits"),
    }
}

/// How reading ended.
enum Ended {
    /// With the file.
    Whole(u64),
    /// Somebody stopped it, or another worker has it.
    Left,
    /// The file cannot be read.
    Unreadable(String),
}

async fn give_up(engine: &Engine, claim: ImportClaim, why: &str) -> Result<(), AppError> {
    let now = engine.app.ambient().now();
    let mut work = engine.app.store().begin(Rows::Tenant(claim.tenant)).await?;
    let (from, to) = ([ImportStatus::Running], ImportStatus::Failed);
    let failed = work.set_import_status(claim.tenant, claim.import, &from, to, Some(why), now).await?;
    commit_ended(engine, work, claim, failed).await
}

/// Commits what was done with an import, and tells subscribers if it has `ended`.
async fn commit_ended(engine: &Engine, mut work: Work, claim: ImportClaim, ended: bool) -> Result<(), AppError> {
    let row = if ended { work.import(claim.tenant, claim.import).await? } else { None };
    let ends = |row: &ImportRow| matches!(row.status, ImportStatus::Done | ImportStatus::Failed);
    let notices: Vec<_> = row.filter(ends).as_ref().map(import_notice).into_iter().collect();
    let noticed = engine.app.announce(&mut work, claim.tenant, &notices).await?;
    work.commit().await?;
    if noticed {
        engine.app.signals().noticed.notify_one();
    }
    Ok(())
}

async fn carry_over(engine: &Engine, claim: ImportClaim, stop: &CancellationToken) -> Result<Ended, AppError> {
    let mut read = engine.app.store().read(Rows::Tenant(claim.tenant)).await?;
    let Some(row) = read.import(claim.tenant, claim.import).await? else { return Ok(Ended::Left) };
    drop(read);
    let mapping: Mapping = serde_json::from_str(&row.mapping).map_err(AppError::internal)?;
    let Some(format) = Format::parse(&row.format) else {
        return Ok(Ended::Unreadable("the kind of the file is not known".to_owned()));
    };
    let job = Job {
        format,
        mapping: mapping.clone(),
        settings: engine.app.settings(claim.tenant).await?.as_ref().clone(),
        skip: u64::try_from(row.rows_sent).unwrap_or_default(),
    };
    let (give, mut pieces) = mpsc::channel(2);
    let (hand, batches) = mpsc::channel(2);
    let fetching = tokio::spawn(fetch(engine.clone(), claim, row.bytes, give));
    let reading = tokio::task::spawn_blocking(move || read::read(&job, &mut pieces, &hand));
    let sent = send(engine, claim, &row, &mapping, batches, stop).await;
    let read = reading.await.map_err(AppError::internal)?;
    let fetched = fetching.await.map_err(AppError::internal)?;
    match (sent?, read) {
        (None, _) => Ok(Ended::Left),
        (Some(_), Err(Stopped::Unheard)) => fetched.map(|()| Ended::Left),
        (Some(_), Err(stopped)) => Ok(Ended::Unreadable(stopped.to_string())),
        (Some(_), Ok(rows)) => finish(engine, claim, rows).await,
    }
}

/// Fetches the pieces of the file, one after the other.
async fn fetch(engine: Engine, claim: ImportClaim, bytes: i64, give: mpsc::Sender<Piece>) -> Result<(), AppError> {
    let mut left = usize::try_from(bytes).unwrap_or_default();
    for number in 0.. {
        if left == 0 {
            break;
        }
        let mut read = engine.app.store().read(Rows::Tenant(claim.tenant)).await?;
        let piece = read.import_piece(claim.tenant, claim.import, number).await?;
        drop(read);
        let piece = piece.ok_or_else(|| AppError::internal("a piece of an uploaded file is missing"))?;
        left = left.saturating_sub(piece.len());
        if give.send(Piece::Bytes(piece)).await.is_err() {
            return Ok(());
        }
    }
    // A reader that has stopped already does not mind.
    drop(give.send(Piece::End).await);
    Ok(())
}

/// Hands batches to the log; nothing if the import was stopped meanwhile, else how many rows it has sent in all.
async fn send(
    engine: &Engine,
    claim: ImportClaim,
    row: &ImportRow,
    mapping: &Mapping,
    mut batches: mpsc::Receiver<Batch>,
    stop: &CancellationToken,
) -> Result<Option<i64>, AppError> {
    let mut sent = row.rows_sent;
    loop {
        let batch = tokio::select! {
            () = stop.cancelled() => return release(engine, claim, sent).await,
            batch = batches.recv() => batch,
        };
        let Some(batch) = batch else { return Ok(Some(sent)) };
        let mut renewed = engine.app.ambient().now();
        loop {
            let progress = engine.app.signals().progressed.notified();
            match room(engine, claim, sent).await? {
                Room::Stopped => return Ok(None),
                Room::Free => break,
                Room::Full => {}
            }
            tokio::select! {
                () = stop.cancelled() => return release(engine, claim, sent).await,
                () = progress => {}
                () = tokio::time::sleep(engine.options.pause.min(LOOK)) => {}
            }
            let now = engine.app.ambient().now();
            if now - renewed > LEASE / 3 {
                if !renew(engine, claim, sent).await? {
                    return Ok(None);
                }
                renewed = now;
            }
        }
        let last = i64::try_from(batch.last).map_err(AppError::internal)?;
        if !append(engine, claim, row, mapping, batch, sent).await? {
            return Ok(None);
        }
        sent = last;
    }
}

/// Whether the log may have more.
enum Room {
    Free,
    /// Rows that wait there make live events wait.
    Full,
    /// Nobody wants the import to go on.
    Stopped,
}

async fn room(engine: &Engine, claim: ImportClaim, sent: i64) -> Result<Room, AppError> {
    let mut read = engine.app.store().read(Rows::Tenant(claim.tenant)).await?;
    let Some(row) = read.import(claim.tenant, claim.import).await? else { return Ok(Room::Stopped) };
    let waiting = read.head(claim.tenant).await? - read.position(claim.tenant).await?;
    Ok(match row.status {
        ImportStatus::Running if sent - row.rows_done < AHEAD_ROWS && waiting < AHEAD_EVENTS => Room::Free,
        ImportStatus::Running => Room::Full,
        _ => Room::Stopped,
    })
}

/// Keeps the import while it waits; `false` if it was stopped.
async fn renew(engine: &Engine, claim: ImportClaim, sent: i64) -> Result<bool, AppError> {
    let until = engine.app.ambient().now() + LEASE;
    let mut work = engine.app.store().begin_unhurried(Rows::Tenant(claim.tenant)).await?;
    let mine = work.advance_import(claim, sent, sent, until).await?;
    work.commit().await?;
    Ok(mine)
}

/// Gives the import back, so that another worker need not wait for the lease to end.
async fn release(engine: &Engine, claim: ImportClaim, sent: i64) -> Result<Option<i64>, AppError> {
    let mut work = engine.app.store().begin_unhurried(Rows::Tenant(claim.tenant)).await?;
    work.advance_import(claim, sent, sent, 0).await?;
    work.commit().await?;
    Ok(None)
}

/// Appends what a batch says and moves the cursor, both or neither.
async fn append(
    engine: &Engine,
    claim: ImportClaim,
    row: &ImportRow,
    mapping: &Mapping,
    batch: Batch,
    sent: i64,
) -> Result<bool, AppError> {
    let now = engine.app.ambient().now();
    let (first_row, last) = (batch.first, i64::try_from(batch.last).map_err(AppError::internal)?);
    let options = &mapping.options;
    let frame = Frame { tenant: claim.tenant, import: claim.import, options, said_at: row.created_at, now };
    let told = frame.tell(batch).map_err(AppError::internal)?;
    // What is lost with the power is sent again: cursor and events are lost together.
    let mut work = engine.app.store().begin_unhurried(Rows::Tenant(claim.tenant)).await?;
    if !work.advance_import(claim, sent, last, now + LEASE).await? {
        return Ok(false);
    }
    let appended = work.append(claim.tenant, &told.events).await?;
    if let Some(rows) = told.outcomes(&appended) {
        let outcomes = ImportOutcomes { import: claim.import, first_row, rows };
        work.add_import_outcomes(claim.tenant, &outcomes, now).await?;
    }
    work.commit().await?;
    engine.app.signals().appended.ring(claim.tenant);
    Ok(true)
}

async fn finish(engine: &Engine, claim: ImportClaim, rows: u64) -> Result<Ended, AppError> {
    let now = engine.app.ambient().now();
    let mut work = engine.app.store().begin(Rows::Tenant(claim.tenant)).await?;
    let total = i64::try_from(rows).map_err(AppError::internal)?;
    let finished = work.finish_import(claim, total, now).await?;
    commit_ended(engine, work, claim, finished).await?;
    Ok(if finished { Ended::Whole(rows) } else { Ended::Left })
}
