//! Memberships between micro-batches: those of new definitions, and those that time alone changes.

use std::collections::BTreeSet;

use guanxi_app::AppError;
use guanxi_domain::ids::PersonId;
use guanxi_domain::segment::bounds::today;
use guanxi_domain::segment::{Needs, Tick};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use guanxi_store::{ChunkRow, Found, LogCursor, Scope as Rows, StoreError, Work};

use super::shift::{Cause, Turn, events, shift};
use super::{Segment, expanded};
use crate::{Engine, audiences};

/// How often people are looked at for whom a time has come.
const PERIOD: Millis = 2_000;
/// How often everybody is looked at, where times cannot be looked up.
const SLOW_PERIOD: Millis = 60_000;
/// Looking at everybody takes at most one part of so many of the time.
const REST: Millis = 50;
/// With more people than this it is quicker to look at everybody.
const DUE_MAX: u32 = 20_000;
/// The most people that one transaction looks at.
const PIECE: usize = 1_000;

/// Finds what is due for this tenant, whose log stands at `cursor`. A definition that makes trouble keeps nobody waiting:
/// it is tried again later.
pub(crate) async fn tend(engine: &Engine, tenant: TenantId, cursor: LogCursor) -> Result<(), AppError> {
    if engine.segments.setbacks.contains_key(&tenant) {
        return Ok(());
    }
    let Err(error) = tend_all(engine, tenant, cursor).await else { return Ok(()) };
    if let AppError::Internal(cause) = &error
        && matches!(cause.downcast_ref::<StoreError>(), Some(StoreError::Fenced))
    {
        return Err(error);
    }
    tracing::warn!(tenant = tenant.0, %error, "segments wait");
    engine.segments.setbacks.insert(tenant, ());
    Ok(())
}

async fn tend_all(engine: &Engine, tenant: TenantId, cursor: LogCursor) -> Result<(), AppError> {
    let now = engine.app.ambient().now();
    let rows = engine.app.store().read(Rows::Tenant(tenant)).await?.segments(tenant).await?;
    let is_due = |segment: &Segment| segment.row.due_at.is_some_and(|due| due <= now);
    let due: Vec<Segment> = expanded(rows).into_iter().filter(is_due).collect();
    if due.is_empty() {
        return Ok(());
    }
    let settings = engine.app.settings(tenant).await?;
    let scene = Scene { engine, tenant, cursor, settings: &settings, now };
    let (timely, whole): (Vec<Segment>, Vec<Segment>) =
        due.into_iter().partition(|segment| segment.row.is_built() && !wants_everybody(segment, now));
    for segment in whole {
        scene.look_at_everybody(segment).await?;
    }
    if !timely.is_empty() {
        scene.look_at_due(timely).await?;
    }
    engine.app.signals().progressed.notify_waiters();
    Ok(())
}

/// Where and when segments are tended.
#[derive(Clone, Copy)]
struct Scene<'s> {
    engine: &'s Engine,
    tenant: TenantId,
    cursor: LogCursor,
    settings: &'s TenantSettings,
    now: Millis,
}

