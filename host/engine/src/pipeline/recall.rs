//! What the last micro-batches knew of people, so that the next one need not read it again. It holds as long as the log
//! stands where this worker left it: whatever changes a person moves the log on, whoever does it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use guanxi_domain::event::Event;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::memory::{Known, Memory};

/// Bytes, as `weight` counts them, over all tenants.
const PEOPLE_BYTES_MAX: u64 = 48 * 1024 * 1024;
const OWNERS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// About how many of either that is.
const PEOPLE: usize = 20_000;
const OWNERS: usize = 80_000;

/// People of all tenants, bounded together.
pub(crate) struct Recall {
    people: Cache<(u64, PersonId), Arc<Known>, Bytes>,
    owners: Cache<(u64, Identity), PersonId, Bytes>,
    generations: AtomicU64,
}

/// How much of it one worker may believe: what has its generation, while its tenant's log stands at `position`.
#[derive(Default)]
pub(crate) struct Bookmark {
    generation: u64,
    position: Option<i64>,
    /// A position and events that follow it in the log, read before their turn. They cannot have changed since: what an
    /// erasure rewrites stands before it, and was decided.
    ahead: (i64, Vec<Arc<Event>>),
    /// How long an event took to think about lately.
    pace: Duration,
    /// How many events are written at once, where another tenant waited for it.
    width: Option<u32>,
}

/// So long a batch is thought about and, where others want to write, written at most, as far as that can be foreseen.
const TURN: Duration = Duration::from_millis(50);

/// Fewer events at once take hardly less time to write.
const WIDTH_MIN: u32 = 16;
/// More are no batch.
const WIDTH_MAX: u32 = 4_096;

impl Bookmark {
    /// The events that follow `position`, as far as they were read.
    pub(crate) fn following(&mut self, position: i64) -> Vec<Arc<Event>> {
        let (from, events) = std::mem::take(&mut self.ahead);
        if from == position { events } else { Vec::new() }
    }

    /// How many events may be thought about at once without others waiting long.
    pub(crate) fn affordable(&self) -> u32 {
        let events = TURN.as_nanos().checked_div(self.pace.as_nanos()).unwrap_or(u128::MAX);
        u32::try_from(events).unwrap_or(u32::MAX).min(self.width.unwrap_or(u32::MAX)).max(1)
    }

    /// Notes how long events took: slower ones count at once, faster ones little by little.
    pub(crate) fn keep_pace(&mut self, pace: Duration) {
        self.pace = pace.max((self.pace * 3 + pace) / 4);
    }

    /// Notes how long another tenant waited while so many events were written: if long, fewer go at once; if nobody waits any
    /// more, soon as many as there are.
    pub(crate) fn keep_width(&mut self, events: usize, waited: Duration) {
        if waited > TURN {
            let events = TURN.as_nanos() * events as u128 / waited.as_nanos();
            self.width = Some(u32::try_from(events).unwrap_or(WIDTH_MAX).clamp(WIDTH_MIN, WIDTH_MAX));
        } else if waited.is_zero() {
            self.width = self.width.map(|width| width.saturating_mul(2)).filter(|width| *width <= WIDTH_MAX);
        }
    }

    /// Keeps events that follow `position`.
    pub(crate) fn follow(&mut self, position: i64, events: Vec<Arc<Event>>) {
        self.ahead = (position, events);
    }
}

impl Recall {
    pub(crate) fn new() -> Self {
        Self {
            people: Cache::with_weighter(PEOPLE, PEOPLE_BYTES_MAX, Bytes),
            owners: Cache::with_weighter(OWNERS, OWNERS_BYTES_MAX, Bytes),
            generations: AtomicU64::new(1),
        }
    }

