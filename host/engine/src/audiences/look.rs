//! Who belongs in an audience, and what its channel has to be told of them: people are looked at as they are in the database
//! now, whatever was known of them before. Whoever changes meanwhile is marked, and looked at again.

use std::collections::{BTreeSet, HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::audience::{Hashed, WALK_EVERY, allowed, identifiers};
use guanxi_domain::ids::{PersonId, SegmentId};
use guanxi_domain::person::{Link, Person};
use guanxi_domain::settings::TenantSettings;
use guanxi_store::{AudienceMember, CHUNK_BITS, Scope as Rows, SegmentRow, Told, Work};

use super::{PIECES, Turn};

/// People who are looked at at once.
const PIECE: u32 = 1_000;

/// Who is looked at.
struct Piece {
    numbers: Vec<u32>,
    /// What is worked off with it.
    marks: Vec<(u32, i64)>,
}

/// What has to change.
struct Difference {
    put: Vec<AudienceMember>,
    gone: Vec<Hashed>,
}

impl Turn<'_> {
    /// Looks at some people who have to be looked at; whether there are more. Nothing if the turn is over.
    pub(super) async fn look(&mut self) -> Result<Option<bool>, AppError> {
        for _ in 0..PIECES {
            let settings = self.settings().await?;
            let mut read = self.engine.app.store().read(Rows::Tenant(self.tenant)).await?;
            let segments = read.segments(self.tenant).await?;
            let segment = segments.iter().find(|segment| segment.id == self.row.audience.segment);
            let Some(segment) = segment.filter(|segment| segment.is_built()) else {
                // Whoever is in it is not known before it is found; until then everybody stays.
                return Ok(Some(false));
            };
            let Some(piece) = self.piece(&mut read, segment).await? else { return Ok(Some(false)) };
            let difference = self.difference(&mut read, segment.id, &settings, &piece.numbers).await?;
            drop(read);
            let mut work = self.engine.app.store().begin_unhurried(Rows::Tenant(self.tenant)).await?;
            if !self.go_on(&mut work).await? {
                return Ok(None);
            }
            work.put_audience_members(self.tenant, self.id(), &difference.put).await?;
            work.remove_audience_members(self.tenant, self.id(), &difference.gone).await?;
            work.unmark_audience(self.tenant, self.id(), &piece.marks).await?;
            work.commit().await?;
        }
        Ok(Some(true))
    }

    /// As they are now: a purpose that was taken away a moment ago allows nobody.
    async fn settings(&self) -> Result<std::sync::Arc<TenantSettings>, AppError> {
        let tenant = self.engine.app.store().read(Rows::Host).await?.tenant(self.tenant).await?;
        Ok(tenant.ok_or(AppError::NotFound("tenant"))?.settings)
    }

    /// Who is looked at next: those who are marked, those of whom what allowed them has ended, then everybody, if that was long
    /// ago or of another definition. Notes how far it goes.
    async fn piece(&mut self, read: &mut Work, segment: &SegmentRow) -> Result<Option<Piece>, AppError> {
        let (tenant, id, now) = (self.tenant, self.id(), self.now());
        let marks = read.audience_marks(tenant, id, PIECE).await?;
        if !marks.is_empty() {
            let numbers: BTreeSet<u32> = marks.iter().map(|(number, _)| *number).collect();
            return Ok(Some(Piece { numbers: numbers.into_iter().collect(), marks }));
        }
        let disallowed: BTreeSet<u32> = read.disallowed_numbers(tenant, id, now, PIECE).await?.into_iter().collect();
        if !disallowed.is_empty() {
            return Ok(Some(Piece { numbers: disallowed.into_iter().collect(), marks: Vec::new() }));
        }
        let print = self.row.print(segment.revision);
        let old = self.progress.walked_at + WALK_EVERY <= now;
        if self.progress.walking.is_none() && self.progress.seen == print && !old {
            return Ok(None);
        }
        if self.progress.walking.as_ref() != Some(&print) {
            self.progress.walking = Some(print.clone());
            self.progress.walk_after = 0;
        }
        let after = self.progress.walk_after;
        let mut numbers: BTreeSet<u32> =
            read.segment_page(tenant, segment.id, after, PIECE).await?.into_iter().collect();
        numbers.extend(read.audience_numbers(tenant, id, after, PIECE).await?);
        let numbers: Vec<u32> = numbers.into_iter().take(PIECE as usize).collect();
        match numbers.last() {
            Some(last) => self.progress.walk_after = *last,
            None => {
                self.progress.walking = None;
                self.progress.seen = print;
                self.progress.walked_at = now;
            }
        }
        // At the end, too, so that it is written down.
        Ok(Some(Piece { numbers, marks: Vec::new() }))
    }

    async fn difference(
        &self,
        read: &mut Work,
        segment: SegmentId,
        settings: &TenantSettings,
        numbers: &[u32],
    ) -> Result<Difference, AppError> {
        let wanted = self.wanted(read, segment, settings, numbers).await?;
        let held = read.audience_members(self.tenant, self.id(), numbers).await?;
        Ok(compare(wanted, held))
    }

    /// What the channel is to be told of these people.
    async fn wanted(
        &self,
        read: &mut Work,
        segment: SegmentId,
        settings: &TenantSettings,
        numbers: &[u32],
    ) -> Result<Vec<AudienceMember>, AppError> {
        let (tenant, now) = (self.tenant, self.now());
        let people = self.members(read, segment, numbers).await?;
        let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
        let joined = read.members(tenant, &ids).await?;
        let everybody: HashSet<PersonId> = joined.values().flatten().chain(&ids).copied().collect();
        let links = read.links(tenant, &everybody.into_iter().collect::<Vec<_>>()).await?;
        let consents = read.consents(tenant, &ids).await?;
        let (audience, takes) = (&self.row.audience, self.takes());
        let mut wanted = Vec::new();
        for person in &people {
            let said = consents.get(&person.id).map(Vec::as_slice).unwrap_or_default();
            let Some(allowed_until) = allowed(settings, said, &audience.purpose, now) else { continue };
            let parts = joined.get(&person.id).into_iter().flatten().chain([&person.id]);
            let own: Vec<&Link> = parts.filter_map(|part| links.get(part)).flatten().collect();
            let hashed = identifiers(own, &audience.kinds, &takes).into_iter();
            wanted.extend(hashed.map(|hashed| AudienceMember {
                hashed,
                number: person.number,
                told: Told::ToAdd,
                allowed_until,
            }));
        }
        Ok(wanted)
    }

    /// Those of these people who stand for themselves or a group and are in the segment.
    async fn members(&self, read: &mut Work, segment: SegmentId, numbers: &[u32]) -> Result<Vec<Person>, AppError> {
        let chunks: BTreeSet<u32> = numbers.iter().map(|number| number >> CHUNK_BITS).collect();
        let chunks: Vec<u32> = chunks.into_iter().collect();
        let inside = read.segment_chunks(self.tenant, &[segment], &chunks).await?;
        let is_inside =
            |number: u32| inside.get(&(segment, number >> CHUNK_BITS)).is_some_and(|members| members.contains(number));
        let numbers: Vec<u32> = numbers.iter().copied().filter(|number| is_inside(*number)).collect();
        let people = read.people_numbered(self.tenant, &numbers).await?;
        Ok(people.into_values().filter(|person| person.membership.merged_into.is_none()).collect())
    }
}

