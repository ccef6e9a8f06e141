//! Who an event is about: known identities lead to their person, unknown ones join that person or make a new one.
//!
//! Two known people are never joined here: an identity that belongs to somebody else stays there and the conflict is
//! recorded. A person who has a `user` identity never gets a second one.

use guanxi_app::Ambient;
use guanxi_domain::JsonMap;
use guanxi_domain::Millis;
use guanxi_domain::event::Event;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, Person, Stage};
use guanxi_store::{IdentityConflict, IdentityRow};

use super::memory::{Known, Memory};

/// The person that the event is about, made if need be; `Err` says why there can be none.
pub(crate) fn resolve(memory: &mut Memory, event: &Event, ambient: &Ambient) -> Result<PersonId, String> {
    let body = &event.event.body;
    if let Some(person) = body.person {
        return if memory.people.contains_key(&person) { Ok(person) } else { Err(format!("{person} does not exist")) };
    }
    let mut identities = body.identities.clone();
    identities.sort_by_key(|identity| std::cmp::Reverse(identity.strength()));
    if identities.is_empty() {
        return Err("the event names nobody".to_owned());
    }
    let now = event.event.received_at;
    let person = match holder(memory, &identities) {
        Some(person) => person,
        None => create(memory, PersonId::from_uuid(ambient.uuid()), now),
    };
    // In the order in which they will be read again.
    identities.sort_by(|a, b| b.strength().cmp(&a.strength()).then_with(|| a.cmp(b)));
    for identity in identities {
        attach(memory, person, identity, event.position, now);
    }
    Ok(person)
}

/// The owner of the strongest known identity that fits: an owner who already is another `user` does not.
fn holder(memory: &Memory, identities: &[Identity]) -> Option<PersonId> {
    let user = identities.iter().find(|identity| identity.kind() == "user");
    identities.iter().find_map(|identity| {
        let owner = *memory.owners.get(identity)?;
        let other_user =
            |known: &Known| known.identities.iter().any(|i| i.kind() == "user" && user.is_some_and(|u| u != i));
        let fits = identity.kind() == "user" || !memory.people.get(&owner).is_some_and(other_user);
        fits.then_some(owner)
    })
}

fn create(memory: &mut Memory, id: PersonId, now: Millis) -> PersonId {
    let person = Person {
        id,
        stage: Stage::Prospect,
        attributes: JsonMap::new(),
        facts: Facts::default(),
        created_at: now,
        updated_at: now,
    };
    memory.people.insert(id, Known { person, identities: Vec::new(), tags: Vec::new(), scores: Vec::new() });
    memory.changes.touched.insert(id);
    id
}

fn attach(memory: &mut Memory, person: PersonId, identity: Identity, position: i64, now: Millis) {
    match memory.owners.get(&identity) {
        Some(owner) if *owner == person => {}
        Some(owner) => {
            let (person, claimed_by) = (*owner, person);
            memory.changes.conflicts.push(IdentityConflict { identity, person, claimed_by, position, at: now });
        }
        None => {
            memory.owners.insert(identity.clone(), person);
            if let Some(known) = memory.people.get_mut(&person) {
                known.identities.push(identity.clone());
                known.identities.sort_by_key(|i| std::cmp::Reverse(i.strength()));
            }
            memory.changes.identities.push(IdentityRow { identity, person, first_position: position, created_at: now });
        }
    }
}