    /// Before a batch that follows `from`: forgets everything should the log have moved on without this worker. Until
    /// [`Self::keep`] says how the batch ended, nothing more is believed.
    pub(crate) fn open(&self, bookmark: &mut Bookmark, from: i64) {
        if bookmark.position.take() != Some(from) {
            bookmark.generation = self.generations.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn person(&self, bookmark: &Bookmark, id: PersonId) -> Option<Known> {
        self.people.get(&(bookmark.generation, id)).map(|known| Known::clone(&known))
    }

    pub(crate) fn owner(&self, bookmark: &Bookmark, identity: &Identity) -> Option<PersonId> {
        self.owners.get(&(bookmark.generation, identity.clone()))
    }

    /// Leaves nothing of people who were erased in memory, and believes nothing more until it was read again.
    pub(crate) fn erase(&self, bookmark: &mut Bookmark, people: &[PersonId], identities: &[Identity]) {
        for person in people {
            self.people.remove(&(bookmark.generation, *person));
        }
        for identity in identities {
            self.owners.remove(&(bookmark.generation, identity.clone()));
        }
        *bookmark = Bookmark::default();
    }

    /// After a batch was committed up to `to` that changed nothing of what is kept.
    pub(crate) fn pass(bookmark: &mut Bookmark, to: i64) {
        bookmark.position = Some(to);
    }

    /// After a batch was committed up to `to`. Of one that changes many people at once only those are kept who were known
    /// before: the others would drive out whoever is busy.
    pub(crate) fn keep(&self, bookmark: &mut Bookmark, memory: Memory, to: i64, many: bool) {
        let generation = bookmark.generation;
        for (identity, person) in memory.owners {
            put(&self.owners, (generation, identity), person, many);
        }
        for group in &memory.changes.dissolved {
            self.people.remove(&(generation, *group));
        }
        for (id, mut known) in memory.people {
            if many && !self.people.contains_key(&(generation, id)) {
                continue;
            }
            known.sort();
            put(&self.people, (generation, id), Arc::new(known), many);
        }
        bookmark.position = Some(to);
    }

    /// After [`Self::keep`]: people besides, whom the batch that was committed did not know.
    pub(crate) fn add(&self, bookmark: &Bookmark, read: Memory) {
        for (identity, person) in read.owners {
            put(&self.owners, (bookmark.generation, identity), person, false);
        }
        for (id, known) in read.people {
            put(&self.people, (bookmark.generation, id), Arc::new(known), false);
        }
    }
}

/// Puts a value into a cache, if wanted only over one that is there.
fn put<K: Eq + std::hash::Hash, V: Clone>(cache: &Cache<K, V, Bytes>, key: K, value: V, over: bool)
where
    Bytes: Weighter<K, V>,
{
    if over {
        // That there is none is no error.
        drop(cache.replace(key, value, true));
    } else {
        cache.insert(key, value);
    }
}

/// Weighs what is kept.
#[derive(Clone)]
struct Bytes;

impl Weighter<(u64, PersonId), Arc<Known>> for Bytes {
    fn weight(&self, _: &(u64, PersonId), known: &Arc<Known>) -> u64 {
        weight(known)
    }
}

impl Weighter<(u64, Identity), PersonId> for Bytes {
    fn weight(&self, (_, identity): &(u64, Identity), _: &PersonId) -> u64 {
        bytes(96 + 2 * identity.value().len())
    }
}

/// About how many bytes a person takes.
fn weight(known: &Known) -> u64 {
    let links: usize = known.links.iter().map(|link| 240 + link.identity.value().len() + link.source.len()).sum();
    let tags: usize = known.tags.iter().map(|held| 160 + held.tag.dimension.len() + held.tag.name.len()).sum();
    let scores: usize = known.scores.iter().map(|score| 128 + 64 * score.terms.len()).sum();
    let signals: usize = known.signals.iter().map(|s| 144 + s.kind.len() + s.source.len() + size(&s.value)).sum();
    let attributes: usize = known.person.attributes.iter().map(|(name, value)| 64 + name.len() + size(value)).sum();
    let origins: usize = known.person.provenance.iter().map(|(name, of)| 96 + name.len() + of.source.len()).sum();
    let activity: usize = known.person.activity.keys().map(|kind| 96 + kind.len()).sum();
    let consents = super::consents::weight(known);
    bytes(640 + 16 * known.leaves.len() + links + tags + scores + signals + consents + attributes + origins + activity)
}

fn size(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(entries) => entries.iter().map(|(name, value)| 64 + name.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::event::{EventBody, NewEvent};
    use guanxi_domain::ids::{EventId, new_uuid};
    use guanxi_domain::person::Person;

    use super::*;

    #[test]
    fn people_are_recalled_only_where_the_log_was_left() {
        let recall = Recall::new();
        let mut bookmark = Bookmark::default();
        let id = PersonId::from_slice(&[7; 16]).unwrap();
        let ada: Identity = "user:ada".parse().unwrap();
        recall.open(&mut bookmark, 0);
        recall.keep(&mut bookmark, knowing(id, &ada), 3, false);

        recall.open(&mut bookmark, 3);
        assert_eq!(recall.owner(&bookmark, &ada), Some(id));
        assert_eq!(recall.person(&bookmark, id).map(|known| known.person.id), Some(id));
        recall.keep(&mut bookmark, Memory::default(), 5, false);

        recall.open(&mut bookmark, 5);
        assert_eq!(recall.owner(&bookmark, &ada), Some(id), "kept over a batch about others");
        // That batch is not committed: what it may have left half done is not believed.
        recall.open(&mut bookmark, 5);
        assert_eq!(recall.owner(&bookmark, &ada), None);
        recall.keep(&mut bookmark, knowing(id, &ada), 9, false);
        // Another worker has moved the log on.
        recall.open(&mut bookmark, 12);
        assert_eq!(recall.owner(&bookmark, &ada), None);
        assert!(recall.person(&bookmark, id).is_none());
        // Many at once: of these only who was known before is kept.
        let bob: Identity = "user:bob".parse().unwrap();
        recall.keep(&mut bookmark, knowing(id, &ada), 13, false);
        recall.open(&mut bookmark, 13);
        recall.keep(&mut bookmark, knowing(PersonId::from_slice(&[8; 16]).unwrap(), &bob), 14, true);
        recall.open(&mut bookmark, 14);
        assert_eq!((recall.owner(&bookmark, &ada), recall.owner(&bookmark, &bob)), (Some(id), None));
        // Read besides, for the next batch.
        let other = PersonId::from_slice(&[8; 16]).unwrap();
        recall.add(&bookmark, knowing(other, &bob));
        assert_eq!(recall.owner(&bookmark, &bob), Some(other));
        // Events that were read on follow one position, and are handed out once.
        bookmark.follow(14, vec![event(15)]);
        assert_eq!([bookmark.following(14).len(), bookmark.following(14).len()], [1, 0]);
        bookmark.follow(14, vec![event(15)]);
        assert_eq!(bookmark.following(15).len(), 0);
        // Another tenant's worker starts with a generation of its own.
        let mut other = Bookmark::default();
        recall.keep(&mut bookmark, knowing(id, &ada), 13, false);
        recall.open(&mut other, 13);
        assert_eq!(recall.owner(&other, &ada), None);
    }

    #[test]
    fn pl_7_who_keeps_others_waiting_writes_less_at_once() {
        let mut bookmark = Bookmark::default();
        bookmark.keep_width(1_000, Duration::from_millis(200));
        assert_eq!(bookmark.affordable(), 250);
        bookmark.keep_width(250, Duration::from_millis(40));
        assert_eq!(bookmark.affordable(), 250);
        bookmark.keep_width(250, Duration::from_secs(9));
        assert_eq!(bookmark.affordable(), WIDTH_MIN);
        for _ in 0..9 {
            bookmark.keep_width(16, Duration::ZERO);
        }
        assert_eq!(bookmark.affordable(), u32::MAX);
    }

    fn event(position: i64) -> Arc<Event> {
        let (id, kind) = (EventId::from_uuid(new_uuid(0, [0; 10])), "page".to_owned());
        let body = EventBody::default();
        let event = NewEvent { id, message_id: "m".to_owned(), kind, occurred_at: 0, received_at: 0, body };
        Arc::new(Event { position, event })
    }

    fn knowing(id: PersonId, identity: &Identity) -> Memory {
        let known = Known::new(Person::new(id, 0));
        Memory { people: [(id, known)].into(), owners: [(identity.clone(), id)].into(), ..Memory::default() }
    }
}