/// What has to change so that what is held becomes what is wanted.
fn compare(wanted: Vec<AudienceMember>, held: Vec<AudienceMember>) -> Difference {
    let known: HashMap<&Hashed, &AudienceMember> = held.iter().map(|member| (&member.hashed, member)).collect();
    let same = |member: &AudienceMember| {
        known.get(&member.hashed).is_some_and(|held| {
            held.told != Told::ToRemove && (held.number, held.allowed_until) == (member.number, member.allowed_until)
        })
    };
    let keep: HashSet<Hashed> = wanted.iter().map(|member| member.hashed.clone()).collect();
    let gone = held.iter().filter(|member| member.told != Told::ToRemove && !keep.contains(&member.hashed));
    Difference {
        gone: gone.map(|member| member.hashed.clone()).collect(),
        put: wanted.into_iter().filter(|member| !same(member)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(hash: u8, number: u32, told: Told) -> AudienceMember {
        let hashed = Hashed { kind: "email".to_owned(), hash: [hash; 32] };
        AudienceMember { hashed, number, told, allowed_until: None }
    }

    #[track_caller]
    fn check(wanted: &[AudienceMember], held: &[AudienceMember], put: &[u8], gone: &[u8]) {
        let difference = compare(wanted.to_vec(), held.to_vec());
        let first = |hashed: &Hashed| hashed.hash[0];
        assert_eq!(difference.put.iter().map(|member| first(&member.hashed)).collect::<Vec<_>>(), put);
        assert_eq!(difference.gone.iter().map(first).collect::<Vec<_>>(), gone);
    }

    #[test]
    fn ad_1_only_what_differs_is_told() {
        let (add, there, remove) = (Told::ToAdd, Told::There, Told::ToRemove);
        check(&[member(1, 7, add)], &[], &[1], &[]);
        check(&[member(1, 7, add)], &[member(1, 7, there)], &[], &[]);
        check(&[member(1, 7, add)], &[member(1, 7, remove)], &[1], &[]);
        check(&[], &[member(1, 7, there), member(2, 7, add), member(3, 7, remove)], &[], &[1, 2]);
        check(&[member(1, 8, add)], &[member(1, 7, there)], &[1], &[]);
        let until = AudienceMember { allowed_until: Some(9), ..member(1, 7, add) };
        check(&[until], &[member(1, 7, there)], &[1], &[]);
    }
}
