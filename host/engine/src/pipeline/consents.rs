//! What people say about the use of their data: of several words on one purpose the latest counts, whichever came in
//! first. A group stands by the latest word of anybody in it.

use std::collections::BTreeMap;

use guanxi_app::AppError;
use guanxi_domain::consent;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Consent;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{ConsentRow, Work};

use super::memory::{Changes, Known, Memory};

/// The most purposes on which a person's words are kept; words on others are not.
const PURPOSES_MAX: usize = 200;

/// Notes a word of a person who is no group, unless a later one on the same purpose is known.
pub(crate) fn note(memory: &mut Memory, leaf: PersonId, word: &Consent, position: i64) {
    let Some(known) = memory.people.get(&leaf) else { return };
    let news = match known.consents.iter().find(|old| old.purpose == word.purpose) {
        Some(old) => consent::overrides(word, old),
        None => known.consents.len() < PURPOSES_MAX,
    };
    if news {
        put(memory, leaf, word.clone(), position);
    }
}

/// Gives a group the words of its leaves.
pub(crate) fn combine(memory: &mut Memory, group: PersonId) {
    let Some(known) = memory.people.get(&group) else { return };
    let leaves = known.leaves.iter().filter_map(|leaf| memory.people.get(leaf));
    let mut latest: BTreeMap<&str, &Consent> = BTreeMap::new();
    for word in leaves.flat_map(|leaf| &leaf.consents) {
        let kept = latest.entry(&word.purpose).or_insert(word);
        if consent::overrides(word, kept) {
            *kept = word;
        }
    }
    let gone: Vec<String> = known
        .consents
        .iter()
        .map(|old| &old.purpose)
        .filter(|old| !latest.contains_key(old.as_str()))
        .cloned()
        .collect();
    let fresh: Vec<Consent> = latest.into_values().filter(|new| !known.consents.contains(new)).cloned().collect();
    if let Some(known) = memory.people.get_mut(&group) {
        known.consents.retain(|old| !gone.contains(&old.purpose));
    }
    for purpose in gone {
        memory.changes.consents.insert((group, purpose), None);
    }
    for word in fresh {
        put(memory, group, word, 0);
    }
}

/// Writes what changed.
pub(crate) async fn write(work: &mut Work, tenant: TenantId, changes: &Changes) -> Result<(), AppError> {
    let rows: Vec<ConsentRow> = changes.consents.values().flatten().cloned().collect();
    let gone = changes.consents.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key.clone());
    work.put_consents(tenant, &rows).await?;
    Ok(work.remove_consents(tenant, &gone.collect::<Vec<_>>()).await?)
}

/// About how many bytes a person's words take.
pub(crate) fn weight(known: &Known) -> usize {
    known.consents.iter().map(|word| 160 + word.purpose.len() + word.evidence.len() + word.source.len()).sum()
}

fn put(memory: &mut Memory, person: PersonId, word: Consent, position: i64) {
    let Some(known) = memory.people.get_mut(&person) else { return };
    known.consents.retain(|old| old.purpose != word.purpose);
    known.consents.push(word.clone());
    known.consents.sort_by(|a, b| a.purpose.cmp(&b.purpose));
    let key = (person, word.purpose.clone());
    memory.changes.consents.insert(key, Some(ConsentRow { person, consent: word, position }));
}
