//! People who were joined: a group shows what its leaves have together. Leaves keep what is theirs, so that parting
//! them gives back what there was; a group is only ever computed from them.

use std::collections::{BTreeMap, HashMap};

use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, HeldTag, Link, Membership, Person, Touch};

use super::memory::{Known, Memory};
use super::{consents, signals};

/// Brings the groups around a leaf in line with it after it changed.
pub(crate) fn refresh(memory: &mut Memory, leaf: PersonId) {
    let root = memory.root_of(leaf);
    if root != leaf {
        combine(memory, root);
    }
}

/// Computes a group from its leaves.
fn combine(memory: &mut Memory, group: PersonId) {
    let Some(known) = memory.people.get(&group) else { return };
    let leaves: Vec<&Known> = known.leaves.iter().filter_map(|leaf| memory.people.get(leaf)).collect();
    let person = together(&known.person, &leaves);
    let mut links: Vec<Link> = leaves.iter().flat_map(|leaf| leaf.links.iter().cloned()).collect();
    Link::sort(&mut links);
    let tags = tags(&leaves);
    let gone: Vec<(String, String)> = known
        .tags
        .iter()
        .filter(|old| !tags.iter().any(|new| new.tag.dimension == old.tag.dimension && new.tag.name == old.tag.name))
        .map(|old| (old.tag.dimension.clone(), old.tag.name.clone()))
        .collect();
    let fresh: Vec<HeldTag> = tags.iter().filter(|new| !known.tags.contains(new)).cloned().collect();
    for (dimension, name) in gone {
        memory.remove_tag(group, &dimension, &name);
    }
    for held in fresh {
        memory.put_tag(group, held);
    }
    signals::combine(memory, group);
    consents::combine(memory, group);
    if let Some(known) = memory.touch(group) {
        known.person = person;
        known.links = links;
        known.sort();
    }
}

/// The group's own id, number and place, and everything else from its leaves: totals are summed, of anything else the
/// latest word counts.
fn together(group: &Person, leaves: &[&Known]) -> Person {
    let mut person = Person::new(group.id, group.created_at);
    person.number = group.number;
    person.membership = group.membership;
    let mut facts = Facts::default();
    let mut latest: BTreeMap<&str, (Millis, PersonId)> = BTreeMap::new();
    for Person { id, facts: own, provenance, .. } in leaves.iter().map(|leaf| &leaf.person) {
        facts.event_count += own.event_count;
        facts.order_count += own.order_count;
        facts.revenue += own.revenue;
        facts.first_seen = earlier(facts.first_seen, own.first_seen);
        facts.last_seen = facts.last_seen.max(own.last_seen);
        facts.last_order_at = facts.last_order_at.max(own.last_order_at);
        for (name, provenance) in provenance {
            let said = (provenance.at, *id);
            let last = latest.entry(name).or_insert(said);
            *last = said.max(*last);
        }
    }
    person.facts = facts;
    for leaf in leaves.iter().map(|leaf| &leaf.person) {
        person.stage = person.stage.max(leaf.stage);
        person.roles.extend(leaf.roles.iter().copied());
        person.updated_at = person.updated_at.max(leaf.updated_at);
        person.created_at = person.created_at.min(leaf.created_at);
        person.first_touch =
            [person.first_touch.take(), leaf.first_touch.clone()].into_iter().flatten().min_by(by_time);
        person.last_touch = [person.last_touch.take(), leaf.last_touch.clone()].into_iter().flatten().max_by(by_time);
        for (kind, own) in &leaf.activity {
            let all = person.activity.entry(kind.clone()).or_default();
            all.count += own.count;
            all.last = all.last.max(own.last);
        }
        for (name, value) in &leaf.attributes {
            // One without provenance is older than all that have one.
            let said = latest.get(name.as_str());
            if said.is_none_or(|(_, whose)| *whose == leaf.id) {
                person.attributes.insert(name.clone(), value.clone());
            }
        }
        for (name, provenance) in &leaf.provenance {
            let newest = latest.get(name.as_str()).is_some_and(|(_, whose)| *whose == leaf.id);
            if newest && leaf.attributes.contains_key(name) {
                person.provenance.insert(name.clone(), provenance.clone());
            }
        }
    }
    person.roles.sort_unstable();
    person.roles.dedup();
    person
}

fn by_time(a: &Touch, b: &Touch) -> std::cmp::Ordering {
    a.at.cmp(&b.at)
}

/// The earlier of two times of which 0 is none.
fn earlier(a: Millis, b: Millis) -> Millis {
    match (a, b) {
        (0, other) | (other, 0) => other,
        _ => a.min(b),
    }
}

/// Each tag as it was last put on or taken off by anybody; those taken off are left out.
fn tags(leaves: &[&Known]) -> Vec<HeldTag> {
    let mut latest: BTreeMap<(&str, &str), (PersonId, &HeldTag)> = BTreeMap::new();
    for leaf in leaves {
        for held in &leaf.tags {
            let key = (held.tag.dimension.as_str(), held.tag.name.as_str());
            let newer = latest.get(&key).is_none_or(|(whose, old)| (old.at, *whose) < (held.at, leaf.person.id));
            if newer {
                latest.insert(key, (leaf.person.id, held));
            }
        }
    }
    latest.into_values().map(|(_, held)| held).filter(|held| held.tag.weight > 0.0).cloned().collect()
}

