//! What staff do to identities: link, confirm, dispute, invalidate, join, part. Each is an event; what came of it is kept
//! beside it, so that whoever asked can be told.

use std::collections::HashSet;

use guanxi_domain::event::Event;
use guanxi_domain::ids::{PersonId, derived_uuid};
use guanxi_domain::linking::{Action, ActionKind, Side, Verb, may_have, may_merge};
use guanxi_domain::person::{Link, LinkState};
use guanxi_store::{IdentityAction, Settlement};

use super::groups;
use super::memory::Memory;
use super::people::Subject;

/// How sure a link is that staff made or confirmed.
const CONFIDENCE: f64 = 1.0;

/// Why an action is refused, for the one who asked.
type Refusal = String;

/// What an action did: to whom, and who else was concerned.
struct Deed {
    person: PersonId,
    other: Option<PersonId>,
}

/// Carries out an event of kind `guanxi.identity`; `Err` if it cannot be read.
pub(crate) fn carry_out(memory: &mut Memory, event: &Event, busy: &HashSet<PersonId>) -> Result<Subject, String> {
    let body = &event.event.body;
    let action: Action = serde_json::from_value(serde_json::Value::Object(body.properties.clone()))
        .map_err(|error| format!("the action cannot be read: {error}"))?;
    let target = body.person.ok_or("the action names nobody")?;
    let concerned = concerned(memory, target, &action.verb);
    if concerned.iter().any(|person| busy.contains(person)) {
        return Ok(Subject::Later);
    }
    let result = apply(memory, event, target, &action);
    let (deed, refused) = match result {
        Ok(deed) => (deed, None),
        Err(reason) => (Deed { person: target, other: other(&action.verb) }, Some(reason)),
    };
    let subject = match memory.people.contains_key(&deed.person) {
        true => Subject::Person(memory.leaf_of(deed.person)),
        false => Subject::Nobody,
    };
    let before = memory.changes.actions.iter().filter(|action| action.position == event.position).count();
    memory.changes.actions.push(IdentityAction {
        position: event.position,
        number: u32::try_from(before).unwrap_or(u32::MAX),
        action: action.verb.kind(),
        person: deed.person,
        other: deed.other,
        identity: action.verb.identity().cloned(),
        actor: action.actor,
        reason: action.reason,
        refused,
        at: event.event.received_at,
    });
    Ok(subject)
}

fn other(verb: &Verb) -> Option<PersonId> {
    match verb {
        Verb::Merge { with } => Some(*with),
        Verb::Dismiss { claimed_by, .. } => Some(*claimed_by),
        _ => None,
    }
}

/// The roots whom an action may change.
fn concerned(memory: &Memory, target: PersonId, verb: &Verb) -> Vec<PersonId> {
    let owner = verb.identity().and_then(|identity| memory.owners.get(identity).copied());
    let all = [Some(target), other(verb), owner];
    all.into_iter().flatten().map(|person| memory.root_of(person)).collect()
}

fn apply(memory: &mut Memory, event: &Event, target: PersonId, action: &Action) -> Result<Deed, Refusal> {
    if !memory.people.contains_key(&target) {
        return Err(format!("{target} does not exist"));
    }
    match &action.verb {
        Verb::Merge { with } => merge(memory, event, target, *with),
        Verb::Split => {
            let group = groups::part(memory, target).ok_or_else(|| format!("{target} was not joined with anybody"))?;
            Ok(Deed { person: target, other: Some(group) })
        }
        Verb::Link { .. } => link(memory, event, target, action),
        Verb::Dismiss { identity, claimed_by } => {
            let settlement = Settlement { resolved: false, by: action.actor.clone(), at: event.event.received_at };
            memory.changes.settlements.push((identity.clone(), *claimed_by, settlement));
            Ok(Deed { person: target, other: Some(*claimed_by) })
        }
        Verb::Confirm { .. } | Verb::Dispute { .. } | Verb::Invalidate { .. } | Verb::Recheck { .. } => {
            change(memory, event, target, action)
        }
    }
}

