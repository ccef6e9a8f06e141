//! What the last micro-batches knew of people, so that the next one need not read it again. It holds as long as the log
//! stands where this worker left it: whatever changes a person moves the log on, whoever does it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use moka::sync::Cache;
use serde_json::Value;

use super::memory::{Known, Memory};

/// Bytes, as `weight` counts them, over all tenants.
const PEOPLE_BYTES_MAX: u64 = 48 * 1024 * 1024;
const OWNERS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// People of all tenants, bounded together.
pub(crate) struct Recall {
    people: Cache<(u64, PersonId), Arc<Known>>,
    owners: Cache<(u64, Identity), PersonId>,
    generations: AtomicU64,
}

/// How much of it one worker may believe: what has its generation, while its tenant's log stands at `position`.
#[derive(Default)]
pub(crate) struct Bookmark {
    generation: u64,
    position: Option<i64>,
}

impl Recall {
    pub(crate) fn new() -> Self {
        let owner = |(_, identity): &(u64, Identity), _: &PersonId| bytes(96 + 2 * identity.value().len());
        Self {
            people: Cache::builder()
                .weigher(|_, known: &Arc<Known>| weight(known))
                .max_capacity(PEOPLE_BYTES_MAX)
                .build(),
            owners: Cache::builder().weigher(owner).max_capacity(OWNERS_BYTES_MAX).build(),
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
            self.people.invalidate(&(bookmark.generation, *person));
        }
        for identity in identities {
            self.owners.invalidate(&(bookmark.generation, identity.clone()));
        }
        *bookmark = Bookmark::default();
    }

    /// After a batch was committed up to `to`.
    pub(crate) fn keep(&self, bookmark: &mut Bookmark, memory: Memory, to: i64) {
        for (identity, person) in memory.owners {
            self.owners.insert((bookmark.generation, identity), person);
        }
        for group in &memory.changes.dissolved {
            self.people.invalidate(&(bookmark.generation, *group));
        }
        for (id, mut known) in memory.people {
            known.sort();
            self.people.insert((bookmark.generation, id), Arc::new(known));
        }
        bookmark.position = Some(to);
    }
}

/// About how many bytes a person takes.
fn weight(known: &Known) -> u32 {
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

fn bytes(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::person::Person;

    use super::*;

    #[test]
    fn people_are_recalled_only_where_the_log_was_left() {
        let recall = Recall::new();
        let mut bookmark = Bookmark::default();
        let id = PersonId::from_slice(&[7; 16]).unwrap();
        let ada: Identity = "user:ada".parse().unwrap();
        recall.open(&mut bookmark, 0);
        recall.keep(&mut bookmark, knowing(id, &ada), 3);

        recall.open(&mut bookmark, 3);
        assert_eq!(recall.owner(&bookmark, &ada), Some(id));
        assert_eq!(recall.person(&bookmark, id).map(|known| known.person.id), Some(id));
        recall.keep(&mut bookmark, Memory::default(), 5);

        recall.open(&mut bookmark, 5);
        assert_eq!(recall.owner(&bookmark, &ada), Some(id), "kept over a batch about others");
        // That batch is not committed: what it may have left half done is not believed.
        recall.open(&mut bookmark, 5);
        assert_eq!(recall.owner(&bookmark, &ada), None);
        recall.keep(&mut bookmark, knowing(id, &ada), 9);
        // Another worker has moved the log on.
        recall.open(&mut bookmark, 12);
        assert_eq!(recall.owner(&bookmark, &ada), None);
        assert!(recall.person(&bookmark, id).is_none());
        // Another tenant's worker starts with a generation of its own.
        let mut other = Bookmark::default();
        recall.keep(&mut bookmark, knowing(id, &ada), 13);
        recall.open(&mut other, 13);
        assert_eq!(recall.owner(&other, &ada), None);
    }

    fn knowing(id: PersonId, identity: &Identity) -> Memory {
        let known = Known::new(Person::new(id, 0));
        Memory { people: [(id, known)].into(), owners: [(identity.clone(), id)].into(), ..Memory::default() }
    }
}
