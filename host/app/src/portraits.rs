//! Portraits of everybody, of a segment and of one person.
//!
//! Those of many people are counted beside the work and stored. Whoever looks gets what is stored, at once, and asks
//! for a newer one where that is worth it; the engine counts it. One person's is made from their own rows on the spot.

use std::collections::BTreeMap;

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::PersonId;
use guanxi_domain::insight::{Channel, Clock, Count, Hours, OwnPortrait, OwnRows, Portrait};
use guanxi_domain::installation::Mode;
use guanxi_domain::manifest::Manifest;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{PortraitClaim, PortraitPiece, PortraitRow, Scope as Rows, SegmentRow, Survey, Whom, Work};
use roaring::RoaringBitmap;

use crate::insight::whole;
use crate::{App, AppError};

/// A portrait of a set that has not changed is as good as new for so long: bands and ages move with the time.
const FRESH: Millis = 600_000;
/// A portrait of a set that has changed is for so long.
const FRESH_AT_LEAST: Millis = 5_000;
/// Counting one portrait again and again takes at most one part in so many of the time.
const REST: Millis = 20;
/// How long a claim is held without a sign of life.
const LEASE: Millis = 60_000;
/// When a segment whose members are still being found is looked at again.
const AGAIN: Millis = 1_000;
/// People that one transaction looks at.
const PIECE: u32 = 2_000;
/// The same of a segment, whose members are named one by one.
const MEMBERS: usize = 256;

/// What a set of people is like, as it was counted last.
#[derive(Debug, Clone)]
pub struct PortraitView {
    /// The segment; everybody if none.
    pub segment: Option<SegmentRow>,
    /// The portrait; nothing before the first one is counted.
    pub portrait: Option<Portrait>,
    /// As of when it is.
    pub computed_at: Option<Millis>,
    /// Whether a newer one was asked for and is not there yet.
    pub computing: bool,
}

/// What counting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is stored: of how many people, and how long it took.
    Stored(u64, Millis),
    /// The segment's members are being found; it waits.
    Waits,
    /// It is not wanted any more, or another node counts it.
    Lost,
}

