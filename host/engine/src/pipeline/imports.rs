//! Rows of an import: each finds or makes its person and adds what it says. Campaigns do not see it, and it stands on no
//! timeline: an old record that is taken over is nothing that somebody did.

use std::collections::HashSet;
use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::event::{Event, EventBody, IMPORT};
use guanxi_domain::ids::PersonId;
use guanxi_domain::import::{RowOutcome, RowResult};
use guanxi_domain::person::{Consent, HeldTag, Person, Tag};
use guanxi_import::{Chunk, ChunkRow, PersonRecord};
use guanxi_store::ImportOutcomes;
use serde::Deserialize;

use super::bulk::Part;
use super::memory::Memory;
use super::people::{self, Naming, Subject};
use super::rounds::{Item, Mind};
use super::{consents, facts, tags};

/// A row with what is needed to carry it out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    record: PersonRecord,
    /// Its place among the outcomes of the batch.
    outcome: usize,
    /// `import:imp_…`
    source: Arc<str>,
    evidence: Arc<str>,
    at: Millis,
    position: i64,
}

/// The rows of an event, each with its person; what became of each is noted as far as it is known yet.
pub(crate) fn items(memory: &mut Memory, event: &Arc<Event>) -> Result<Vec<Item>, String> {
    let chunk = match memory.chunk.take() {
        Some(chunk) => chunk,
        None => read(&event.event.body)?,
    };
    let source: Arc<str> = format!("import:{}", chunk.import).into();
    let evidence: Arc<str> = chunk.evidence.as_deref().unwrap_or(&source).into();
    let (import, first_row, verified) = (chunk.import, chunk.first_row, chunk.verified);
    let mut outcomes = ImportOutcomes { import, first_row, rows: Vec::with_capacity(chunk.rows.len()) };
    let mut items = Vec::with_capacity(chunk.rows.len());
    for row in chunk.rows {
        let ChunkRow { n, person, refused } = row;
        let Some(record) = person else {
            let why = refused.map(|refusal| refusal.to_string()).unwrap_or_default();
            outcomes.rows.push(RowOutcome(n, RowResult::Refused, String::new(), why));
            continue;
        };
        let (outcome, leaf) = resolve(memory, event, &record, n, &source, verified);
        outcomes.rows.push(outcome);
        let Some(leaf) = leaf else { continue };
        let row = Row {
            record,
            outcome: outcomes.rows.len() - 1,
            source: Arc::clone(&source),
            evidence: Arc::clone(&evidence),
            at: event.event.occurred_at,
            position: event.position,
        };
        items.push(Item::new(memory, Arc::clone(event), leaf, Part::Import(Box::new(row))));
    }
    // A later row may have joined people of earlier ones.
    for item in &mut items {
        item.root = memory.root_of(item.leaf);
    }
    memory.changes.imported = Some(outcomes);
    Ok(items)
}

fn resolve(
    memory: &mut Memory,
    event: &Event,
    record: &PersonRecord,
    row: u64,
    source: &str,
    vouched: bool,
) -> (RowOutcome, Option<PersonId>) {
    let before = (memory.numbered, memory.changes.conflicts.len(), memory.changes.links.len());
    let naming = Naming {
        identities: &record.identities,
        vouched,
        heard: false,
        source,
        position: event.position,
        now: event.event.received_at,
        seed: &[event.event.id.as_bytes(), &row.to_be_bytes()],
    };
    // Nobody is busy: what a row joins is seen by every row after it.
    let leaf = match people::name(memory, &naming, &HashSet::new()) {
        Ok(Subject::Person(leaf)) => leaf,
        Ok(Subject::Later | Subject::Nobody) => return refused(row, "the row is about nobody"),
        Err(why) => return refused(row, &why),
    };
    let conflicts = memory.changes.conflicts.get(before.1..).unwrap_or_default();
    let mut why: Vec<String> = conflicts
        .iter()
        .map(|conflict| format!("{} belongs to {}: {}", conflict.identity, conflict.person, conflict.cause.as_str()))
        .collect();
    let result = match () {
        () if !conflicts.is_empty() => RowResult::Conflicting,
        () if memory.numbered > before.0 => RowResult::New,
        () if memory.changes.links.len() > before.2 => RowResult::Recognised,
        () => RowResult::Unchanged,
    };
    why.extend(record.notes.iter().cloned());
    (RowOutcome(row, result, leaf.to_string(), why.join("; ")), Some(leaf))
}

