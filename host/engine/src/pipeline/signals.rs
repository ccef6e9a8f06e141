//! What channels tell of people: followers, mood and the like. Each source's latest word about each kind counts until it
//! expires; a group has the latest words about all of its leaves.

use std::collections::BTreeMap;

use guanxi_domain::event::Event;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Signal;
use guanxi_domain::signals::{SIGNALS_MAX, read};

use super::memory::{Known, Memory};

/// Keeps the signals that an event carries.
pub(crate) fn learn(memory: &mut Memory, leaf: PersonId, event: &Event) {
    let body = &event.event.body;
    let source = body.channel.as_deref().unwrap_or("api");
    for signal in read(&body.traits, source, event.event.occurred_at).unwrap_or_default() {
        let Some(known) = memory.people.get(&leaf) else { return };
        let old = known.signals.iter().find(|old| old.kind == signal.kind && old.source == signal.source);
        let news = match old {
            Some(old) => old.observed_at <= signal.observed_at,
            None => known.signals.len() < SIGNALS_MAX,
        };
        if news {
            memory.put_signal(leaf, signal);
        }
    }
}

/// Gives a group the signals of its leaves.
pub(crate) fn combine(memory: &mut Memory, group: PersonId) {
    let Some(known) = memory.people.get(&group) else { return };
    let leaves: Vec<&Known> = known.leaves.iter().filter_map(|leaf| memory.people.get(leaf)).collect();
    let signals = together(&leaves);
    let same = |old: &Signal, new: &Signal| old.kind == new.kind && old.source == new.source;
    let gone: Vec<(String, String)> = known
        .signals
        .iter()
        .filter(|old| !signals.iter().any(|new| same(old, new)))
        .map(|old| (old.kind.clone(), old.source.clone()))
        .collect();
    let fresh: Vec<Signal> = signals.into_iter().filter(|new| !known.signals.contains(new)).collect();
    for (kind, source) in gone {
        memory.remove_signal(group, &kind, &source);
    }
    for signal in fresh {
        memory.put_signal(group, signal);
    }
}

fn together(leaves: &[&Known]) -> Vec<Signal> {
    let mut latest: BTreeMap<(&str, &str), (PersonId, &Signal)> = BTreeMap::new();
    for leaf in leaves {
        for signal in &leaf.signals {
            let key = (signal.kind.as_str(), signal.source.as_str());
            let said = (signal.observed_at, leaf.person.id);
            if latest.get(&key).is_none_or(|(whose, old)| (old.observed_at, *whose) < said) {
                latest.insert(key, (leaf.person.id, signal));
            }
        }
    }
    latest.into_values().map(|(_, signal)| signal.clone()).collect()
}