impl App {
    /// The portrait of a segment, or of everybody.
    pub async fn portrait(&self, caller: &Caller, slug: &str, segment: Option<&str>) -> Result<PortraitView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let now = self.ambient().now();
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let segment = match segment {
            Some(name) => Some(read.segment(tenant, name).await?.ok_or(AppError::NotFound("segment"))?),
            None => None,
        };
        let id = segment.as_ref().map(|segment| segment.id);
        let row = read.portrait(tenant, id).await?;
        let position = read.position(tenant).await?;
        drop(read);
        let wanted = row.as_ref().is_some_and(|row| row.wanted_at.is_some());
        let revision = segment.as_ref().map_or(0, |segment| segment.revision);
        let stale = row.as_ref().is_none_or(|row| is_stale(row, revision, position, now));
        if stale && !wanted {
            let mut work = self.store().begin_unhurried(Rows::Tenant(tenant)).await?;
            work.want_portrait(tenant, id, now).await?;
            work.commit().await?;
            self.signals().portrayed.notify_one();
        }
        let computed_at = row.as_ref().map(|row| row.computed_at).filter(|at| *at > 0);
        Ok(PortraitView {
            segment,
            portrait: row.and_then(|row| row.portrait),
            computed_at,
            computing: stale || wanted,
        })
    }

    /// The portrait of one person; of somebody who was joined with others, of all of them as one.
    pub async fn portrait_of(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<OwnPortrait, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let settings = self.settings(tenant).await?;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let (person, _) = whole(&mut read, tenant, id).await?;
        let now = self.ambient().now();
        let (clock, offsets) = clock(&mut read, tenant, &settings, now).await?;
        let survey = Survey { settings: &settings, offsets: &offsets, now };
        let piece = read.portrait_piece(tenant, &survey, Whom::Numbered(&[person.number])).await?;
        let tags = read.tags(tenant, &[person.id]).await?.remove(&person.id).unwrap_or_default();
        let channels = channels(&mut read, tenant).await?;
        let PortraitPiece { people, hours: orders, answers, .. } = piece;
        let (_, sighting) = people.into_iter().next().ok_or(AppError::NotFound("person"))?;
        let mut hours = Hours::default();
        orders.into_iter().for_each(|(hour, orders)| hours.add(hour, orders));
        Ok(OwnPortrait::of(OwnRows { sighting, hours, tags, answers }, &channels, &clock, now))
    }

    /// Takes a portrait that is wanted and that nobody counts.
    pub async fn claim_portrait(&self) -> Result<Option<PortraitClaim>, AppError> {
        let now = self.ambient().now();
        let mut work = self.store().begin_unhurried(Rows::Host).await?;
        let claim = work.claim_portrait(now, now + LEASE).await?;
        work.commit().await?;
        Ok(claim)
    }

    /// Counts a portrait and stores it. Everybody is looked at a piece at a time, each as it is then: people who change
    /// meanwhile are counted before or after, never twice.
    pub async fn count_portrait(&self, mut claim: PortraitClaim) -> Result<Counted, AppError> {
        let (tenant, now) = (claim.tenant, self.ambient().now());
        let settings = self.settings(tenant).await?;
        let Sitting { mut walk, mut count, clock, offsets, revision, position } =
            match self.sit(&claim, &settings, now).await? {
                Ok(sitting) => sitting,
                Err(Counted::Waits) => return self.postpone_portrait(&claim).await.map(|()| Counted::Waits),
                Err(other) => return Ok(other),
            };
        let survey = Survey { settings: &settings, offsets: &offsets, now };
        while let Some(piece) = walk.next(self, tenant, &survey).await? {
            add(&mut count, piece);
            let time = self.ambient().now();
            if time > claim.until - LEASE / 2 {
                let Some(renewed) = self.renew_portrait(&claim, time + LEASE).await? else { return Ok(Counted::Lost) };
                claim = renewed;
            }
        }
        let portrait = count.portrait(&clock);
        let (people, took_ms) = (portrait.people, self.ambient().now() - now);
        let portrait = Some(portrait);
        let row = PortraitRow { portrait, revision, position, computed_at: now, took_ms, wanted_at: None };
        let mut work = self.store().begin_unhurried(Rows::Tenant(tenant)).await?;
        let stored = work.put_portrait(&claim, &row).await?;
        work.commit().await?;
        Ok(if stored { Counted::Stored(people, took_ms) } else { Counted::Lost })
    }

    /// Who is to be counted and for which channels, or why nobody is.
    async fn sit(
        &self,
        claim: &PortraitClaim,
        settings: &TenantSettings,
        now: Millis,
    ) -> Result<Result<Sitting, Counted>, AppError> {
        let tenant = claim.tenant;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let position = read.position(tenant).await?;
        let (walk, revision) = match claim.segment {
            None => (Walk::Everybody(None), 0),
            Some(id) => {
                let segments = read.segments(tenant).await?;
                let Some(segment) = segments.iter().find(|segment| segment.id == id) else {
                    return Ok(Err(Counted::Lost));
                };
                if !segment.is_built() {
                    return Ok(Err(Counted::Waits));
                }
                (Walk::Members(read.segment_members(tenant, id).await?, Some(0)), segment.revision)
            }
        };
        let (clock, offsets) = clock(&mut read, tenant, settings, now).await?;
        let count = Count::new(now, &channels(&mut read, tenant).await?);
        Ok(Ok(Sitting { walk, count, clock, offsets, revision, position }))
    }

    /// Lets go of a claim for a moment.
    pub async fn postpone_portrait(&self, claim: &PortraitClaim) -> Result<(), AppError> {
        self.renew_portrait(claim, self.ambient().now() + AGAIN).await.map(|_| ())
    }

    async fn renew_portrait(&self, claim: &PortraitClaim, until: Millis) -> Result<Option<PortraitClaim>, AppError> {
        let mut work = self.store().begin_unhurried(Rows::Tenant(claim.tenant)).await?;
        let renewed = work.renew_portrait(claim, until).await?;
        work.commit().await?;
        Ok(renewed)
    }
}

