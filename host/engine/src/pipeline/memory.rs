//! What one micro-batch knows and changes: loaded in a few queries, changed by facts and operations, written once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use guanxi_domain::candidate::Candidate;
use guanxi_domain::delivery_receipt::DeliveryReceipt;
use guanxi_domain::event::{Event, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::installation::Health;
use guanxi_domain::message::Message;
use guanxi_domain::person::{Consent, HeldTag, Link, Person, Score, Signal};
use guanxi_domain::profile::Subject;
use guanxi_domain::relations::Standing;
use guanxi_import::Chunk;
use guanxi_store::{
    ConsentRow, DecisionRow, IdentityAction, IdentityConflict, ImportOutcomes, LinkRow, LoggedCall, MessageContent,
    OrderRow, Settlement, TagRow, TimelineRow, Timer,
};

use super::{groups, limits, relations};

/// One person as the batch sees them.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) person: Person,
    /// Strongest first; of a group those of all its leaves.
    pub(crate) links: Vec<Link>,
    /// By dimension and name, those that were taken away among them with weight 0.
    pub(crate) tags: Vec<HeldTag>,
    /// By name; only of people who stand for themselves or a group.
    pub(crate) scores: Vec<Score>,
    /// By kind and source, expired ones among them.
    pub(crate) signals: Vec<Signal>,
    /// What the graph of relations says, read anew for each batch in which plugins want to know it.
    pub(crate) standing: Option<Standing>,
    /// By purpose.
    pub(crate) consents: Vec<Consent>,
    /// Who was joined in this group, in the order of their ids; the person alone if it is none.
    pub(crate) leaves: Vec<PersonId>,
}

impl Known {
    /// A person of whom nothing else is known.
    pub(crate) fn new(person: Person) -> Self {
        let leaves = if person.membership.is_group { Vec::new() } else { vec![person.id] };
        Self {
            person,
            links: Vec::new(),
            tags: Vec::new(),
            scores: Vec::new(),
            signals: Vec::new(),
            standing: None,
            consents: Vec::new(),
            leaves,
        }
    }

    /// As plugins may see the person.
    pub(crate) fn subject(&self) -> Subject<'_> {
        let Self { person, signals, consents, standing, .. } = self;
        Subject { person, signals, consents, standing: *standing }
    }

    /// Brings what was added into the order of what is read, so that both show a plugin the same.
    pub(crate) fn sort(&mut self) {
        Link::sort(&mut self.links);
        self.tags.sort_by(|a, b| (&a.tag.dimension, &a.tag.name).cmp(&(&b.tag.dimension, &b.tag.name)));
        self.scores.sort_by(|a, b| a.name.cmp(&b.name));
        self.signals.sort_by(|a, b| (&a.kind, &a.source).cmp(&(&b.kind, &b.source)));
    }
}

/// Everything that one micro-batch knows.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) people: HashMap<PersonId, Known>,
    /// Who each identity was given to: never a group.
    pub(crate) owners: HashMap<Identity, PersonId>,
    pub(crate) orders: HashMap<String, OrderRow>,
    /// Whose an order is that is not there yet: rounds go by person, but who names it first in the log has it.
    pub(crate) claims: HashMap<String, PersonId>,
    /// By installation and root.
    pub(crate) states: HashMap<(InstallationId, PersonId), String>,
    /// Earlier events by whose past it is and root, newest first.
    pub(crate) history: HashMap<(InstallationId, PersonId), Vec<Event>>,
    /// What stands beside installations; it runs until it falls back.
    pub(crate) candidates: HashMap<InstallationId, Candidate>,
    /// How often limited operations were carried out; empty if nothing is limited.
    pub(crate) counts: limits::Counts,
    /// The last number given to a person.
    pub(crate) numbered: u32,
    /// Whether anything of it was remembered from earlier batches instead of read.
    pub(crate) recalled: bool,
    /// The rows of an import, until their people are found.
    pub(crate) chunk: Option<Chunk>,
    pub(crate) changes: Changes,
}

/// A link that was made or changed.
pub(crate) struct PutLink {
    /// Its owner and its new state.
    pub(crate) row: LinkRow,
    /// Whether nobody had the identity before.
    pub(crate) is_new: bool,
}

/// Everything that one micro-batch changes.
#[derive(Default)]
pub(crate) struct Changes {
    /// By identity.
    pub(crate) links: BTreeMap<Identity, PutLink>,
    pub(crate) conflicts: Vec<IdentityConflict>,
    pub(crate) settlements: Vec<(Identity, PersonId, Settlement)>,
    pub(crate) actions: Vec<IdentityAction>,
    /// Plugin states that a new root takes over from those who were joined: from whom, to whom, in this order.
    pub(crate) inherited: Vec<(PersonId, PersonId)>,
    /// Groups that are no more.
    pub(crate) dissolved: Vec<PersonId>,
    /// Roots that came to be or changed their members by joining and parting.
    pub(crate) restructured: BTreeSet<PersonId>,
    pub(crate) timeline: Vec<TimelineRow>,
    /// What channels told of messages.
    pub(crate) receipts: Vec<DeliveryReceipt>,
    pub(crate) orders: HashSet<String>,
    pub(crate) scores: BTreeMap<(PersonId, String), Score>,
    /// By person and purpose; `None` takes the row away.
    pub(crate) consents: BTreeMap<(PersonId, String), Option<ConsentRow>>,
    /// Places of events about people who were erased: nothing is to be left of them.
    pub(crate) emptied: Vec<i64>,
    /// `None` takes the row away.
    pub(crate) tags: BTreeMap<(PersonId, String, String), Option<TagRow>>,
    pub(crate) states: BTreeMap<(InstallationId, PersonId), Option<String>>,
    /// By person, kind and source; `None` takes the row away.
    pub(crate) signals: BTreeMap<(PersonId, String, String), Option<Signal>>,
    pub(crate) edges: relations::Edges,
    /// `None` cancels the timer.
    pub(crate) timers: BTreeMap<(InstallationId, PersonId, String), Option<Timer>>,
    pub(crate) decisions: Vec<DecisionRow>,
    /// Calls of plugins that said something.
    pub(crate) logs: Vec<LoggedCall>,
    pub(crate) messages: Vec<Message>,
    /// Which of them say what the tenant keeps.
    pub(crate) message_contents: Vec<MessageContent>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) health: BTreeMap<InstallationId, Health>,
    /// Installations beside which something was tried.
    pub(crate) tried: BTreeSet<InstallationId>,
    pub(crate) touched: BTreeSet<PersonId>,
    /// What became of the rows of an import.
    pub(crate) imported: Option<ImportOutcomes>,
}

