//! Who an event is about: known identities lead to their person, unknown ones join that person or make a new one. People
//! whom an event shows to be the same are joined if [`guanxi_domain::linking`] is sure; else the conflict is recorded.

use std::collections::HashSet;

use guanxi_domain::Millis;
use guanxi_domain::event::{DELIVERY, Event, HOST_PREFIX};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{PersonId, derived_uuid};
use guanxi_domain::linking::{ActionKind, Cause, Side, may_have, may_join};
use guanxi_domain::person::{Link, LinkState, Person};
use guanxi_store::{IdentityAction, IdentityConflict};

use super::groups;
use super::memory::{Known, Memory};

/// Who the host is in the history of identities.
pub(crate) const HOST: &str = "host";
/// How sure a link is that an event made.
const CONFIDENCE_SAID: f64 = 0.5;
const CONFIDENCE_VOUCHED: f64 = 0.95;

/// What an event says of who is who.
pub(crate) struct Naming<'a> {
    /// In any order.
    pub(crate) identities: &'a [Identity],
    /// Whether the sender is trusted to know.
    pub(crate) vouched: bool,
    /// Whether the person was heard from over a channel.
    pub(crate) heard: bool,
    /// Where it comes from.
    pub(crate) source: &'a str,
    pub(crate) position: i64,
    pub(crate) now: Millis,
    /// What new ids are derived from.
    pub(crate) seed: &'a [&'a [u8]],
}

/// Whom an event was found to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// This person, who is no group.
    Person(PersonId),
    /// People have to be joined or parted of whom the batch has something to decide first.
    Later,
    /// Nobody; what had to be said about it was recorded.
    Nobody,
}

/// The person that the event is about, made if need be; `Err` says why there can be none. Nothing is joined that is
/// among `busy`.
pub(crate) fn resolve(memory: &mut Memory, event: &Event, busy: &HashSet<PersonId>) -> Result<Subject, String> {
    let body = &event.event.body;
    if let Some(person) = body.person {
        if memory.people.contains_key(&person) {
            return Ok(Subject::Person(memory.leaf_of(person)));
        }
        // The host named somebody who was erased meanwhile: a timer, a message's end.
        memory.changes.emptied.push(event.position);
        return Ok(Subject::Nobody);
    }
    let about_nobody = body.identities.is_empty() && event.event.kind.starts_with(HOST_PREFIX);
    if body.erased || about_nobody {
        return Ok(Subject::Nobody);
    }
    let naming = Naming {
        identities: &body.identities,
        vouched: body.vouched,
        heard: event.event.kind != DELIVERY && event.event.is_from_channel(),
        source: body.channel.as_deref().unwrap_or("api"),
        position: event.position,
        now: event.event.received_at,
        seed: &[event.event.id.as_bytes()],
    };
    name(memory, &naming, busy)
}

/// The person whom identities name together, made if need be.
pub(crate) fn name(memory: &mut Memory, naming: &Naming<'_>, busy: &HashSet<PersonId>) -> Result<Subject, String> {
    let mut identities = naming.identities.to_vec();
    if identities.is_empty() {
        return Err("the event names nobody".to_owned());
    }
    // Of equally strong ones the first that the sender names.
    identities.sort_by_key(|identity| std::cmp::Reverse(identity.strength()));
    let person = match holder(memory, &identities) {
        Some(person) if joins_busy(memory, person, &identities, naming.vouched, busy) => return Ok(Subject::Later),
        Some(person) => person,
        None => {
            let seed: Vec<&[u8]> = naming.seed.iter().copied().chain([b"person".as_slice()]).collect();
            let id = PersonId::from_uuid(derived_uuid(naming.now, &seed));
            memory.add(Person::new(id, naming.now));
            id
        }
    };
    // In the order in which they will be read again.
    identities.sort_by(|a, b| b.strength().cmp(&a.strength()).then_with(|| a.cmp(b)));
    for (index, identity) in identities.into_iter().enumerate() {
        attach(memory, person, identity, naming, index);
    }
    Ok(Subject::Person(person))
}

/// The link by which an identity leads to somebody; an invalid one leads nowhere.
fn leading<'m>(memory: &'m Memory, identity: &Identity) -> Option<(PersonId, &'m Link)> {
    let owner = *memory.owners.get(identity)?;
    let link = memory.people.get(&owner)?.links.iter().find(|link| link.identity == *identity)?;
    (link.state != LinkState::Invalid).then_some((owner, link))
}

/// The owner of the strongest known identity that fits: of what a person has only one, the owner has no other.
fn holder(memory: &Memory, identities: &[Identity]) -> Option<PersonId> {
    let mut found = identities.iter().filter_map(|identity| {
        let (owner, _) = leading(memory, identity)?;
        let root = memory.people.get(&memory.root_of(owner))?;
        let other = |named: &Identity| {
            let differs = |link: &Link| {
                link.identity.kind() == named.kind()
                    && link.identity != *named
                    && !matches!(link.state, LinkState::Invalid)
            };
            named != identity && named.rules().exclusive && root.links.iter().any(differs)
        };
        (identity.rules().exclusive || !identities.iter().any(other)).then_some(owner)
    });
    found.next()
}