fn refused(row: u64, why: &str) -> (RowOutcome, Option<PersonId>) {
    (RowOutcome(row, RowResult::Refused, String::new(), why.to_owned()), None)
}

/// Adds what a row says to its person.
pub(crate) fn apply(memory: &mut Memory, mind: &Mind, leaf: PersonId, row: &Row) {
    let mut changed = learn(memory, leaf, row);
    for entry in &row.record.tags {
        let held = memory.people.get(&leaf).map(|known| known.tags.as_slice()).unwrap_or_default();
        let same = |held: &HeldTag| held.tag.dimension == entry.0 && held.tag.name == entry.1;
        // What was put there or taken away later than the import began stays.
        let stands = held.iter().any(|held| same(held) && (held.tag.weight > 0.0 || held.at > row.at));
        if !stands {
            let tag = Tag { dimension: entry.0.clone(), name: entry.1.clone(), weight: 1.0 };
            tags::put(memory, mind, leaf, tag, &row.source, row.at);
            changed = true;
        }
    }
    for entry in &row.record.consents {
        let word = Consent {
            purpose: entry.purpose.clone(),
            granted: entry.granted,
            evidence: row.evidence.to_string(),
            source: row.source.to_string(),
            at: entry.at.unwrap_or(row.at),
            expires_at: None,
        };
        let known = memory.people.get(&leaf).map(|known| known.consents.as_slice()).unwrap_or_default();
        let said =
            known.iter().any(|old| old.purpose == word.purpose && old.granted == word.granted && old.at >= word.at);
        if !said {
            consents::note(memory, leaf, &word, row.position);
            changed = true;
        }
    }
    let outcomes = memory.changes.imported.as_mut();
    let outcome = outcomes.and_then(|outcomes| outcomes.rows.get_mut(row.outcome));
    if let Some(outcome) = outcome.filter(|outcome| changed && outcome.1 == RowResult::Unchanged) {
        outcome.1 = RowResult::Recognised;
    }
}

/// Attributes, stage and roles; whether any of them changed.
fn learn(memory: &mut Memory, leaf: PersonId, row: &Row) -> bool {
    let Some(known) = memory.people.get_mut(&leaf) else { return false };
    let person = &mut known.person;
    let record = &row.record;
    let fresh =
        |person: &Person| record.attributes.iter().any(|(name, value)| person.attributes.get(name) != Some(value));
    let mut changed = fresh(person) && facts::learn(person, &record.attributes, row.at, &row.source);
    if let Some(stage) = record.stage.filter(|stage| *stage > person.stage) {
        person.stage = stage;
        changed = true;
    }
    for role in &record.roles {
        if !person.roles.contains(role) {
            person.roles.push(*role);
            person.roles.sort_unstable();
            changed = true;
        }
    }
    if changed {
        person.updated_at = person.updated_at.max(row.at);
        memory.changes.touched.insert(leaf);
    }
    changed
}

/// The rows of an event that cannot be processed: all of them are refused, so that the import still comes to its end.
pub(crate) fn buried(event: &Event, reason: &str) -> Option<ImportOutcomes> {
    if event.event.kind != IMPORT {
        return None;
    }
    let chunk = read(&event.event.body).ok()?;
    let refused = |row: &ChunkRow| RowOutcome(row.n, RowResult::Refused, String::new(), reason.to_owned());
    let rows = chunk.rows.iter().map(refused).collect();
    Some(ImportOutcomes { import: chunk.import, first_row: chunk.first_row, rows })
}

/// The rows of an event.
pub(crate) fn read(body: &EventBody) -> Result<Chunk, String> {
    Chunk::deserialize(&body.properties).map_err(|error| format!("the rows cannot be read: {error}"))
}