impl Scene<'_> {
    /// A transaction in which nobody else decides this log.
    async fn begin(&self) -> Result<Work, AppError> {
        let mut work = self.engine.app.store().begin_unhurried(Rows::Tenant(self.tenant)).await?;
        work.advance(self.tenant, self.cursor, self.cursor).await?;
        Ok(work)
    }

    /// Finds all members. Of a new definition they are there from the start; of one that was there, whoever was not in it
    /// before enters, and who is not in it any more leaves.
    async fn look_at_everybody(&self, mut segment: Segment) -> Result<(), AppError> {
        let clock = self.engine.app.ambient();
        let began = clock.now();
        let store = self.engine.app.store();
        let found = store.find_people(self.tenant, self.settings, &segment.filter, self.now).await?;
        let Found { members, position: Some(position) } = found else { return Err(fenced()) };
        if position != self.cursor.position {
            return Err(fenced());
        }
        let took = clock.now() - began;
        if segment.row.is_built() {
            let old = store.read(Rows::Tenant(self.tenant)).await?.segment_members(self.tenant, segment.row.id).await?;
            let moved: Vec<u32> = (&old ^ &members).into_iter().collect();
            for piece in moved.chunks(PIECE) {
                self.move_found(&segment, piece, &members).await?;
            }
            let due_at = next(&segment, self.now, took);
            return self.settle(vec![segment], |_| due_at).await;
        }
        let mut work = self.begin().await?;
        work.clear_segment(self.tenant, segment.row.id).await?;
        work.put_segment_chunks(self.tenant, &ChunkRow::of(segment.row.id, &members)).await?;
        segment.row.members = i64::try_from(members.len()).unwrap_or(i64::MAX);
        segment.row.swept_to = self.now;
        segment.row.due_at = next(&segment, self.now, took);
        if work.settle_segment(self.tenant, &segment.row, true).await? {
            work.commit().await?;
        }
        Ok(())
    }

    async fn move_found(
        &self,
        segment: &Segment,
        numbers: &[u32],
        members: &roaring::RoaringBitmap,
    ) -> Result<(), AppError> {
        let mut work = self.begin().await?;
        let people = work.people_numbered(self.tenant, numbers).await?;
        let turns = numbers.iter().map(|number| {
            let person = people.get(number).filter(|person| person.membership.merged_into.is_none());
            Turn { number: *number, person: person.map(|person| person.id), holds: vec![members.contains(*number)] }
        });
        let segments = std::slice::from_ref(segment);
        self.tell(work, segments, &turns.collect::<Vec<_>>()).await
    }

    /// Looks at those for whom a time has come since the last sweep.
    async fn look_at_due(&self, mut segments: Vec<Segment>) -> Result<(), AppError> {
        let mut ids: BTreeSet<PersonId> = BTreeSet::new();
        let mut read = self.engine.app.store().read(Rows::Tenant(self.tenant)).await?;
        let mut many: Vec<Segment> = Vec::new();
        for segment in std::mem::take(&mut segments) {
            let mut due = BTreeSet::new();
            for tick in segment.filter.ticks() {
                let since = (segment.row.swept_to, self.now);
                let found = read.due_people(self.tenant, &tick, since, DUE_MAX).await?;
                due.extend(found.unwrap_or_default());
            }
            if due.len() >= DUE_MAX as usize {
                many.push(segment);
            } else {
                ids.extend(due);
                segments.push(segment);
            }
        }
        drop(read);
        for segment in many {
            self.look_at_everybody(segment).await?;
        }
        let mut needs = Needs::default();
        segments.iter().for_each(|segment| needs.join(&Needs::of(&segment.filter)));
        let ids: Vec<PersonId> = ids.into_iter().collect();
        for piece in ids.chunks(PIECE) {
            let mut work = self.begin().await?;
            let subjects = work.subjects(self.tenant, self.settings, piece, &needs, self.now).await?;
            let turns = subjects.people.iter().map(|subject| Turn {
                number: subject.person.number,
                person: Some(subject.person.id),
                holds: segments.iter().map(|segment| segment.filter.holds(subject, self.now)).collect(),
            });
            self.tell(work, &segments, &turns.collect::<Vec<_>>()).await?;
        }
        self.settle(segments, |segment| next(segment, self.now, 0)).await
    }

    /// Moves people, tells of it, and commits.
    async fn tell(&self, mut work: Work, segments: &[Segment], turns: &[Turn]) -> Result<(), AppError> {
        let held = work.hold_segments(self.tenant).await?;
        let shelf = &self.engine.segments;
        let moves = shift(shelf, &mut work, self.tenant, segments, &held, turns).await?;
        let cause = Cause { key: self.now.to_string(), depth: 0 };
        let events = events(segments, moves.shifts.iter(), |_| cause.clone(), self.now);
        work.append(self.tenant, &events).await?;
        let moved: Vec<_> = moves.moved().collect();
        let marked = audiences::mark_moved(self.engine, &mut work, self.tenant, &moved).await?;
        work.commit().await?;
        moves.committed(shelf);
        if marked {
            self.engine.app.signals().gathered.notify_one();
        }
        if !events.is_empty() {
            self.engine.app.signals().appended.ring(self.tenant);
        }
        Ok(())
    }

    /// Notes up to when it is done. What was redefined meanwhile stays due, and is found anew.
    async fn settle(
        &self,
        segments: Vec<Segment>,
        due_at: impl Fn(&Segment) -> Option<Millis>,
    ) -> Result<(), AppError> {
        let mut work = self.begin().await?;
        let counts = work.segments(self.tenant).await?;
        for mut segment in segments {
            let now_there = counts.iter().find(|row| row.id == segment.row.id);
            segment.row.members = now_there.map_or(0, |row| row.members);
            segment.row.due_at = due_at(&segment);
            segment.row.swept_to = self.now;
            work.settle_segment(self.tenant, &segment.row, false).await?;
        }
        Ok(work.commit().await?)
    }
}

fn fenced() -> AppError {
    StoreError::Fenced.into()
}

/// Whether times cannot be looked up, or a new day has begun for a filter that knows days. Once a day everybody is looked
/// at in any case.
fn wants_everybody(segment: &Segment, now: Millis) -> bool {
    let slow = |tick: &Tick| matches!(tick, Tick::Created(_) | Tick::Tag(..) | Tick::Consent(_) | Tick::Standing);
    segment.filter.ticks().iter().any(slow) || today(segment.row.swept_to) != today(now)
}

/// When time alone may change it next, after looking at it took so long.
fn next(segment: &Segment, now: Millis, took: Millis) -> Option<Millis> {
    let midnight = (now.div_euclid(DAY) + 1) * DAY;
    let at = |tick: &Tick| match tick {
        Tick::Event(..) | Tick::Order(_) => now + PERIOD,
        Tick::Created(_) | Tick::Tag(..) | Tick::Consent(_) | Tick::Standing => {
            now + SLOW_PERIOD.max(took.saturating_mul(REST))
        }
        Tick::Day => midnight,
    };
    let ticks = segment.filter.ticks();
    let slow = ticks.iter().any(|tick| !matches!(tick, Tick::Event(..) | Tick::Order(_) | Tick::Day));
    let times = ticks.iter().filter(|tick| !slow || !matches!(tick, Tick::Event(..) | Tick::Order(_))).map(at);
    times.min()
}