/// Whether a newer portrait is worth counting.
fn is_stale(row: &PortraitRow, revision: i64, position: i64, now: Millis) -> bool {
    let age = now - row.computed_at;
    let moved = row.position != position && age > FRESH_AT_LEAST.max(row.took_ms.saturating_mul(REST));
    row.portrait.is_none() || row.revision != revision || moved || age > FRESH
}

/// The brand's clock, and its offsets since the first order.
async fn clock(
    read: &mut Work,
    tenant: TenantId,
    settings: &TenantSettings,
    now: Millis,
) -> Result<(Clock, Vec<(Millis, Millis)>), AppError> {
    let clock = Clock::of(settings);
    let first = read.first_order(tenant).await?.unwrap_or(now);
    let offsets = clock.offsets(first.min(now), now);
    Ok((clock, offsets))
}

/// What the brand's live connectors serve, by channel; several for one channel are one.
async fn channels(read: &mut Work, tenant: TenantId) -> Result<Vec<Channel>, AppError> {
    let mut channels: BTreeMap<String, Channel> = BTreeMap::new();
    for installation in read.installations(tenant).await?.into_iter().filter(|one| one.mode == Mode::Live) {
        let Some(row) = read.plugin(&installation.plugin, &installation.version).await? else { continue };
        let manifest = Manifest::stored(&row.manifest).map_err(AppError::internal)?;
        // What takes no messages reaches nobody.
        let Some(connector) = manifest.connector.filter(|spec| !spec.addresses.is_empty()) else { continue };
        let fresh = || Channel { name: connector.channel.clone(), kinds: Vec::new() };
        channels.entry(connector.channel.clone()).or_insert_with(fresh).kinds.extend(connector.addresses);
    }
    Ok(channels.into_values().collect())
}

/// A count before its first piece.
struct Sitting {
    walk: Walk,
    count: Count,
    clock: Clock,
    offsets: Vec<(Millis, Millis)>,
    /// The segment's.
    revision: i64,
    /// The log's.
    position: i64,
}

/// Goes through people, a piece at a time.
enum Walk {
    /// Behind whom.
    Everybody(Option<PersonId>),
    /// Members, and the first number to look at; nothing behind the last.
    Members(RoaringBitmap, Option<u32>),
}

impl Walk {
    /// The next piece, in a transaction of its own; nothing at the end.
    async fn next(
        &mut self,
        app: &App,
        tenant: TenantId,
        survey: &Survey<'_>,
    ) -> Result<Option<PortraitPiece>, AppError> {
        let mut read = app.store().read(Rows::Tenant(tenant)).await?;
        match self {
            Self::Everybody(first) => {
                let piece = read.portrait_piece(tenant, survey, Whom::Behind(*first, PIECE)).await?;
                *first = piece.people.last().map(|(id, _)| *id);
                Ok(first.map(|_| piece))
            }
            Self::Members(members, from) => {
                let Some(first) = *from else { return Ok(None) };
                let some: Vec<u32> = members.range(first..).take(MEMBERS).collect();
                *from = some.last().and_then(|last| last.checked_add(1));
                if some.is_empty() {
                    return Ok(None);
                }
                Ok(Some(read.portrait_piece(tenant, survey, Whom::Numbered(&some)).await?))
            }
        }
    }
}

fn add(count: &mut Count, piece: PortraitPiece) {
    piece.people.into_iter().for_each(|(_, person)| count.person(person));
    piece.hours.into_iter().for_each(|(hour, orders)| count.hour(hour, orders));
    piece.tags.iter().for_each(|tag| count.tag(&tag.dimension, &tag.name, tag.people, tag.weight));
    piece.answers.iter().for_each(|answers| count.answers(answers));
}