fn merge(memory: &mut Memory, event: &Event, target: PersonId, with: PersonId) -> Result<Deed, Refusal> {
    if !memory.people.contains_key(&with) {
        return Err(format!("{with} does not exist"));
    }
    let (first, second) = (memory.root_of(target), memory.root_of(with));
    if first == second {
        return Err("they are joined already".to_owned());
    }
    let side = |id| memory.people.get(id).map(|known| Side { links: &known.links, leaves: known.leaves.len() });
    if let (Some(a), Some(b)) = (side(&first), side(&second)) {
        may_merge(a, b).map_err(|cause| format!("they cannot be one person: {}", cause.as_str()))?;
    }
    let seed: [&[u8]; 2] = [event.event.id.as_bytes(), b"group"];
    let id = PersonId::from_uuid(derived_uuid(event.event.received_at, &seed));
    let group = groups::join(memory, first, second, id, event.event.received_at);
    Ok(Deed { person: group, other: Some(if group == second { first } else { second }) })
}

fn link(memory: &mut Memory, event: &Event, target: PersonId, action: &Action) -> Result<Deed, Refusal> {
    let identity = action.verb.identity().cloned().ok_or("the action names no identity")?;
    let root = memory.root_of(target);
    if let Some(owner) = memory.owners.get(&identity).copied() {
        let state = link_of(memory, owner, &identity).map(|link| link.state);
        if memory.root_of(owner) == root && state != Some(LinkState::Invalid) {
            return Err("it is theirs already".to_owned());
        }
        if memory.root_of(owner) != root && state.is_some_and(|state| state != LinkState::Invalid) {
            return Err(format!("it belongs to {owner}: join the two, or find that link invalid first"));
        }
    }
    let links = memory.people.get(&root).map(|known| known.links.as_slice()).unwrap_or_default();
    may_have(links, &identity).map_err(|cause| format!("they cannot have it: {}", cause.as_str()))?;
    let leaf = memory.leaf_of(target);
    let now = event.event.received_at;
    let link = Link {
        identity,
        state: LinkState::Verified,
        source: "staff".to_owned(),
        confidence: CONFIDENCE,
        reason: Some(action.reason.clone()),
        changed_by: Some(action.actor.clone()),
        changed_at: now,
        first_position: event.position,
        created_at: now,
    };
    memory.put_link(leaf, link);
    Ok(Deed { person: target, other: None })
}

fn change(memory: &mut Memory, event: &Event, target: PersonId, action: &Action) -> Result<Deed, Refusal> {
    let identity = action.verb.identity().ok_or("the action names no identity")?;
    let state = action.verb.kind().state().ok_or("the action changes no link")?;
    let owner = memory.owners.get(identity).copied();
    let owner = owner.filter(|owner| memory.root_of(*owner) == memory.root_of(target));
    let owner = owner.ok_or_else(|| format!("{identity} is not theirs"))?;
    let link = link_of(memory, owner, identity).cloned().ok_or_else(|| format!("{identity} is not theirs"))?;
    let confidence = match action.verb.kind() {
        ActionKind::Confirm => CONFIDENCE,
        ActionKind::Invalidate => 0.0,
        _ => link.confidence,
    };
    let link = Link {
        state,
        confidence,
        reason: Some(action.reason.clone()),
        changed_by: Some(action.actor.clone()),
        changed_at: event.event.received_at,
        ..link
    };
    memory.put_link(owner, link);
    Ok(Deed { person: target, other: (owner != target).then_some(owner) })
}

fn link_of<'m>(memory: &'m Memory, owner: PersonId, identity: &guanxi_domain::identity::Identity) -> Option<&'m Link> {
    memory.people.get(&owner)?.links.iter().find(|link| link.identity == *identity)
}