fn side(known: &Known) -> Side<'_> {
    Side { links: &known.links, leaves: known.leaves.len() }
}

fn joins_busy(
    memory: &Memory,
    person: PersonId,
    identities: &[Identity],
    vouched: bool,
    busy: &HashSet<PersonId>,
) -> bool {
    let root = memory.root_of(person);
    let Some(mine) = memory.people.get(&root) else { return false };
    identities.iter().any(|identity| {
        let Some((owner, link)) = leading(memory, identity) else { return false };
        let other = memory.root_of(owner);
        let joined = || memory.people.get(&other).is_some_and(|o| may_join(side(mine), side(o), link, vouched).is_ok());
        other != root && (busy.contains(&root) || busy.contains(&other)) && joined()
    })
}

/// Gives the identity to the person, or joins them with its owner, or records why not.
fn attach(memory: &mut Memory, person: PersonId, identity: Identity, naming: &Naming<'_>, index: usize) {
    let root = memory.root_of(person);
    let Some((owner, link)) = leading(memory, &identity).map(|(owner, link)| (owner, link.clone())) else {
        let links = memory.people.get(&root).map(|known| known.links.as_slice()).unwrap_or_default();
        if let Err(cause) = may_have(links, &identity) {
            return conflict(memory, identity, person, person, cause, naming);
        }
        if memory.owners.get(&identity).is_some_and(|before| *before != person) {
            let reason = "named for somebody else after it was found invalid";
            act(memory, naming, ActionKind::Link, person, None, Some(identity.clone()), reason);
        }
        let link = new_link(identity, naming);
        return memory.put_link(person, link);
    };
    let other = memory.root_of(owner);
    if other == root {
        return confirm(memory, owner, link, naming);
    }
    let allowed = match (memory.people.get(&root), memory.people.get(&other)) {
        (Some(mine), Some(theirs)) => may_join(side(mine), side(theirs), &link, naming.vouched),
        _ => Err(Cause::Unverified),
    };
    match allowed {
        Ok(()) => {
            let index = index.to_be_bytes();
            let seed: Vec<&[u8]> = naming.seed.iter().copied().chain([b"group".as_slice(), &index]).collect();
            let id = PersonId::from_uuid(derived_uuid(naming.now, &seed));
            let group = groups::join(memory, root, other, id, naming.now);
            let reason = if naming.vouched { "named together by a trusted sender" } else { "signed in" };
            let joined = if group == other { root } else { other };
            act(memory, naming, ActionKind::Merge, group, Some(joined), Some(identity), reason);
            confirm(memory, owner, link, naming);
        }
        Err(cause) => conflict(memory, identity, owner, person, cause, naming),
    }
}

/// A link that is named again by somebody who is trusted is verified; one that had to be checked again is there again.
/// Names a link again. Of one that a channel said to reach nobody only a channel knows better.
fn confirm(memory: &mut Memory, owner: PersonId, link: Link, naming: &Naming<'_>) {
    if link.state == LinkState::Stale && link.changed_by.as_deref() == Some(HOST) && !naming.heard {
        return;
    }
    let state = match (link.state, naming.vouched) {
        (LinkState::Unverified | LinkState::Stale, true) => LinkState::Verified,
        (LinkState::Stale, false) => LinkState::Unverified,
        _ => return,
    };
    let confidence = link.confidence.max(if naming.vouched { CONFIDENCE_VOUCHED } else { CONFIDENCE_SAID });
    let changed_by = Some(HOST.to_owned());
    let reason = Some(format!("named again by {}", naming.source));
    memory.put_link(owner, Link { state, confidence, reason, changed_by, changed_at: naming.now, ..link });
}

fn new_link(identity: Identity, naming: &Naming<'_>) -> Link {
    Link {
        identity,
        state: if naming.vouched { LinkState::Verified } else { LinkState::Unverified },
        source: naming.source.to_owned(),
        confidence: if naming.vouched { CONFIDENCE_VOUCHED } else { CONFIDENCE_SAID },
        reason: None,
        changed_by: None,
        changed_at: naming.now,
        first_position: naming.position,
        created_at: naming.now,
    }
}

fn conflict(
    memory: &mut Memory,
    identity: Identity,
    person: PersonId,
    claimed_by: PersonId,
    cause: Cause,
    naming: &Naming<'_>,
) {
    let (position, at) = (naming.position, naming.now);
    memory.changes.conflicts.push(IdentityConflict {
        identity,
        person,
        claimed_by,
        cause,
        position,
        at,
        settled: None,
    });
}

fn act(
    memory: &mut Memory,
    naming: &Naming<'_>,
    action: ActionKind,
    person: PersonId,
    other: Option<PersonId>,
    identity: Option<Identity>,
    reason: &str,
) {
    let before = memory.changes.actions.iter().filter(|action| action.position == naming.position).count();
    memory.changes.actions.push(IdentityAction {
        position: naming.position,
        number: u32::try_from(before).unwrap_or(u32::MAX),
        action,
        person,
        other,
        identity,
        actor: HOST.to_owned(),
        reason: reason.to_owned(),
        refused: None,
        at: naming.now,
    });
}