impl Memory {
    /// These people and everybody who was joined in them.
    pub(crate) fn everybody_in(&self, people: impl IntoIterator<Item = PersonId>) -> Vec<PersonId> {
        let leaves = |id: PersonId| self.people.get(&id).map(|known| known.leaves.as_slice()).unwrap_or_default();
        let all: BTreeSet<PersonId> =
            people.into_iter().flat_map(|id| leaves(id).iter().copied().chain([id])).collect();
        all.into_iter().collect()
    }

    /// The person, to be changed and therefore written.
    pub(crate) fn touch(&mut self, id: PersonId) -> Option<&mut Known> {
        self.changes.touched.insert(id);
        self.people.get_mut(&id)
    }

    /// Adds a person whom the tenant did not know; the number is given here.
    pub(crate) fn add(&mut self, mut person: Person) {
        self.numbered += 1;
        person.number = self.numbered;
        self.changes.touched.insert(person.id);
        self.people.insert(person.id, Known::new(person));
    }

    /// Who stands for this person.
    pub(crate) fn root_of(&self, id: PersonId) -> PersonId {
        self.people.get(&id).map_or(id, |known| known.person.root())
    }

    /// Who gets what is said of a person as a whole: of a group the leaf with the strongest identity, else the person.
    pub(crate) fn leaf_of(&self, id: PersonId) -> PersonId {
        let Some(known) = self.people.get(&id).filter(|known| known.person.membership.is_group) else { return id };
        let strength = |leaf: &PersonId| {
            let links = self.people.get(leaf).map(|known| known.links.as_slice()).unwrap_or_default();
            links.iter().map(|link| link.identity.strength()).max()
        };
        // The first of the strongest: `max_by_key` would give the last.
        let strongest = known.leaves.iter().rev().max_by_key(|leaf| strength(leaf));
        strongest.copied().unwrap_or(id)
    }

    /// Changes a link of a person who is no group, new or old; who had the identity before loses it.
    pub(crate) fn put_link(&mut self, person: PersonId, link: Link) {
        let before = self.owners.insert(link.identity.clone(), person);
        let is_new = before.is_none() || self.changes.links.get(&link.identity).is_some_and(|put| put.is_new);
        if let Some(before) = before.filter(|before| *before != person) {
            // The link's row tells of its new owner only: segments must hear of the old one, too.
            if let Some(known) = self.touch(before) {
                known.links.retain(|old| old.identity != link.identity);
            }
            groups::refresh(self, before);
        }
        if let Some(known) = self.people.get_mut(&person) {
            known.links.retain(|old| old.identity != link.identity);
            known.links.push(link.clone());
            Link::sort(&mut known.links);
        }
        let put = PutLink { row: LinkRow { person, link: link.clone() }, is_new };
        self.changes.links.insert(link.identity, put);
        groups::refresh(self, person);
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
    pub(crate) fn put_tag(&mut self, id: PersonId, held: HeldTag) {
        let Some(known) = self.people.get_mut(&id) else { return };
        let same = |old: &&mut HeldTag| old.tag.dimension == held.tag.dimension && old.tag.name == held.tag.name;
        match known.tags.iter_mut().find(same) {
            Some(old) => *old = held.clone(),
            None => known.tags.push(held.clone()),
        }
        let key = (id, held.tag.dimension.clone(), held.tag.name.clone());
        self.changes.tags.insert(key, Some(TagRow { person: id, held }));
    }

    /// Sets what a channel tells of a person.
    pub(crate) fn put_signal(&mut self, id: PersonId, signal: Signal) {
        let Some(known) = self.people.get_mut(&id) else { return };
        match known.signals.iter_mut().find(|old| old.kind == signal.kind && old.source == signal.source) {
            Some(old) => *old = signal.clone(),
            None => known.signals.push(signal.clone()),
        }
        self.changes.signals.insert((id, signal.kind.clone(), signal.source.clone()), Some(signal));
    }

    /// Forgets what a channel told of a person.
    pub(crate) fn remove_signal(&mut self, id: PersonId, kind: &str, source: &str) {
        let Some(known) = self.people.get_mut(&id) else { return };
        known.signals.retain(|signal| signal.kind != kind || signal.source != source);
        self.changes.signals.insert((id, kind.to_owned(), source.to_owned()), None);
    }

    /// Forgets a tag of a person altogether.
    pub(crate) fn remove_tag(&mut self, id: PersonId, dimension: &str, name: &str) {
        let Some(known) = self.people.get_mut(&id) else { return };
        known.tags.retain(|held| held.tag.dimension != dimension || held.tag.name != name);
        self.changes.tags.insert((id, dimension.to_owned(), name.to_owned()), None);
    }
}