/// Joins two people who stand alone or are groups; returns who stands for both from now on. `id` is given to the group
/// should one have to be made.
pub(crate) fn join(memory: &mut Memory, first: PersonId, second: PersonId, id: PersonId, now: Millis) -> PersonId {
    let is_group = |memory: &Memory, id| memory.people.get(&id).is_some_and(|known| known.person.membership.is_group);
    let root = match (is_group(memory, first), is_group(memory, second)) {
        (true, _) => first,
        (false, true) => second,
        (false, false) => {
            let mut group = Person::new(id, now);
            group.membership = Membership { is_group: true, ..Membership::default() };
            memory.add(group);
            id
        }
    };
    for part in [first, second].into_iter().filter(|part| *part != root) {
        if let Some(known) = memory.touch(part) {
            known.person.membership.merged_into = Some(root);
        }
        memory.changes.inherited.push((part, root));
        memory.changes.restructured.insert(part);
    }
    settle(memory, root);
    memory.changes.restructured.insert(root);
    root
}

/// Parts a person or group from the group around it; `None` if it stands alone.
pub(crate) fn part(memory: &mut Memory, id: PersonId) -> Option<PersonId> {
    let around = memory.people.get(&id)?.person.membership.merged_into?;
    let root = memory.root_of(id);
    memory.touch(id)?.person.membership.merged_into = None;
    let mut rest = children(memory, around);
    if rest.len() == 1
        && let Some(last) = rest.pop()
    {
        let above = memory.people.get(&around).and_then(|known| known.person.membership.merged_into);
        memory.touch(last)?.person.membership.merged_into = above;
        memory.people.remove(&around);
        memory.changes.touched.remove(&around);
        memory.changes.restructured.remove(&around);
        memory.changes.dissolved.push(around);
        memory.changes.tags.retain(|(person, ..), _| *person != around);
        memory.changes.consents.retain(|(person, _), _| *person != around);
        memory.changes.signals.retain(|(person, ..), _| *person != around);
        if around == root {
            settle(memory, last);
            forget_absences(memory, last);
            memory.changes.restructured.insert(last);
        }
    }
    settle(memory, id);
    forget_absences(memory, id);
    memory.changes.restructured.insert(id);
    if memory.people.contains_key(&root) {
        settle(memory, root);
        memory.changes.restructured.insert(root);
    }
    Some(root)
}

/// Who stands alone again needs no note of the tags that they do not have.
fn forget_absences(memory: &mut Memory, id: PersonId) {
    let Some(known) = memory.people.get(&id).filter(|known| !known.person.membership.is_group) else { return };
    let gone = known.tags.iter().filter(|held| held.tag.weight == 0.0);
    let gone: Vec<(String, String)> = gone.map(|held| (held.tag.dimension.clone(), held.tag.name.clone())).collect();
    for (dimension, name) in gone {
        memory.remove_tag(id, &dimension, &name);
    }
}

fn children(memory: &Memory, group: PersonId) -> Vec<PersonId> {
    let inside = |known: &&Known| known.person.membership.merged_into == Some(group);
    let mut children: Vec<PersonId> = memory.people.values().filter(inside).map(|known| known.person.id).collect();
    children.sort_unstable();
    children
}

/// Makes `root` the outermost of everybody inside it, and computes it if it is a group.
fn settle(memory: &mut Memory, root: PersonId) {
    let mut leaves = Vec::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let inside = children(memory, id);
        let Some(known) = memory.people.get(&id) else { continue };
        if !known.person.membership.is_group {
            leaves.push(id);
        }
        let outermost = (id != root).then_some(root);
        if known.person.membership.root != outermost
            && let Some(known) = memory.touch(id)
        {
            known.person.membership.root = outermost;
        }
        open.extend(inside);
    }
    leaves.sort_unstable();
    if let Some(known) = memory.people.get_mut(&root).filter(|known| known.person.membership.is_group) {
        known.leaves = leaves;
        combine(memory, root);
    }
}

/// Tells every group which leaves it has, after people were read.
pub(crate) fn know_leaves(people: &mut HashMap<PersonId, Known>) {
    let mut inside: HashMap<PersonId, Vec<PersonId>> = HashMap::new();
    for known in people.values().filter(|known| !known.person.membership.is_group) {
        let mut around = known.person.membership.merged_into;
        // Groups are few levels deep; the bound only keeps a broken row from going round in circles.
        for _ in 0..guanxi_domain::linking::LEAVES_MAX {
            let Some(group) = around else { break };
            inside.entry(group).or_default().push(known.person.id);
            around = people.get(&group).and_then(|known| known.person.membership.merged_into);
        }
    }
    for (group, mut leaves) in inside {
        if let Some(known) = people.get_mut(&group) {
            leaves.sort_unstable();
            known.leaves = leaves;
        }
    }
}
