//! What one micro-batch knows and changes: loaded in a few queries, changed by facts and operations, written once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use guanxi_domain::event::{Event, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::installation::Health;
use guanxi_domain::message::Message;
use guanxi_domain::person::{Person, Score, Tag};
use guanxi_store::{DecisionRow, IdentityConflict, IdentityRow, OrderRow, TagRow, TimelineRow, Timer};

/// One person as the batch sees them.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) person: Person,
    /// Strongest first.
    pub(crate) identities: Vec<Identity>,
    /// By dimension and name.
    pub(crate) tags: Vec<Tag>,
    /// By name.
    pub(crate) scores: Vec<Score>,
}

impl Known {
    /// Brings what was added into the order of what is read, so that both show a plugin the same.
    pub(crate) fn sort(&mut self) {
        self.tags.sort_by(|a, b| (&a.dimension, &a.name).cmp(&(&b.dimension, &b.name)));
        self.scores.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Everything that one micro-batch knows.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) people: HashMap<PersonId, Known>,
    pub(crate) owners: HashMap<Identity, PersonId>,
    pub(crate) orders: HashMap<String, OrderRow>,
    pub(crate) states: HashMap<(InstallationId, PersonId), String>,
    /// Earlier events by installation and person, newest first.
    pub(crate) history: HashMap<(InstallationId, PersonId), Vec<Event>>,
    pub(crate) changes: Changes,
}

/// Everything that one micro-batch changes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) identities: Vec<IdentityRow>,
    pub(crate) conflicts: Vec<IdentityConflict>,
    pub(crate) timeline: Vec<TimelineRow>,
    pub(crate) orders: HashSet<String>,
    pub(crate) scores: BTreeMap<(PersonId, String), Score>,
    /// `None` takes the tag away.
    pub(crate) tags: BTreeMap<(PersonId, String, String), Option<TagRow>>,
    pub(crate) states: BTreeMap<(InstallationId, PersonId), Option<String>>,
    /// `None` cancels the timer.
    pub(crate) timers: BTreeMap<(InstallationId, PersonId, String), Option<Timer>>,
    pub(crate) decisions: Vec<DecisionRow>,
    pub(crate) messages: Vec<Message>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) health: BTreeMap<InstallationId, Health>,
    pub(crate) touched: BTreeSet<PersonId>,
}

impl Memory {
    /// The person, to be changed and therefore written.
    pub(crate) fn touch(&mut self, id: PersonId) -> Option<&mut Known> {
        self.changes.touched.insert(id);
        self.people.get_mut(&id)
    }

    /// Sets a score.
    pub(crate) fn set_score(&mut self, id: PersonId, score: Score) {
        let Some(known) = self.people.get_mut(&id) else { return };
        match known.scores.iter_mut().find(|old| old.name == score.name) {
            Some(old) => *old = score.clone(),
            None => known.scores.push(score.clone()),
        }
        self.changes.scores.insert((id, score.name.clone()), score);
    }

    /// Puts a tag on a person.
    pub(crate) fn put_tag(&mut self, row: TagRow) {
        let Some(known) = self.people.get_mut(&row.person) else { return };
        let same = |old: &&mut Tag| old.dimension == row.tag.dimension && old.name == row.tag.name;
        match known.tags.iter_mut().find(same) {
            Some(old) => *old = row.tag.clone(),
            None => known.tags.push(row.tag.clone()),
        }
        let key = (row.person, row.tag.dimension.clone(), row.tag.name.clone());
        self.changes.tags.insert(key, Some(row));
    }

    /// Takes a tag off a person.
    pub(crate) fn remove_tag(&mut self, id: PersonId, dimension: &str, name: &str) {
        let Some(known) = self.people.get_mut(&id) else { return };
        known.tags.retain(|tag| tag.dimension != dimension || tag.name != name);
        self.changes.tags.insert((id, dimension.to_owned(), name.to_owned()), None);
    }
}
